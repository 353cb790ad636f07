"""Overlap of ground plans against a dense sampling of their insides."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.synthesis.street.footprints import any_overlap, corners, overlap

EXTENT = (-2.0, 2.5, -0.9, 0.8)


def inside(points, shape):
    """Which points lie in a rectangle, by the sides that they are on."""
    sides = np.roll(shape, -1, axis=0) - shape
    offsets = points[:, None] - shape
    turns = sides[:, 0] * offsets[..., 1] - sides[:, 1] * offsets[..., 0]
    return np.all(turns >= 0, axis=1) | np.all(turns <= 0, axis=1)


def filled(shape, steps=60):
    """Points all over a rectangle, its border included."""
    u, v = np.meshgrid(np.linspace(0, 1, steps), np.linspace(0, 1, steps))
    along, across = shape[1] - shape[0], shape[3] - shape[0]
    return shape[0] + u.reshape(-1, 1) * along + v.reshape(-1, 1) * across


@settings(max_examples=150, deadline=None)
@given(x=st.floats(-6, 6), y=st.floats(-4, 4), heading=st.floats(-7, 7), first=st.floats(-7, 7))
def test_overlap_is_what_sampling_finds(x, y, heading, first):
    one, other = corners([0.0, x], [0.0, y], [first, heading], [EXTENT, EXTENT])
    found = bool(overlap(one[None], other[None])[0])
    # points 8 cm apart can miss an overlap of a corner, never find one that is not there
    sampled = bool(inside(filled(one), other).any() or inside(filled(other), one).any())
    if sampled:
        assert found
    if found and not sampled:
        smaller = corners([0.0, x], [0.0, y], [first, heading], [EXTENT, EXTENT], margin=-0.08)
        assert not overlap(smaller[:1], smaller[1:])[0]


def test_corners_lie_where_the_heading_puts_them():
    shape = corners([10.0], [5.0], [np.pi / 2], [EXTENT])[0]
    # forward is +y now, and left is -x
    np.testing.assert_allclose(shape, [[10.9, 7.5], [9.2, 7.5], [9.2, 3.0], [10.9, 3.0]], atol=1e-12)


def test_a_margin_widens_all_round():
    assert not overlap(corners([0], [0], [0], [EXTENT]), corners([4.6], [0], [0], [EXTENT]))[0]
    assert overlap(corners([0], [0], [0], [EXTENT], 0.06), corners([4.6], [0], [0], [EXTENT], 0.06))[0]


def test_nothing_overlaps_no_others():
    assert not any_overlap(corners([0], [0], [0], [EXTENT])[0], np.zeros((0, 4, 2)))
