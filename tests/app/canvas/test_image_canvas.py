"""The canvas: the right pixel at the right place, zoom to the cursor, clicks and tooltips."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.states.overlay import Overlay, OverlayInstance, OverlayRole
from app.states.review_marks import LabelMark, MarkShape
from app.views.canvas.image_canvas import ImageCanvas
from app.views.canvas.overlay_item import Layers
from app.views.canvas.tone import Tone
from core.geometry.outlines import outline_segments
from core.records.masks import MaskPatch


@pytest.fixture
def canvas(qtbot: QtBot) -> ImageCanvas:
    made = ImageCanvas()
    qtbot.addWidget(made)
    made.resize(640, 480)
    made.show()
    qtbot.waitExposed(made)
    return made


def chequered() -> np.ndarray:
    """(120, 160, 3) uint8: every pixel says its own place in red and green."""
    rows, columns = np.mgrid[0:120, 0:160]
    return np.dstack([columns, rows, np.full_like(rows, 7)]).astype(np.uint8)


def instance(
    number: int, x: int, y: int, w: int, h: int, role: OverlayRole = OverlayRole.NONE, mask: bool = False
) -> OverlayInstance:
    patch = MaskPatch(x, y, np.ones((h, w), dtype=np.bool_)) if mask else None
    return OverlayInstance(
        number,
        x - 0.5,
        y - 0.5,
        x + w - 0.5,
        y + h - 0.5,
        patch,
        np.zeros((0, 4)) if patch is None else outline_segments(patch),
        LabelMark(MarkShape.OCCLUDED, False),
        f"car {number}",
        f"tip of {number}",
        role,
    )


def shown(canvas: ImageCanvas, x: float, y: float) -> tuple[int, int, int]:
    """The colour on the screen over a point of the picture."""
    QApplication.processEvents()
    image: QImage = canvas.grab().toImage()
    place = canvas.to_widget(x, y).toPoint()
    colour = QColor(image.pixel(place))
    return colour.red(), colour.green(), colour.blue()


def test_the_first_pixels_centre_is_the_origin(canvas: ImageCanvas) -> None:
    canvas.set_image(chequered())
    canvas.zoom_to_box(-0.5, -0.5, 7.5, 7.5, margin=0.0)
    canvas.zoom_by(9.0)  # sharp pixels
    canvas.centre_on(0.0, 0.0)
    scale = canvas.screen_scale
    assert scale > 6
    assert shown(canvas, 0.0, 0.0) == (0, 0, 7)
    assert shown(canvas, 0.4, -0.4) == (0, 0, 7)
    assert shown(canvas, 1.0, 2.0) == (1, 2, 7)
    assert shown(canvas, 0.6, 1.4) == (1, 1, 7)
    assert shown(canvas, -0.6, 0.0)[2] != 7  # beside the picture


def test_widget_and_picture_points_match_both_ways(canvas: ImageCanvas) -> None:
    canvas.set_image(chequered())
    for x, y in ((0.0, 0.0), (159.0, 119.0), (80.0, 33.0)):
        back = canvas.to_image(canvas.to_widget(x, y))
        assert back.x() == pytest.approx(x, abs=1 / canvas.screen_scale)
        assert back.y() == pytest.approx(y, abs=1 / canvas.screen_scale)


def test_fitting_shows_all_of_it_also_after_a_resize(canvas: ImageCanvas, qtbot: QtBot) -> None:
    canvas.set_image(chequered())
    canvas.resize(300, 700)
    QApplication.processEvents()
    seen = canvas.view_rect()
    assert seen.left() <= -0.5
    assert seen.right() >= 159.5
    assert seen.center().y() == pytest.approx(59.5, abs=0.01)
    assert seen.width() == pytest.approx(160 * 1.02, rel=0.01)


def test_the_wheel_zooms_to_the_cursor(canvas: ImageCanvas) -> None:
    canvas.set_image(chequered())
    place = canvas.to_widget(40.0, 30.0)
    before = canvas.to_image(place)
    scale = canvas.screen_scale
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place.toPoint()).toPointF(),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), event)
    assert canvas.screen_scale > 1.2 * scale
    after = canvas.to_image(place)
    assert (after.x(), after.y()) == (pytest.approx(before.x(), abs=0.5), pytest.approx(before.y(), abs=0.5))
    assert not canvas.fitted


def test_actual_size_is_one_screen_pixel_each(canvas: ImageCanvas) -> None:
    canvas.set_image(chequered())
    canvas.show_actual_size()
    assert canvas.screen_scale == pytest.approx(1.0, abs=1e-6)


def test_another_picture_of_the_same_size_keeps_the_view(canvas: ImageCanvas) -> None:
    canvas.set_image(chequered())
    canvas.zoom_to_box(20, 20, 90, 90)
    seen = canvas.view_rect()
    canvas.set_image(chequered()[::-1])
    assert canvas.view_rect() == seen
    canvas.set_image(np.zeros((50, 60, 3), dtype=np.uint8))
    assert canvas.fitted


def test_a_click_selects_and_a_second_goes_to_what_lies_beneath(canvas: ImageCanvas, qtbot: QtBot) -> None:
    canvas.set_image(chequered())
    canvas.set_overlay(Overlay((instance(5, 20, 20, 100, 80), instance(6, 50, 40, 20, 20))))
    clicked: list[tuple[int, bool]] = []
    canvas.instance_clicked.connect(lambda number, held: clicked.append((number, held)))
    ground: list[tuple[float, float]] = []
    canvas.ground_clicked.connect(lambda x, y: ground.append((x, y)))
    place = canvas.to_widget(60, 50).toPoint()
    left, held = Qt.MouseButton.LeftButton, Qt.KeyboardModifier
    qtbot.mouseClick(canvas.viewport(), left, pos=place)
    qtbot.wait(QApplication.doubleClickInterval() + 20)
    qtbot.mouseClick(canvas.viewport(), left, held.ControlModifier, pos=place)
    qtbot.wait(QApplication.doubleClickInterval() + 20)
    assert clicked == [(6, False), (5, True)]
    qtbot.mouseClick(canvas.viewport(), left, pos=canvas.to_widget(5, 110).toPoint())
    assert ground == [(pytest.approx(5, abs=1), pytest.approx(110, abs=1))]


def test_hovering_tells_what_is_there(canvas: ImageCanvas, qtbot: QtBot) -> None:
    canvas.set_image(chequered())
    canvas.set_overlay(Overlay((instance(5, 20, 20, 100, 80), instance(6, 50, 40, 20, 20, mask=True))))
    heard: list[int | None] = []
    canvas.hovered.connect(heard.append)
    for x, y, tip in ((5, 5, ""), (30, 30, "tip of 5"), (60, 50, "tip of 6"), (155, 5, "")):
        qtbot.mouseMove(canvas.viewport(), canvas.to_widget(x, y).toPoint())
        qtbot.waitUntil(lambda expected=tip: canvas.viewport().toolTip() == expected, timeout=2000)
    assert heard == [5, 6, None]


def test_the_selected_objects_own_pixels_are_not_tinted(canvas: ImageCanvas) -> None:
    canvas.set_image(chequered())
    there = instance(6, 50, 40, 40, 40, OverlayRole.SELECTED, mask=True)
    canvas.set_overlay(Overlay((there,), np.array([[10.0, 60.0], [140.0, 60.0]])))
    assert shown(canvas, 70, 60) == (pytest.approx(70, abs=2), pytest.approx(60, abs=2), 7)
    occluder = instance(6, 50, 40, 40, 40, OverlayRole.OCCLUDER, mask=True)
    canvas.set_overlay(Overlay((occluder,)))
    assert shown(canvas, 70, 60)[0] > 100


def test_layers_can_be_left_out(canvas: ImageCanvas) -> None:
    canvas.set_image(chequered())
    canvas.set_overlay(Overlay((instance(6, 50, 40, 40, 40, mask=True),)))
    tinted = shown(canvas, 70, 60)
    canvas.set_layers(Layers(masks=False))
    assert shown(canvas, 70, 60) != tinted
    assert shown(canvas, 70, 60) == (pytest.approx(70, abs=2), pytest.approx(60, abs=2), 7)


def test_a_tone_is_shown_and_the_next_picture_gets_it_too(canvas: ImageCanvas) -> None:
    grey = np.full((120, 160, 3), 64, dtype=np.uint8)
    canvas.set_image(grey)
    canvas.set_tone(Tone(gamma=2.0))
    assert shown(canvas, 80, 60) == (128, 128, 128)
    canvas.set_image(grey.copy())
    assert shown(canvas, 80, 60) == (128, 128, 128)
    assert int(grey[0, 0, 0]) == 64


def test_a_message_stands_where_there_is_no_picture(canvas: ImageCanvas) -> None:
    canvas.set_extent(160, 120)
    canvas.show_message("The frame cannot be decoded.")
    assert canvas.message == "The frame cannot be decoded."
    canvas.show_message("")
    assert canvas.message == ""
