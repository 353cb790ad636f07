"""Composites over the picture: which layer is where, strokes over what is hidden, the drag of a layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.states.compose import CompositeState, Layer, Slide
from app.views.canvas.composite_item import hatched
from app.views.compose.composite_pane import CompositePane
from core.records.masks import MaskPatch

WIDTH, HEIGHT = 64, 36


def block(x: int, y: int, w: int, h: int) -> MaskPatch:
    return MaskPatch(x, y, np.ones((h, w), dtype=np.bool_))


def layer(key: int, amodal: MaskPatch, modal: MaskPatch | None = None, name: str = "car") -> Layer:
    h, w = amodal.bits.shape
    left, top = amodal.x - 0.5, amodal.y - 0.5
    outline = np.array([[left, top, left + w, top], [left, top + h, left + w, top + h]])
    return Layer(
        key,
        key + 100,
        key + 200,
        f"{name} {key}",
        hidden_percent=0,
        box=(left, top, left + w, top + h),
        amodal=amodal,
        modal=modal or amodal,
        outline=outline,
    )


# the near one covers the right half of the far one
NEAR = layer(1, block(20, 10, 10, 10))
FAR = layer(0, block(15, 8, 10, 10), block(15, 8, 5, 10))
OFF = Layer(2, 102, 202, "car 2", shown=False)
STATE = CompositeState(
    np.zeros((HEIGHT, WIDTH, 3), np.uint8), WIDTH, HEIGHT, "two", (NEAR, OFF, FAR), selected=1
)


@pytest.fixture
def pane(qtbot: QtBot) -> Iterator[CompositePane]:
    made = CompositePane()
    made.resize(640, 420)
    made.show()
    made.show_state(STATE)
    yield made
    made.close()
    made.deleteLater()


def spot(pane: CompositePane, x: float, y: float) -> QPoint:
    return pane.canvas.to_widget(x, y).toPoint()


def test_the_layer_that_is_seen_is_the_one_under_the_cursor(pane: CompositePane) -> None:
    item = pane.item
    assert item.layer_at(22, 12) == 1  # both are there: the near one is seen
    assert item.layer_at(16, 12) == 0
    assert item.layer_at(28, 19) == 1
    assert item.layer_at(5, 5) is None


def test_strokes_lie_on_the_hidden_part_alone() -> None:
    strokes = hatched(FAR.amodal or block(0, 0, 1, 1), FAR.modal)
    assert (strokes.x, strokes.y) == (15, 8)
    assert not strokes.bits[:, :5].any()
    # a third of it is inked, and every row of it
    assert 0.2 < strokes.bits[:, 5:].mean() < 0.45
    assert strokes.bits[:, 5:].any(axis=1).all()
    assert not hatched(block(3, 3, 4, 4), block(3, 3, 4, 4)).bits.any()
    # what is not seen at all has strokes all over
    assert hatched(block(0, 0, 12, 12), MaskPatch(0, 0, np.zeros((0, 0), np.bool_))).bits.any(axis=0).all()


def test_a_press_picks_and_a_drag_tells_how_far(pane: CompositePane, qtbot: QtBot) -> None:
    picked: list[object] = []
    dragged: list[tuple[int, float, float]] = []
    dropped: list[bool] = []
    pane.item.picked.connect(picked.append)
    pane.item.dragged.connect(lambda key, dx, dy: dragged.append((key, dx, dy)))
    pane.item.dropped.connect(lambda: dropped.append(True))
    viewport, start, end = pane.canvas.viewport(), spot(pane, 16, 12), spot(pane, 16, 7)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(viewport, left, none, start)
    QTest.mouseMove(viewport, end)
    QTest.mouseRelease(viewport, left, none, end)
    assert picked == [0]
    [(key, dx, dy)] = dragged
    assert key == 0
    assert (dx, dy) == pytest.approx((0.0, -5.0), abs=0.2)
    assert dropped == [True]
    QTest.mouseClick(viewport, left, none, spot(pane, 5, 5))
    assert picked == [0, None]
    assert dropped == [True]


def test_a_drag_beside_all_layers_moves_the_picture(pane: CompositePane) -> None:
    before = pane.canvas.view_rect().center()
    viewport = pane.canvas.viewport()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(viewport, left, none, spot(pane, 50, 25))
    QTest.mouseMove(viewport, spot(pane, 45, 25))
    QTest.mouseMove(viewport, spot(pane, 40, 25))
    QTest.mouseRelease(viewport, left, none, spot(pane, 40, 25))
    assert pane.canvas.view_rect().center().x() > before.x() + 2


def test_everything_is_drawn_in_every_state(pane: CompositePane, qtbot: QtBot) -> None:
    plain = pane.canvas.grab().toImage()
    for name in ("amodal", "modal", "points"):
        pane.item.toggle(name)
    full = pane.canvas.grab().toImage()
    assert full != plain
    pane.item.show_slide(Slide(1, 0.8, 4.0, -3.0, "car 7"))
    assert pane.canvas.grab().toImage() != full
    pane.item.show_slide(None)
    assert pane.canvas.grab().toImage() == full
    pane.show_state(CompositeState())
    assert pane.item.layer_at(22, 12) is None


def test_a_layer_is_shown_large(pane: CompositePane) -> None:
    pane.zoom_to(1)
    seen = pane.canvas.view_rect()
    assert seen.contains(20, 10)
    assert seen.contains(29, 19)
    pane.zoom_to(2)  # it is off: nothing happens
    assert pane.canvas.view_rect() == seen
