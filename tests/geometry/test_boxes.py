"""Boxes: overlaps against counting pixels, clipping, and the half pixel between centres and edges."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from core.geometry import boxes
from core.records.boxes import Box

SIDE = 24
whole_boxes = st.lists(
    st.tuples(st.integers(-6, SIDE), st.integers(-6, SIDE), st.integers(0, 20), st.integers(0, 20)),
    min_size=0,
    max_size=5,
)


def painted(box: tuple[int, int, int, int]) -> np.ndarray:
    """A box of whole pixels, painted on a picture with a border wide enough for all of it."""
    picture = np.zeros((64, 64), dtype=bool)
    x, y, w, h = box
    picture[y + 8 : y + 8 + h, x + 8 : x + 8 + w] = True
    return picture


def test_boxes_touch_where_their_pixels_do():
    one = Box(10.0, 10.0, 5.0, 5.0)
    assert boxes.touch(one, Box(14.0, 14.0, 9.0, 9.0))
    assert not boxes.touch(one, Box(15.0, 10.0, 5.0, 5.0))
    assert not boxes.touch(one, Box(10.0, 15.0, 5.0, 5.0))
    assert boxes.touch(one, Box(17.0, 4.0, 5.0, 5.0), 3.0)
    assert not boxes.touch(one, Box(18.0, 10.0, 5.0, 5.0), 3.0)


@settings(deadline=None)
@given(whole_boxes, whole_boxes)
def test_overlaps_are_those_of_painted_pixels(first, second):
    shared = boxes.intersection_matrix(first, second)
    iou = boxes.iou_matrix(first, second)
    cover = boxes.cover_matrix(first, second)
    assert shared.shape == (len(first), len(second))
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            inside_a, inside_b = painted(a), painted(b)
            both, either = (inside_a & inside_b).sum(), (inside_a | inside_b).sum()
            assert shared[i, j] == both
            assert_allclose(iou[i, j], both / either if either else 0.0)
            assert_allclose(cover[i, j], both / inside_a.sum() if inside_a.any() else 0.0)


@settings(deadline=None)
@given(whole_boxes)
def test_clipping_keeps_exactly_the_pixels_inside_the_picture(rows):
    clipped = boxes.clip(rows, SIDE, 16)
    for row, cut in zip(rows, clipped, strict=True):
        picture = painted(row)[8 : 8 + 16, 8 : 8 + SIDE]
        assert cut[2] * cut[3] == picture.sum()
        assert cut[0] >= 0
        assert cut[1] >= 0
        assert cut[0] + cut[2] <= SIDE
        assert cut[1] + cut[3] <= 16


@settings(deadline=None)
@given(whole_boxes)
def test_corners_and_back(rows):
    assert_allclose(boxes.from_corners(boxes.corners(rows)), np.reshape(rows, (-1, 4)))


def test_the_centre_of_the_top_left_pixel_is_half_a_pixel_from_its_corner():
    assert_allclose(boxes.edges_from_centres([[0.0, 0.0], [639.0, 359.0]]), [[0.5, 0.5], [639.5, 359.5]])
    points = np.random.default_rng(0).uniform(-50, 700, (20, 2))
    assert_allclose(boxes.centres_from_edges(boxes.edges_from_centres(points)), points)


def test_records_to_array_and_back():
    box = Box(1.5, 2.0, 30.25, 4.0)
    rows = boxes.to_array([box, Box(0, 0, 1, 1)])
    assert rows.shape == (2, 4)
    assert boxes.to_box(rows[0]) == box
    assert boxes.to_array([]).shape == (0, 4)
    assert_allclose(boxes.areas(rows), [121.0, 1.0])
