"""A keypoint's tag looks the same in 3D and on the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.states.scene import ScenePoints
from app.views.canvas.keypoint_marks import draw_mark
from app.views.viewport.marks import MarkShape
from app.views.viewport.scene_lines import point_marks
from core.records.shapes import KeypointTag

RADIUS = 40.0


def painted_shape(tag: KeypointTag) -> MarkShape:
    """What the canvas paints, by what it covers: the corners, and half way to them."""
    image = QImage(160, 160, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    draw_mark(painter, QPointF(80.0, 80.0), RADIUS, tag)
    painter.end()

    def covered(right: float, down: float) -> bool:
        return image.pixelColor(round(80 + right * RADIUS), round(80 + down * RADIUS)).alpha() > 0

    if covered(0.8, 0.8):
        return MarkShape.SQUARE if covered(0.8, -0.8) else MarkShape.TRIANGLE
    return MarkShape.DISC if covered(0.68, 0.68) else MarkShape.DIAMOND


@pytest.mark.parametrize("tag", [tag for tag in KeypointTag if tag is not KeypointTag.UNLABELLED])
def test_a_tag_has_one_shape_in_both_views(qapp: QApplication, tag: KeypointTag) -> None:
    place = np.zeros((1, 3))
    [_, mark] = point_marks(ScenePoints(place, place, (tag,), (False,)))
    assert mark.shape is painted_shape(tag)
