"""Cutting blobs apart: touching objects part, single ones stay whole, no pixel is lost to both."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geometry.masks import patch_area, patch_intersection_area, patch_to_full
from core.mining.detectors.motion_split import convex_hull, solidity, split_blob
from core.mining.detectors.settings import LookFor
from core.records.masks import MaskPatch


def disc(x: float, y: float, radius: float, size: int = 120) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


def rectangle(x: int, y: int, w: int, h: int, size: int = 120) -> np.ndarray:
    bits = np.zeros((size, size), dtype=bool)
    bits[y : y + h, x : x + w] = True
    return bits


def person() -> np.ndarray:
    bits = np.zeros((120, 120), dtype=np.uint8)
    cv2.circle(bits, (60, 18), 9, 1, -1)
    cv2.ellipse(bits, (60, 50), (17, 28), 0, 0, 360, 1, -1)
    cv2.line(bits, (56, 70), (48, 112), 1, 9)
    cv2.line(bits, (64, 70), (74, 112), 1, 9)
    return bits.astype(bool)


def parts_of(bits: np.ndarray, look_for: LookFor = LookFor.BOTH) -> list[MaskPatch]:
    return split_blob(MaskPatch(0, 0, bits), 8, look_for)


def test_two_touching_discs_are_two():
    parts = parts_of(disc(40, 60, 25) | disc(82, 60, 22))
    assert len(parts) == 2
    areas = sorted(patch_area(part) for part in parts)
    assert areas[0] == pytest.approx(np.pi * 22**2, rel=0.1)
    assert areas[1] == pytest.approx(np.pi * 25**2, rel=0.1)


def test_three_cars_in_a_row_are_three():
    row = rectangle(5, 40, 36, 24) | rectangle(41, 50, 36, 26) | rectangle(77, 62, 36, 28)
    assert len(parts_of(row, LookFor.CARS)) == 3


@pytest.mark.parametrize(
    "bits",
    [
        disc(60, 60, 40),
        rectangle(20, 30, 80, 40),
        person(),
        rectangle(20, 40, 70, 40) | rectangle(12, 55, 86, 8),
    ],
    ids=["disc", "box", "person", "car with mirrors"],
)
def test_one_object_stays_one(bits):
    assert len(parts_of(bits)) == 1


def test_a_queue_of_two_cars_is_cut_where_there_are_only_cars():
    """One right behind the other in the picture: a tall blob, which could be a person."""
    queue = rectangle(46, 20, 30, 26) | rectangle(38, 50, 46, 40) | rectangle(54, 44, 14, 8)
    assert len(parts_of(queue, LookFor.CARS)) == 2
    assert len(parts_of(queue, LookFor.PEOPLE)) == 1


def test_parts_too_small_to_be_objects_are_not_cut_off():
    assert len(split_blob(MaskPatch(0, 0, disc(40, 60, 25) | disc(82, 60, 22)), 60)) == 1


blob_shapes = st.lists(
    st.tuples(st.integers(10, 110), st.integers(10, 110), st.integers(3, 30)), min_size=1, max_size=6
)


@settings(deadline=None)
@given(blob_shapes, st.sampled_from(list(LookFor)))
def test_parts_never_overlap_and_lie_inside_the_blob(discs, look_for):
    bits = np.zeros((120, 120), dtype=bool)
    for x, y, radius in discs:
        bits |= disc(x, y, radius)
    parts = split_blob(MaskPatch(0, 0, bits), 6, look_for)
    assert parts
    for place, part in enumerate(parts):
        assert patch_area(part) > 0
        full = patch_to_full(part, 120, 120)
        assert not (full & ~bits).any()
        assert all(patch_intersection_area(part, other) == 0 for other in parts[place + 1 :])


@settings(deadline=None)
@given(blob_shapes)
def test_the_hull_holds_the_mask_and_solidity_is_their_ratio(discs):
    bits = np.zeros((120, 120), dtype=bool)
    for x, y, radius in discs:
        bits |= disc(x, y, radius)
    hull = convex_hull(bits)
    assert not (bits & ~hull).any()
    assert solidity(bits) == pytest.approx(bits.sum() / hull.sum())
    assert solidity(hull) > 0.8  # a hull of pixels is a little ragged itself, a thin one most


def test_an_empty_mask_has_no_solidity():
    assert solidity(np.zeros((5, 5), dtype=bool)) == 0.0
