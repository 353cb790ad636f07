"""Average precision by bins: COCO's own where there is one bin, and cases worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.average_precision import Compared, average_precision
from core.evaluation.binned_precision import BinnedPrecision, Protocol
from core.evaluation.drawn_anew import Drawn
from core.evaluation.matching import THRESHOLDS
from core.geometry.masks import box_to_patch, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.masks import Rle

SIDE = 40
boxes = st.builds(Box, *[st.integers(0, 20).map(float)] * 2, *[st.integers(2, 16).map(float)] * 2)


def mask(box: Box) -> Rle:
    return patch_to_rle(box_to_patch(box, SIDE, SIDE), SIDE, SIDE)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[TrueObject], list[FoundObject]]:
    """Up to four pictures, with crowds, equal scores and finds near objects."""
    truth, found = [], []
    for picture in range(draw(st.integers(1, 4))):
        for box in draw(st.lists(boxes, max_size=4)):
            category = draw(st.sampled_from(Category))
            truth.append(TrueObject(picture, category, box, mask(box), ignored=draw(st.integers(0, 5)) == 0))
            if draw(st.booleans()):
                near = Box(box.x + draw(st.integers(0, 2)), box.y, box.w, box.h + draw(st.integers(0, 3)))
                score = draw(st.integers(1, 4)) / 4
                found.append(FoundObject(picture, draw(st.sampled_from(Category)), near, score, mask(near)))
        for box in draw(st.lists(boxes, max_size=2)):
            found.append(FoundObject(picture, Category.CAR, box, draw(st.integers(1, 4)) / 4, mask(box)))
    return truth, found


@settings(max_examples=60)
@given(scenes(), st.sampled_from(Compared))
def test_one_bin_of_everything_is_cocos_own_figure(
    scene: tuple[list[TrueObject], list[FoundObject]], compared: Compared
) -> None:
    truth, found = scene
    [ours] = BinnedPrecision(truth, found, compared, np.ones((1, len(truth)))).by_threshold()
    cocos = average_precision(truth, found, compared)
    if cocos is None:
        assert np.isnan(ours).all()
        return
    assert ours.mean() == pytest.approx(cocos.ap, abs=1e-9)
    assert ours[0] == pytest.approx(cocos.ap50, abs=1e-9)
    assert ours[5] == pytest.approx(cocos.ap75, abs=1e-9)


@settings(max_examples=30)
@given(scenes(), st.data())
def test_weights_are_pictures_that_stand_there_so_often(
    scene: tuple[list[TrueObject], list[FoundObject]], data: st.DataObject
) -> None:
    truth, found = scene[0], [replace(one, score=number / 100) for number, one in enumerate(scene[1])]
    members = np.array([[data.draw(st.booleans()) for _ in truth] for _ in range(2)]).reshape(2, -1)
    weighed = BinnedPrecision(truth, found, Compared.BOX, members)
    weights = [data.draw(st.integers(0, 3)) for _ in weighed.pictures]
    more_truth, more_found, which = [], [], []
    for picture, often in zip(weighed.pictures, weights, strict=True):
        for copy in range(often):
            number = picture * 10 + copy
            own = [place for place, one in enumerate(truth) if one.picture == picture]
            more_truth += [replace(truth[place], picture=number) for place in own]
            which += own
            more_found += [replace(one, picture=number) for one in found if one.picture == picture]
    expected = BinnedPrecision(more_truth, more_found, Compared.BOX, members[:, which]).average()
    np.testing.assert_allclose(weighed.average(weights), expected, atol=1e-9)


def car(x: float, picture: int = 0) -> TrueObject:
    return TrueObject(picture, Category.CAR, Box(x, 0, 10, 10))


def find(x: float, score: float, picture: int = 0, category: Category = Category.CAR) -> FoundObject:
    return FoundObject(picture, category, Box(x, 0, 10, 10), score)


def test_a_find_of_another_bins_object_is_dropped_and_one_of_nothing_is_wrong() -> None:
    truth = [car(0), car(20)]
    found = [find(20, 0.9), find(60, 0.8), find(0, 0.7)]
    bins = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    figures = BinnedPrecision(truth, found, Compared.BOX, bins).average()
    # the first is dropped for bin 0, the second is wrong, the third right: precision 1/2 at all recalls
    assert figures[0] == pytest.approx(0.5)
    assert figures[1] == pytest.approx(1.0)
    # of both: 1 until recall 0.5 (51 of 101 recalls), then 2/3
    assert figures[2] == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert np.isnan(figures[3])


def test_an_object_of_the_bin_comes_before_a_nearer_one_of_another() -> None:
    """As in COCO: what counts is matched first."""
    truth, found = [car(0), car(3)], [find(2, 0.9)]
    figures = BinnedPrecision(truth, found, Compared.BOX, np.array([[1, 0]])).by_threshold()
    # IoU 8/12 with the first, 9/11 with the second: until 0.65 it is the first's, then the other's, dropped
    np.testing.assert_allclose(figures[0], THRESHOLDS <= 8 / 12)


def test_walts_protocol_counts_no_finds_that_are_far_and_no_categories() -> None:
    truth = [car(0), car(20)]
    found = [find(20, 0.9), find(60, 0.8), find(0, 0.7, category=Category.PERSON)]
    bins = np.array([[1, 0]])
    assert BinnedPrecision(truth, found, Compared.BOX, bins).average()[0] == 0
    assert BinnedPrecision(truth, found, Compared.BOX, bins, Protocol.WALT).average()[0] == 1
    # of two finds at one object the second is wrong, though it is near
    twice = [find(0, 0.6), find(1, 0.7)]
    figures = BinnedPrecision(truth, twice, Compared.BOX, bins, Protocol.WALT).by_threshold()
    assert figures[0, 0] == 1  # the surer one meets it by 9/11, the other comes after full recall
    assert figures[0, -1] == pytest.approx(0.5)  # only the other meets it so well, and comes second


def test_what_walts_protocol_leaves_out_takes_no_object_away() -> None:
    """The surest find has the object's mask, but a box elsewhere."""
    whole = Box(0, 0, 10, 10)
    truth = [TrueObject(0, Category.CAR, whole, mask(whole))]
    far = FoundObject(0, Category.CAR, Box(20, 20, 10, 10), 0.9, mask(whole))
    found = [far, FoundObject(0, Category.CAR, whole, 0.8, mask(whole))]
    bins = np.ones((1, 1))
    assert BinnedPrecision(truth, found, Compared.MASK, bins, Protocol.WALT).average()[0] == 1
    assert BinnedPrecision(truth, [far], Compared.MASK, bins, Protocol.WALT).average()[0] == 0
    assert BinnedPrecision(truth, [far], Compared.MASK, bins).average()[0] == 1


def test_two_systems_are_compared_over_the_same_draws_of_pictures() -> None:
    """In each of 20 pictures one car; one system finds it in every second picture, the other in all."""
    truth = [car(0, picture) for picture in range(20)]
    half = [find(0, 0.5, picture) for picture in range(0, 20, 2)]
    every = [find(0, 0.5, picture) for picture in range(20)]
    one, other = (
        BinnedPrecision(truth, found, Compared.BOX, np.ones((1, 20)), pictures=range(20))
        for found in (every, half)
    )
    for weights in Drawn([], 20, seed=0, draws=50).weights:
        # where every find is right, AP is the share of COCO's 101 recalls that are reached
        reached = (np.linspace(0, 1, 101) <= weights[::2].sum() / 20).sum() / 101
        assert other.average(weights)[0] == pytest.approx(reached)
        assert one.average(weights)[0] == 1


def test_bins_of_other_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="bins of"):
        BinnedPrecision([car(0)], [], Compared.BOX, np.ones((2, 3)))
    with pytest.raises(ValueError, match="weights of"):
        BinnedPrecision([car(0)], [], Compared.BOX, np.ones((1, 1))).average([1, 1])
    for pictures in ([1], [0, 0]):
        with pytest.raises(ValueError, match="named"):
            BinnedPrecision([car(0)], [], Compared.BOX, np.ones((1, 1)), pictures=pictures)


def test_nothing_found_is_nought() -> None:
    assert BinnedPrecision([car(0)], [], Compared.BOX, np.ones((1, 1))).average()[0] == 0
