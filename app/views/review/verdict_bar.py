"""The verdicts as buttons with their keys: for the mouse, and to learn the keys from."""

from __future__ import annotations

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QWidget

from app.states.review_marks import LabelMark, MarkShape
from app.views.action_bar import ActionBar, drawn_icon
from app.views.canvas.badges import draw_badge

_BUTTONS = (
    ("review.unoccluded", "Unoccluded", MarkShape.UNOCCLUDED),
    ("review.occluded", "Occluded", MarkShape.OCCLUDED),
    ("review.wrong_detection", "Wrong detection", MarkShape.REJECTED),
    ("review.bad_picture", "Bad picture", MarkShape.REJECTED),
    ("review.clear", "Clear", None),
)


class VerdictBar(ActionBar):
    """One button for each verdict."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for action_id, title, shape in _BUTTONS:
            self.add_wish(action_id, title, None if shape is None else _icon(LabelMark(shape, True)))


def _icon(mark: LabelMark) -> QIcon:
    return drawn_icon(lambda painter, place: draw_badge(painter, place, 16, mark))
