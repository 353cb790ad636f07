"""Names beside points are seen whole: inside the canvas, and not under what stands over it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF

from app.views.canvas.plates import seen

WHOLE = QRectF(0, 0, 600, 400)
LOUPE = QRectF(410, 10, 180, 220)
DIAGRAM = QRectF(10, 290, 120, 100)


def moved(plate: QRectF, covered: tuple[QRectF, ...] = (LOUPE, DIAGRAM)) -> QRectF:
    return plate.translated(seen(plate, WHOLE, covered))


def test_a_plate_that_is_seen_stays() -> None:
    assert seen(QRectF(200, 100, 80, 16), WHOLE, (LOUPE, DIAGRAM)) == QPointF(0, 0)


def test_it_comes_out_from_under_the_loupe_by_the_shortest_way() -> None:
    plate = QRectF(400, 100, 80, 16)  # 70 px reach under it from the left
    assert moved(plate) == QRectF(326, 100, 80, 16)
    low = QRectF(480, 220, 80, 16)  # 10 px from above its lower edge
    assert moved(low) == QRectF(480, 234, 80, 16)


@given(
    st.floats(-100, 700),
    st.floats(-100, 500),
    st.floats(10, 160),
)
def test_it_is_always_seen_whole_where_there_is_room(x: float, y: float, width: float) -> None:
    found = moved(QRectF(x, y, width, 16))
    assert WHOLE.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(found)
    assert not found.intersects(LOUPE)
    assert not found.intersects(DIAGRAM)
