"""Which instance is under the cursor."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.views.canvas.hit_testing import instances_at, mask_covers, next_under_cursor
from core.records.masks import MaskPatch

sides = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 20), st.integers(1, 20))
points = st.tuples(st.integers(-5, 65), st.integers(-5, 65))


def boxes_of(rows: list[tuple[int, int, int, int]]) -> np.ndarray:
    """x, y, w, h in pixels as canvas corners."""
    return np.array([[x - 0.5, y - 0.5, x + w - 0.5, y + h - 0.5] for x, y, w, h in rows]).reshape(-1, 4)


def eighths(count: int) -> float:
    """A number that floating point holds exactly."""
    return count / 8


@given(st.lists(sides, max_size=8), points)
def test_exactly_the_boxes_that_hold_the_pixel_are_hit(
    rows: list[tuple[int, int, int, int]], point: tuple[int, int]
) -> None:
    px, py = point
    hits = instances_at(px, py, boxes_of(rows), [None] * len(rows))
    holding = {n for n, (x, y, w, h) in enumerate(rows) if x <= px < x + w and y <= py < y + h}
    assert set(hits) == holding
    sizes = [rows[n][2] * rows[n][3] for n in hits]
    assert sizes == sorted(sizes)  # the smaller is in front


@given(st.lists(sides, min_size=1, max_size=6), points, st.randoms(use_true_random=False))
def test_a_mask_under_the_cursor_comes_before_every_box(
    rows: list[tuple[int, int, int, int]], point: tuple[int, int], random: object
) -> None:
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    masks = [MaskPatch(x, y, rng.random((h, w)) < 0.5) for x, y, w, h in rows]
    px, py = point
    hits = instances_at(px, py, boxes_of(rows), masks)
    covered = [mask_covers(masks[n], px, py) for n in hits]
    assert covered == sorted(covered, reverse=True)
    for n, (x, y, w, h) in enumerate(rows):
        inside = x <= px < x + w and y <= py < y + h
        assert mask_covers(masks[n], px, py) == (inside and bool(masks[n].bits[py - y, px - x]))


@given(sides, st.integers(0, 24).map(eighths), st.integers(-32, 32).map(eighths))
def test_the_slack_reaches_that_far_beside_a_box(
    row: tuple[int, int, int, int], slack: float, beyond: float
) -> None:
    box = boxes_of([row])
    right, middle = box[0, 2] + beyond, (box[0, 1] + box[0, 3]) / 2
    hit = bool(instances_at(right, middle, box, [None], slack))
    inside = -(box[0, 2] - box[0, 0]) - slack <= beyond <= slack
    assert hit == inside


def test_the_pixel_belongs_to_the_mask_up_to_its_edges() -> None:
    mask = MaskPatch(10, 20, np.ones((1, 1), dtype=np.bool_))
    assert mask_covers(mask, 9.51, 19.51)
    assert mask_covers(mask, 10.49, 20.49)
    assert not mask_covers(mask, 9.49, 20.0)
    assert not mask_covers(mask, 10.0, 20.51)


def test_clicking_again_goes_to_what_lies_beneath() -> None:
    assert next_under_cursor([], 3) is None
    assert next_under_cursor([7, 8], None) == 7
    assert next_under_cursor([7, 8], 7) == 8
    assert next_under_cursor([7, 8], 8) == 7
    assert next_under_cursor([7, 8], 5) == 7
