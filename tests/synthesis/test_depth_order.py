"""The order in which things are drawn, against rays cast over the ground."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from core.synthesis.depth_order import Footprint, far_to_near, hides

sides = st.floats(0.2, 5.0)
rectangles = st.builds(
    lambda x, y, w, h: Footprint(x, x + w, y, y + h),
    st.floats(-20.0, 20.0),
    st.floats(2.0, 25.0),
    sides,
    sides,
)


def apart(a: Footprint, b: Footprint) -> bool:
    gap = 0.05
    return a.x1 + gap < b.x0 or b.x1 + gap < a.x0 or a.y1 + gap < b.y0 or b.y1 + gap < a.y0


def entry(box: Footprint, dx: float, dy: float) -> float:
    """How far a ray from the camera goes until it enters a rectangle; infinite if it misses."""
    near, far = 0.0, np.inf
    for low, high, step in ((box.x0, box.x1, dx), (box.y0, box.y1, dy)):
        if abs(step) < 1e-12:
            if not low <= 0.0 <= high:
                return np.inf
            continue
        ends = sorted((low / step, high / step))
        near, far = max(near, ends[0]), min(far, ends[1])
    return near if near < far else np.inf


@given(rectangles, rectangles)
def test_what_a_ray_meets_first_hides_the_other(a: Footprint, b: Footprint) -> None:
    assume(apart(a, b))
    for angle in np.linspace(0.0, np.pi, 90):
        first_a, first_b = (entry(box, float(np.cos(angle)), float(np.sin(angle))) for box in (a, b))
        if np.isinf(first_a) or np.isinf(first_b):
            continue
        assert hides(a, b) == (first_a < first_b)
        assert hides(b, a) == (first_b < first_a)


@given(st.lists(rectangles, max_size=6))
def test_nothing_is_drawn_after_what_hides_it(boxes: list[Footprint]) -> None:
    assume(all(apart(a, b) for i, a in enumerate(boxes) for b in boxes[:i]))
    order = far_to_near(boxes)
    assert sorted(order) == list(range(len(boxes)))
    # boxes may hide each other in a ring only where three or more do
    if len(boxes) == 2:
        assert not hides(boxes[order[0]], boxes[order[1]])


def test_a_row_of_cars_is_drawn_from_the_far_end() -> None:
    lanes = [Footprint(x, x + 4.5, y, y + 1.8) for y in (10.0, 14.0) for x in (2.0, 9.0, 16.0)]
    # middles at 23.6, 21.3, 18.7, 15.7, 15.5 and 11.7 m
    assert far_to_near(lanes) == [5, 2, 4, 1, 3, 0]
