"""Regions of whole pixels: hulls, cuts and what is taken away."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.compositing.privacy.regions import clipped, grown, hull_patch, rectangle_patch, shrunk, without
from core.geometry.masks import patch_to_full
from core.records.masks import MaskPatch

WIDTH, HEIGHT = 40, 30
corner = st.tuples(st.floats(-15, 55), st.floats(-15, 45))


@given(st.lists(corner, min_size=1, max_size=8), st.lists(st.floats(0.01, 1), min_size=8, max_size=8))
def test_the_hull_holds_every_mean_of_its_points(
    points: list[tuple[float, float]], weights: list[float]
) -> None:
    drawn = patch_to_full(hull_patch(points, WIDTH, HEIGHT), HEIGHT, WIDTH)
    share = np.array(weights[: len(points)])
    x, y = share @ np.array(points) / share.sum()
    column, row = round(x), round(y)
    if 0 <= column < WIDTH and 0 <= row < HEIGHT:
        assert drawn[row, column]


def test_the_hull_reaches_no_farther_than_two_pixels() -> None:
    drawn = patch_to_full(hull_patch([(10, 10), (20, 10), (20, 15), (10, 15)], WIDTH, HEIGHT), HEIGHT, WIDTH)
    expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
    expected[9:17, 9:22] = True
    assert (drawn == expected).all()


def test_points_that_are_no_numbers_give_nothing() -> None:
    assert not hull_patch([(1.0, np.nan)], WIDTH, HEIGHT).bits.size
    assert not hull_patch(np.zeros((0, 2)), WIDTH, HEIGHT).bits.size
    assert not hull_patch([(100, 100), (120, 100), (110, 120)], WIDTH, HEIGHT).bits.size


def test_a_rectangle_takes_every_pixel_that_it_touches() -> None:
    drawn = patch_to_full(rectangle_patch(-3.0, 2.5, 4.2, 6.0, WIDTH, HEIGHT), HEIGHT, WIDTH)
    expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
    expected[2:6, :5] = True
    assert (drawn == expected).all()
    assert not rectangle_patch(50, 0, 60, 10, WIDTH, HEIGHT).bits.size


masks = st.builds(
    lambda x, y, seed: MaskPatch(x, y, np.random.default_rng(seed).random((9, 11)) < 0.3),
    st.integers(0, WIDTH - 11),
    st.integers(0, HEIGHT - 9),
    st.integers(0, 99),
)


@given(masks, masks)
def test_cutting_and_taking_away_are_set_arithmetic(one: MaskPatch, other: MaskPatch) -> None:
    a, b = (patch_to_full(mask, HEIGHT, WIDTH) for mask in (one, other))
    assert (patch_to_full(clipped(one, other), HEIGHT, WIDTH) == a & b).all()
    assert (patch_to_full(without(one, [other]), HEIGHT, WIDTH) == a & ~b).all()


@given(masks, st.integers(0, 4))
def test_growing_takes_all_neighbours(mask: MaskPatch, by: int) -> None:
    bits = patch_to_full(mask, HEIGHT, WIDTH)
    expected = np.zeros_like(bits)
    for row, column in zip(*np.nonzero(bits), strict=True):
        expected[max(0, row - by) : row + by + 1, max(0, column - by) : column + by + 1] = True
    assert (patch_to_full(grown(mask, by, WIDTH, HEIGHT), HEIGHT, WIDTH) == expected).all()


@given(masks, st.integers(0, 4))
def test_shrinking_takes_away_what_is_near_to_anything_else(mask: MaskPatch, by: int) -> None:
    bits = np.pad(patch_to_full(mask, HEIGHT, WIDTH), by)  # outside the picture nothing is the mask's
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            expected[row, column] = bits[row : row + 2 * by + 1, column : column + 2 * by + 1].all()
    assert (patch_to_full(shrunk(mask, by), HEIGHT, WIDTH) == expected).all()
