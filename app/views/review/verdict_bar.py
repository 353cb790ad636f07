"""The verdicts as buttons with their keys: for the mouse, and to learn the keys from."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.states.review_marks import LabelMark, MarkShape
from app.views.canvas.badges import draw_badge
from app.views.flow import FlowLayout
from app.views.text import ElidedLabel, frame

_BUTTONS = (
    ("review.unoccluded", "Unoccluded", MarkShape.UNOCCLUDED),
    ("review.occluded", "Occluded", MarkShape.OCCLUDED),
    ("review.wrong_detection", "Wrong detection", MarkShape.REJECTED),
    ("review.bad_picture", "Bad picture", MarkShape.REJECTED),
    ("review.clear", "Clear", None),
)


class VerdictBar(QWidget):
    """One button for each verdict, in a second row where the first has no room.

    Signals:
        wanted(str): the action's id.
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
        flow = FlowLayout(places, 6)
        column.addWidget(places)
        self.buttons: dict[str, QPushButton] = {}
        for action_id, title, shape in _BUTTONS:
            button = QPushButton(title)
            button.setProperty("kind", "verdict")
            button.setAutoDefault(False)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys must keep reaching the queue
            if shape is not None:
                button.setIcon(_badge_icon(LabelMark(shape, True)))
            button.clicked.connect(lambda _=False, wish=action_id: self.wanted.emit(wish))
            flow.addWidget(button)
            self.buttons[action_id] = button
        self._said = ElidedLabel("", "soft", Qt.TextElideMode.ElideRight)
        self._said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._said.setMinimumWidth(0)
        column.addWidget(self._said)  # on a line of its own: at 1280 px the buttons take all of theirs

    def show_keys(self, keys: dict[str, str]) -> None:
        """Says each verdict's key.

        Args:
            keys: action id -> its first key, for people.
        """
        for action_id, title, _ in _BUTTONS:
            key = keys.get(action_id, "")
            self.buttons[action_id].setText(f"{title}   {key}" if key else title)

    def say(self, text: str) -> None:
        """Says what was just done."""
        self._said.set_whole(text)

    @property
    def said(self) -> str:
        """What was said last."""
        return self._said.whole


def _badge_icon(mark: LabelMark) -> QIcon:
    icon = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(18 * scale, 18 * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.scale(scale, scale)
        draw_badge(painter, QPointF(9, 9), 16, mark)
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        icon.addPixmap(pixmap)
    return icon
