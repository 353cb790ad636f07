"""The line below each crop: name and margin stand side by side and never one over the other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication

from app.states.review_queue import ITEM_ROLE, QueueItem
from app.views.review.crop_cell import caption_parts
from tests.app.review.street import Desk


def item_of(desk: Desk) -> QueueItem:
    """The first item of the queue, once it was read."""
    index = desk.view.queue.grid.model().index(0, 0)
    desk.until(lambda: index.data(ITEM_ROLE) is not None)
    item = index.data(ITEM_ROLE)
    assert isinstance(item, QueueItem)
    return item


@pytest.mark.parametrize("width", [70, 110, 126, 140, 300])
@pytest.mark.parametrize("points", [8, 11])
def test_name_and_margin_share_the_width(qapp: QApplication, desk: Desk, width: int, points: int) -> None:
    font = QFont(qapp.font())
    font.setPointSize(points)
    metrics = QFontMetrics(font)
    item = replace(item_of(desk), category="person", id=1070, margin=0.066)
    name, margin = caption_parts(metrics, item, width)
    assert metrics.horizontalAdvance(name) + metrics.horizontalAdvance(margin) <= width
    assert name.endswith(" 1070")
    if width == 300:
        assert (name, margin) == ("person 1070", "+0.066")


def test_the_tooltip_says_what_the_signed_number_is(desk: Desk) -> None:
    item_of(desk)
    told = desk.view.queue.grid.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Margin +0.050: how far from the threshold" in told
    assert "minus is occluded" in told
