"""The points on the canvas answer the mouse: they are placed, picked, dragged, and the picture is moved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.controllers.keypoint_looks import LOOKS
from app.states.keypoints import DrawnPoint, KeypointsState
from app.views.canvas.image_canvas import ImageCanvas
from app.views.canvas.keypoints_item import KeypointsItem
from core.records.keypoints import Template
from core.records.shapes import KeypointTag

LOOK = LOOKS[Template.CAR]
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


def at(x: float, y: float, tag: KeypointTag = KeypointTag.VISIBLE) -> DrawnPoint:
    return DrawnPoint(x, y, tag)


def state(points: dict[int, DrawnPoint], ghosts: dict[int, DrawnPoint] | None = None) -> KeypointsState:
    return KeypointsState(
        instance_id=7,
        look=LOOK,
        box=(40.0, 40.0, 160.0, 100.0),
        points=tuple(points.get(index) for index in range(12)),
        ghosts=tuple((ghosts or {}).get(index) for index in range(12)),
    )


class Heard:
    """What the item told."""

    def __init__(self, item: KeypointsItem) -> None:
        self.placed: list[tuple[float, float]] = []
        self.picked: list[int] = []
        self.dragged: list[tuple[int, float, float]] = []
        self.dropped = 0
        item.placed.connect(lambda x, y: self.placed.append((x, y)))
        item.picked.connect(self.picked.append)
        item.dragged.connect(lambda index, x, y: self.dragged.append((index, x, y)))
        item.dropped.connect(self._drop)

    def _drop(self) -> None:
        self.dropped += 1


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[ImageCanvas]:
    made = ImageCanvas()
    made.resize(400, 300)
    made.show()
    qtbot.waitExposed(made)
    made.set_image(np.full((150, 200, 3), 90, np.uint8))
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def item(canvas: ImageCanvas) -> KeypointsItem:
    made = KeypointsItem()
    canvas.add_item(made)
    made.set_size(200, 150)
    made.panned.connect(canvas.pan_by)
    return made


def spot(canvas: ImageCanvas, x: float, y: float) -> QPoint:
    return canvas.to_widget(x, y).toPoint()


def test_a_click_beside_every_point_places_one(canvas: ImageCanvas, item: KeypointsItem) -> None:
    heard = Heard(item)
    item.show_state(state({0: at(50, 50)}))
    place = spot(canvas, 120, 80)
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, place)
    assert heard.placed == [pytest.approx(canvas.to_image(QPointF(place)).toTuple())]
    assert not heard.picked


def test_a_click_on_a_point_picks_it_and_moves_nothing(canvas: ImageCanvas, item: KeypointsItem) -> None:
    heard = Heard(item)
    item.show_state(state({3: at(50, 50)}, {4: at(100, 60)}))
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, spot(canvas, 50, 50))
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, spot(canvas, 100, 60))
    assert heard.picked == [3, 4]
    assert not heard.placed
    assert not heard.dragged
    assert not heard.dropped


def test_of_a_point_and_a_ghost_in_one_place_the_point_is_picked(
    canvas: ImageCanvas, item: KeypointsItem
) -> None:
    heard = Heard(item)
    item.show_state(state({5: at(50, 50)}, {4: at(50, 50)}))
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, spot(canvas, 50, 50))
    assert heard.picked == [5]


def test_a_drag_tells_every_move_and_its_end(canvas: ImageCanvas, item: KeypointsItem) -> None:
    heard = Heard(item)
    item.show_state(state({3: at(50, 50)}))
    start = spot(canvas, 50, 50)
    QTest.mousePress(canvas.viewport(), LEFT, NONE, start)
    for step in range(1, 4):
        QTest.mouseMove(canvas.viewport(), start + QPoint(10 * step, 0))
    QTest.mouseRelease(canvas.viewport(), LEFT, NONE, start + QPoint(30, 0))
    assert [index for index, _, _ in heard.dragged] == [3, 3, 3]
    x, y = canvas.to_image(QPointF(start + QPoint(30, 0))).toTuple()
    assert heard.dragged[-1][1:] == pytest.approx((x, y))
    assert heard.dropped == 1
    assert not heard.placed


def test_the_right_button_moves_the_picture(canvas: ImageCanvas, item: KeypointsItem) -> None:
    heard = Heard(item)
    item.show_state(state({3: at(50, 50)}))
    before = canvas.view_rect().center()
    scale = canvas.screen_scale
    start = spot(canvas, 50, 50)
    QTest.mousePress(canvas.viewport(), RIGHT, NONE, start)
    QTest.mouseMove(canvas.viewport(), start + QPoint(20, 8))
    QTest.mouseRelease(canvas.viewport(), RIGHT, NONE, start + QPoint(20, 8))
    after = canvas.view_rect().center()
    assert (before.x() - after.x(), before.y() - after.y()) == pytest.approx((20 / scale, 8 / scale))
    assert not heard.placed
    assert not heard.picked


def test_what_is_hidden_cannot_be_picked(canvas: ImageCanvas, item: KeypointsItem) -> None:
    heard = Heard(item)
    item.show_state(state({3: at(50, 50)}))
    item.hide_all(True)
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, spot(canvas, 50, 50))
    assert not heard.picked
    assert len(heard.placed) == 1


def test_the_cursors_place_follows_a_view_that_moves_below_it(
    qtbot: QtBot, canvas: ImageCanvas, item: KeypointsItem
) -> None:
    item.show_state(state({}))
    QTest.mouseMove(canvas.viewport(), spot(canvas, 60, 40))
    QTest.mouseMove(canvas.viewport(), spot(canvas, 120, 80))
    qtbot.waitUntil(lambda: item.cursor_place() == pytest.approx((120, 80), abs=1.0))
    first = item.cursor_place()
    assert first is not None
    canvas.pan_by(10.0, -5.0)
    second = item.cursor_place()
    assert second is not None
    assert np.subtract(second, first) == pytest.approx((10.0, -5.0), abs=0.2)
