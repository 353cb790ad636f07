"""The tags as buttons with their keys: what a click places, and to learn the keys from."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QIcon

from app.views.action_bar import ActionBar, drawn_icon
from app.views.canvas.keypoint_marks import draw_mark
from core.records.shapes import KeypointTag

_TAGS = (
    ("keypoints.visible", "Visible", KeypointTag.VISIBLE),
    ("keypoints.self_occluded", "Self-occluded", KeypointTag.SELF_OCCLUDED),
    ("keypoints.other_occluded", "Other-occluded", KeypointTag.OTHER_OCCLUDED),
    ("keypoints.truncated", "Truncated", KeypointTag.TRUNCATED),
)
_VERBS = (("keypoints.accept", "Accept"), ("keypoints.next", "Next"))


class TagBar(ActionBar):
    """One button for each tag, and for what comes after the points.

    Signals:
        tag_chosen(KeypointTag): what the current point is, or what the next click places.
    """

    tag_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        for action_id, title, tag in _TAGS:
            button = self.add(action_id, title, _icon(tag))
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, wish=tag: self.tag_chosen.emit(wish))
        for action_id, title in _VERBS:
            self.add_wish(action_id, title)

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


def _icon(tag: KeypointTag) -> QIcon:
    return drawn_icon(lambda painter, place: draw_mark(painter, place, 5.0, tag))
