"""What was found of each object, and of its hidden part: by hand, and pixel by pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from core.evaluation.average_precision import Compared
from core.evaluation.binned_precision import BinnedPrecision
from core.evaluation.object_results import hidden_iou, hidden_ious, object_results
from core.evaluation.occlusion_bins import PASCALS, WALTS, bins_between, in_bins, occlusions
from core.geometry.masks import box_to_patch, full_to_patch, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.masks import Rle

SIDE = 40


def rle(bits: np.ndarray) -> Rle:
    return patch_to_rle(full_to_patch(bits), *bits.shape)


def box_mask(x: float, w: float) -> Rle:
    return patch_to_rle(box_to_patch(Box(x, 0, w, 10), SIDE, SIDE), SIDE, SIDE)


def car(x: float, seen: float = 10, **more: object) -> TrueObject:
    """10 x 10, of which the left `seen` columns are seen."""
    visible = box_mask(x, seen) if seen else rle(np.zeros((SIDE, SIDE), bool))
    one = TrueObject(0, Category.CAR, Box(x, 0, 10, 10), box_mask(x, 10), visible=visible)
    return replace(one, **more)  # type: ignore[arg-type]


def find(x: float, score: float, w: float = 10) -> FoundObject:
    return FoundObject(0, Category.CAR, Box(x, 0, w, 10), score, box_mask(x, w))


masks = arrays(np.bool_, (5, 6))


@settings(max_examples=60)
@given(masks, masks, masks)
def test_the_hidden_part_pixel_by_pixel(whole: np.ndarray, visible: np.ndarray, found: np.ndarray) -> None:
    true, said = whole & ~visible, found & ~visible
    expected = (true & said).sum() / (true | said).sum() if true.any() else None
    assert hidden_iou(rle(whole), rle(visible), rle(found)) == expected
    [share] = occlusions([TrueObject(0, Category.CAR, Box(0, 0, 1, 1), rle(whole), visible=rle(visible))])
    if whole.any():
        assert share == true.sum() / whole.sum()
    else:
        assert np.isnan(share)


def test_objects_finds_and_what_is_of_nothing() -> None:
    truth = [car(0, seen=6), car(20), car(30, ignored=True), car(14, seen=0)]
    found = [find(28, 0.3), find(1, 0.9), find(0, 0.8), find(20, 0.95, w=6), find(31, 0.7)]
    out = object_results(truth, found, Compared.MASK)
    half, whole, lost = out.objects
    # columns 1 to 11 are found; of 0 to 10 the last 4 are hidden, and 6 to 11 are said to be
    assert (half.truth, half.found, half.score) == (0, 1, 0.9)
    assert half.occlusion == pytest.approx(0.4)
    assert (half.box_iou, half.mask_iou) == (pytest.approx(9 / 11), pytest.approx(9 / 11))
    assert half.hidden_iou == pytest.approx(4 / 5)
    assert (whole.truth, whole.found, whole.hidden_iou, whole.occlusion) == (1, 3, None, 0)
    assert whole.mask_iou == pytest.approx(0.6)
    assert (lost.truth, lost.found, lost.score, lost.occlusion) == (3, None, None, 1)
    assert (lost.box_iou, lost.mask_iou, lost.hidden_iou) == (0, 0, 0)
    # a second find of the first car is of nothing; two are of what is ignored
    assert (out.extra, out.dropped) == ((2,), (4, 0))
    np.testing.assert_allclose(hidden_ious(out.objects), [0.8, np.nan, 0])
    np.testing.assert_allclose(hidden_ious(out.objects, missed=False), [0.8, np.nan, np.nan])
    np.testing.assert_allclose(hidden_ious(out.objects, least=0.4), [np.nan, np.nan, 0])


def test_without_masks_boxes_alone_are_told() -> None:
    truth = [replace(car(0), mask=None, visible=None, occlusion=0.7), replace(car(20), visible=None)]
    found = [replace(find(0, 0.9, w=8), mask=None), replace(find(20, 0.5), category=Category.PERSON)]
    one, other = object_results(truth, found, Compared.BOX).objects
    assert (one.box_iou, one.mask_iou, one.hidden_iou, one.occlusion) == (pytest.approx(0.8), None, None, 0.7)
    assert (other.found, other.occlusion) == (None, None)  # a person is no car
    [hidden] = object_results([car(20, seen=5)], found, Compared.BOX).objects
    assert (hidden.found, hidden.mask_iou, hidden.hidden_iou) == (None, None, None)  # finds tell no masks


def test_nothing_found_and_nothing_there() -> None:
    assert object_results([], [find(0, 0.5)], Compared.BOX).extra == (0,)
    [missed] = object_results([car(0)], [], Compared.BOX).objects
    assert missed.found is None


def test_masks_of_another_size_are_refused() -> None:
    other = replace(find(0, 0.5), mask=rle(np.ones((5, 5), bool)))
    with pytest.raises(ValueError, match="in picture 0"):
        object_results([car(0)], [other], Compared.MASK)
    assert other.mask is not None
    with pytest.raises(ValueError, match="different sizes"):
        hidden_iou(box_mask(0, 10), box_mask(0, 5), other.mask)


def test_walts_bins_begin_with_their_lower_edge() -> None:
    shares = np.array([0, 0.0999, (100 - 90) / 100, 0.35, 0.9, 0.999, 1.0, np.nan])
    members = in_bins(shares)
    assert members.shape == (11, 8)
    assert members[0].all()
    assert [np.flatnonzero(column[1:]).tolist() for column in members.T] == [
        [0], [0], [1], [3], [9], [9], [], [],
    ]  # fmt: skip
    assert (WALTS[2].name, PASCALS[0].name) == ("20-30 %", "20-40 %")
    # nine of ten pixels seen is a tenth hidden, whatever 1 - 0.9 is
    bits = np.arange(10) < 9
    whole = TrueObject(0, Category.CAR, Box(0, 0, 10, 1), rle(np.ones((1, 10))), visible=rle(bits[None]))
    assert in_bins(occlusions([whole]))[:, 0].nonzero()[0].tolist() == [0, 2]


def test_bins_that_are_none_are_refused() -> None:
    for edges in ([0.5], [0.5, 0.5], [0.2, 0.1]):
        with pytest.raises(ValueError, match="edges"):
            bins_between(edges)
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match="share"):
            in_bins([share])


def test_bins_of_occlusion_go_with_precision() -> None:
    truth = [car(0, seen=6), car(20)]
    found = [find(20, 0.9), find(0, 0.7)]
    figures = BinnedPrecision(truth, found, Compared.MASK, in_bins(occlusions(truth))).average()
    assert figures[[0, 1, 5]].tolist() == [1, 1, 1]
    assert np.isnan(figures[[2, 3, 4, 6, 7, 8, 9, 10]]).all()
