"""A workspace's actions as buttons with their keys, and a line below that says what was just done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.views.flow import FlowLayout
from app.views.text import ElidedLabel, frame

_ICON_PX = 18


class ActionBar(QWidget):
    """Buttons in a row, in a second one where the first has no room.

    Attributes:
        buttons: action id -> its button.

    Signals:
        wanted(str): the id of an action whose button was pressed.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        bar = frame("panel", self)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(bar)
        column = QVBoxLayout(bar)
        column.setContentsMargins(12, 6, 12, 4)
        column.setSpacing(3)
        places = QWidget()
        self._flow = FlowLayout(places, 6)
        column.addWidget(places)
        self.buttons: dict[str, QPushButton] = {}
        self._titles: dict[str, str] = {}
        self._said = ElidedLabel("", "soft", Qt.TextElideMode.ElideRight)
        self._said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._said.setMinimumWidth(0)
        column.addWidget(self._said)  # on a line of its own: at 1280 px the buttons take all of theirs

    def add(self, action_id: str, title: str, icon: QIcon | None = None) -> QPushButton:
        """A new button at the end; who adds it says what pressing it does."""
        button = QPushButton(title)
        button.setProperty("kind", "verdict")
        button.setAutoDefault(False)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys must keep reaching the workspace
        if icon is not None:
            button.setIcon(icon)
        self._flow.addWidget(button)
        self.buttons[action_id] = button
        self._titles[action_id] = title
        return button

    def add_wish(self, action_id: str, title: str, icon: QIcon | None = None) -> QPushButton:
        """A new button that asks for its action."""
        button = self.add(action_id, title, icon)
        button.clicked.connect(lambda _=False: self.wanted.emit(action_id))
        return button

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each button's key.

        Args:
            keys: action id -> its first key, for people.
        """
        for action_id, title in self._titles.items():
            key = keys.get(action_id, "")
            self.buttons[action_id].setText(f"{title}   {key}" if key else title)

    def say(self, text: str) -> None:
        """Says what was just done."""
        self._said.set_whole(text)

    @property
    def said(self) -> str:
        """What was said last."""
        return self._said.whole


def drawn_icon(draw: Callable[[QPainter, QPointF], None]) -> QIcon:
    """An icon of a mark as the canvas draws it.

    Args:
        draw: draws it around a place; the icon is 18 px wide.
    """
    icon = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(_ICON_PX * scale, _ICON_PX * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        draw(painter, QPointF(_ICON_PX / 2, _ICON_PX / 2))
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        icon.addPixmap(pixmap)
    return icon
