"""Labels differ by shape, not by colour alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from app.states.review_marks import LabelMark, MarkShape
from app.views.canvas.badges import draw_badge, mark_pen

MARKS = [LabelMark(shape, by_person) for shape in MarkShape for by_person in (False, True)]


def without_colour(mark: LabelMark) -> np.ndarray:
    """Where the badge draws something on its backing, in black and white."""
    image = QImage(40, 40, QImage.Format.Format_RGB888)
    image.fill(0)
    painter = QPainter(image)
    draw_badge(painter, QPointF(20, 20), 32, mark)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(40, image.bytesPerLine())[:, :120]
    return rows.reshape(40, 40, 3).max(axis=2) > 100


@pytest.mark.parametrize(("one", "other"), list(combinations(MARKS, 2)))
def test_every_two_labels_differ_in_black_and_white(qtbot: QtBot, one: LabelMark, other: LabelMark) -> None:
    assert np.count_nonzero(without_colour(one) != without_colour(other)) >= 40


def test_every_label_has_a_line_of_its_own(qtbot: QtBot) -> None:
    styles = {mark_pen(LabelMark(shape, False), 1.0).style() for shape in MarkShape}
    assert len(styles) == len(MarkShape)
