"""Masks: patches and COCO's code, against an independent implementation of that code."""

from __future__ import annotations

import numpy as np
import pytest
from faster_coco_eval.core import mask as peer
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.geometry import boxes, masks
from core.records.boxes import Box
from core.records.masks import MaskPatch, Rle

pictures = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def blob(height: int, width: int, seed: int) -> np.ndarray:
    """Two overlapping ellipses with a hole, somewhere in the picture."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    bits = np.zeros((height, width), dtype=bool)
    for _ in range(2):
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        rx, ry = rng.uniform(3, width / 3), rng.uniform(3, height / 3)
        radius = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
        bits |= (radius < 1) & (radius > 0.05)
    return bits


def peer_code(bits: np.ndarray) -> bytes:
    return peer.encode(np.asfortranarray(bits.astype(np.uint8)))["counts"]


@settings(deadline=None)
@given(pictures)
def test_code_is_the_peers_and_decodes_to_the_same_mask(bits):
    height, width = bits.shape
    rle = masks.patch_to_rle(masks.full_to_patch(bits), height, width)
    assert rle.counts == peer_code(bits)
    patch = masks.rle_to_patch(rle)
    np.testing.assert_array_equal(masks.patch_to_full(patch, height, width), bits)
    assert masks.patch_area(patch) == bits.sum()


@pytest.mark.parametrize("seed", range(8))
def test_code_of_large_pictures_is_the_peers(seed):
    bits = blob(360 + 41 * seed, 640 + 7 * seed, seed)
    rle = masks.patch_to_rle(masks.full_to_patch(bits), *bits.shape)
    assert rle.counts == peer_code(bits)
    np.testing.assert_array_equal(masks.patch_to_full(masks.rle_to_patch(rle), *bits.shape), bits)


def test_a_long_run_needs_many_letters():
    """A 30-million-pixel picture with one pixel set at its end, beyond two-letter lengths."""
    height, width = 5000, 6000
    patch = MaskPatch(width - 1, height - 1, np.ones((1, 1), dtype=bool))
    rle = masks.patch_to_rle(patch, height, width)
    bits = np.zeros((height, width), dtype=bool)
    bits[-1, -1] = True
    assert rle.counts == peer_code(bits)
    found = masks.rle_to_patch(rle)
    assert (found.x, found.y, found.bits.tolist()) == (width - 1, height - 1, [[True]])


def test_a_loose_patch_has_the_code_of_the_tight_one():
    bits = np.zeros((20, 30), dtype=bool)
    bits[4:9, 7:20] = True
    loose = MaskPatch(3, 0, bits[0:15, 3:25])
    tight = masks.full_to_patch(bits)
    assert masks.patch_to_rle(loose, 20, 30) == masks.patch_to_rle(tight, 20, 30)
    assert (tight.x, tight.y, tight.bits.shape) == (7, 4, (5, 13))
    assert masks.patch_box(tight) == Box(7, 4, 13, 5)


def test_a_mask_over_the_whole_height_merges_its_columns():
    bits = np.zeros((6, 9), dtype=bool)
    bits[:, 2:7] = True
    rle = masks.patch_to_rle(masks.full_to_patch(bits), 6, 9)
    assert rle.counts == peer_code(bits)
    np.testing.assert_array_equal(masks.patch_to_full(masks.rle_to_patch(rle), 6, 9), bits)


def test_the_empty_mask():
    patch = masks.full_to_patch(np.zeros((5, 7), dtype=bool))
    rle = masks.patch_to_rle(patch, 5, 7)
    assert rle.counts == peer_code(np.zeros((5, 7), dtype=bool))
    assert masks.patch_area(masks.rle_to_patch(rle)) == 0


@settings(deadline=None)
@given(pictures, st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
def test_overlap_of_patches_is_that_of_pictures(bits, x1, y1, x2, y2):
    size = 24
    first, second = MaskPatch(x1, y1, bits), MaskPatch(x2, y2, bits.T)
    both = masks.patch_to_full(first, size, size) & masks.patch_to_full(second, size, size)
    either = masks.patch_to_full(first, size, size) | masks.patch_to_full(second, size, size)
    assert masks.patch_intersection_area(first, second) == both.sum()
    expected = both.sum() / either.sum() if either.any() else 0.0
    assert masks.patch_iou(first, second) == pytest.approx(expected)


@settings(deadline=None)
@given(pictures, st.integers(-5, 12), st.integers(-5, 12))
def test_a_window_shows_the_mask_where_it_reaches(bits, x, y):
    patch = MaskPatch(2, 3, bits)
    big = np.zeros((60, 60), dtype=bool)
    big[20 + 3 : 20 + 3 + bits.shape[0], 20 + 2 : 20 + 2 + bits.shape[1]] = bits
    np.testing.assert_array_equal(
        masks.window(patch, x, y, 9, 8), big[20 + y : 20 + y + 8, 20 + x : 20 + x + 9]
    )


def test_a_box_stands_in_for_a_mask_and_is_cut_to_the_picture():
    patch = masks.box_to_patch(Box(-3.0, 2.0, 8.0, 50.0), 10, 20)
    assert (patch.x, patch.y, patch.bits.shape) == (0, 2, (8, 5))
    assert masks.patch_area(masks.box_to_patch(Box(30, 2, 8, 5), 10, 20)) == 0


def test_outlines_run_around_the_mask_and_its_hole():
    bits = np.ones((9, 12), dtype=bool)
    bits[4:6, 5:8] = False
    outlines = masks.patch_contours(MaskPatch(100, 50, bits))
    assert len(outlines) == 2
    outer = max(outlines, key=lambda points: np.ptp(points[:, 0]))
    assert np.abs(outer.min(axis=0) - [100, 50]).max() <= 0.25
    assert np.abs(outer.max(axis=0) - [112, 59]).max() <= 0.25


@pytest.mark.parametrize("code", [b"", b"~~", b"\xff\xff", b"P", b"11", b"PPPPPPPPPPPPPPPP1"])
def test_damaged_code_is_refused(code):
    with pytest.raises(ValueError):
        masks.rle_to_patch(Rle(5, 7, code))


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_no_code_at_all_does_more_than_be_refused(code):
    try:
        patch = masks.rle_to_patch(Rle(5, 7, code))
    except ValueError:
        return
    assert boxes.clip([[patch.x, patch.y, patch.bits.shape[1], patch.bits.shape[0]]], 7, 5)[0, 2] <= 7


def test_a_patch_outside_the_picture_is_refused():
    with pytest.raises(ValueError):
        masks.patch_to_rle(MaskPatch(5, 0, np.ones((2, 3), dtype=bool)), 4, 7)


@settings(deadline=None)
@given(pictures)
def test_uncompressed_lengths_give_the_same_code(bits):
    flat = bits.T.reshape(-1).astype(np.int8)
    edges = np.flatnonzero(np.diff(flat, prepend=np.int8(0)))
    lengths = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    if len(lengths) > 1 and lengths[-1] == 0:
        lengths.pop()
    assert masks.rle_from_counts(lengths, *bits.shape).counts == peer_code(bits)
