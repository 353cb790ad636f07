"""The tags as buttons with their keys: what a click places, and to learn the keys from."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.views.canvas.keypoint_marks import draw_mark
from app.views.flow import FlowLayout
from app.views.text import ElidedLabel, frame
from core.records.shapes import KeypointTag

_TAGS = (
    ("keypoints.visible", "Visible", KeypointTag.VISIBLE),
    ("keypoints.self_occluded", "Self-occluded", KeypointTag.SELF_OCCLUDED),
    ("keypoints.other_occluded", "Other-occluded", KeypointTag.OTHER_OCCLUDED),
    ("keypoints.truncated", "Truncated", KeypointTag.TRUNCATED),
)
_VERBS = (("keypoints.accept", "Accept"), ("keypoints.next", "Next car"))


class TagBar(QWidget):
    """One button for each tag, and for what comes after the points.

    Signals:
        tag_chosen(KeypointTag): what the current point is, or what the next click places.
        wanted(str): the id of an action.
    """

    tag_chosen = Signal(object)
    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
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
        for action_id, title, tag in _TAGS:
            button = _button(title)
            button.setCheckable(True)
            button.setIcon(_icon(tag))
            button.clicked.connect(lambda _=False, wish=tag: self.tag_chosen.emit(wish))
            flow.addWidget(button)
            self.buttons[action_id] = button
        for action_id, title in _VERBS:
            button = _button(title)
            button.clicked.connect(lambda _=False, wish=action_id: self.wanted.emit(wish))
            flow.addWidget(button)
            self.buttons[action_id] = button
        self._said = ElidedLabel("", "soft", Qt.TextElideMode.ElideRight)
        self._said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._said.setMinimumWidth(0)
        column.addWidget(self._said)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each button's key (action id -> its first key, for people)."""
        for action_id, title in ((entry[0], entry[1]) for entry in (*_TAGS, *_VERBS)):
            key = keys.get(action_id, "")
            self.buttons[action_id].setText(f"{title}   {key}" if key else title)

    def show_tag(self, tag: KeypointTag) -> None:
        """Marks what the next click places."""
        for action_id, _, mine in _TAGS:
            self.buttons[action_id].setChecked(mine is tag)

    def show_ready(self, ready: bool) -> None:
        """Lifts out the button that accepts, where there is something to accept."""
        button = self.buttons["keypoints.accept"]
        kind = "primary" if ready else "verdict"
        if button.property("kind") != kind:
            button.setProperty("kind", kind)
            button.style().unpolish(button)
            button.style().polish(button)

    def say(self, text: str) -> None:
        """Says what was just done."""
        self._said.set_whole(text)

    @property
    def said(self) -> str:
        """What was said last."""
        return self._said.whole


def _button(title: str) -> QPushButton:
    button = QPushButton(title)
    button.setProperty("kind", "verdict")
    button.setAutoDefault(False)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def _icon(tag: KeypointTag) -> QIcon:
    icon = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(18 * scale, 18 * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        draw_mark(painter, QPointF(9, 9), 5.0, tag)
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        icon.addPixmap(pixmap)
    return icon
