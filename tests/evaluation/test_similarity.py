"""OKS and its AP: worked by hand, and by COCO's own evaluator."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.evaluation.similarity import (
    FoundPoints,
    SimilarityPrecision,
    TruePoints,
    keypoint_similarity,
)
from core.records.boxes import Box

SIGMAS = np.full(12, 0.05)
BOX = Box(50, 50, 60, 40)


def test_one_point_is_off_by_what_its_sigma_says() -> None:
    truth = np.zeros((2, 2, 2))
    found = np.array([[[3.0, 4.0], [0.0, 0.0]], [[np.nan, np.nan], [9.0, 9.0]]])
    labelled = [[True, True], [True, False]]
    similar = keypoint_similarity(found, truth, labelled, [100.0, 50.0], [0.5, 0.1])
    # 25 px^2 against 2 x 100 x (2 x 0.5)^2
    assert similar[0] == pytest.approx((math.exp(-25 / 200) + 1) / 2)
    assert similar[1] == 0  # one labelled point, and it was not said


def test_without_labelled_points_there_is_no_similarity() -> None:
    assert np.isnan(keypoint_similarity(np.zeros((1, 1, 2)), np.zeros((1, 1, 2)), [[False]], [1.0], [0.1]))
    with pytest.raises(ValueError, match="areas"):
        keypoint_similarity(np.zeros((1, 1, 2)), np.zeros((1, 1, 2)), [[True]], [0.0], [0.1])


def scene(seed: int) -> tuple[list[TruePoints], list[FoundPoints]]:
    rng = np.random.default_rng(seed)
    truth, found = [], []
    for picture in range(8):
        for _ in range(rng.integers(0, 4)):
            points = rng.uniform(0, 200, (12, 2))
            labelled = rng.uniform(size=12) < 0.7
            truth.append(TruePoints(picture, BOX, points, labelled, float(rng.uniform(400, 4000))))
            if rng.uniform() < 0.8:
                off = rng.normal(0, rng.uniform(0, 5), (12, 2))
                found.append(FoundPoints(picture, points + off, float(rng.uniform())))
        if rng.uniform() < 0.5:
            found.append(FoundPoints(picture, rng.uniform(0, 200, (12, 2)), float(rng.uniform())))
    truth.append(TruePoints(0, BOX, rng.uniform(0, 200, (12, 2)), np.zeros(12, dtype=bool), 900.0))
    return truth, found


def cocos(truth: list[TruePoints], found: list[FoundPoints]) -> float:
    """AP by pycocotools."""
    known = COCO()
    rows = [
        {
            "id": n,
            "image_id": one.picture,
            "category_id": 1,
            "iscrowd": 0,
            "bbox": [one.box.x, one.box.y, one.box.w, one.box.h],
            "area": one.area,
            "num_keypoints": int(one.labelled.sum()),
            "keypoints": np.column_stack([one.points, 2 * one.labelled]).ravel().tolist(),
        }
        for n, one in enumerate(truth, start=1)
    ]
    known.dataset = {"images": [{"id": n} for n in range(8)], "categories": [{"id": 1}], "annotations": rows}
    known.createIndex()
    said = [
        {
            "image_id": one.picture,
            "category_id": 1,
            "keypoints": np.column_stack([one.points, np.ones(12)]).ravel().tolist(),
            "score": one.score,
        }
        for one in found
    ]
    evaluation = COCOeval(known, known.loadRes(said), "keypoints")
    evaluation.params.kpt_oks_sigmas = SIGMAS
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, -1]
    return float(precision[precision > -1].mean())


@pytest.mark.parametrize("seed", range(3))
def test_precision_is_pycocotools_own(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    truth, found = scene(seed)
    expected = pytest.approx(cocos(truth, found), abs=1e-9)
    assert SimilarityPrecision(truth, found, SIGMAS).average().tolist() == [expected]


def test_a_find_about_what_has_no_labelled_point_is_dropped() -> None:
    points = np.full((12, 2), 60.0)
    truth = [
        TruePoints(0, BOX, points, np.zeros(12, dtype=bool), 900.0),
        TruePoints(0, BOX, points + 300, np.ones(12, dtype=bool), 900.0),
    ]
    # within a box's length of the first one's box, so as near as can be; then right
    found = [FoundPoints(0, points + 40, 0.9), FoundPoints(0, points + 300, 0.5)]
    wrong = FoundPoints(0, points + 900, 0.8)
    assert SimilarityPrecision(truth, found, SIGMAS).average()[0] == 1
    assert SimilarityPrecision(truth, [*found, wrong], SIGMAS).average()[0] == pytest.approx(0.5)
    # COCO's evaluator says so as well
    assert cocos(truth, [*found, wrong]) == pytest.approx(0.5)


def test_bins_and_weights_of_oks() -> None:
    truth, found = scene(1)
    members = np.arange(len(truth)) % 2 == 0
    counted = SimilarityPrecision(truth, found, SIGMAS, [members, ~members], pictures=range(9))
    twice = [(one, number) for one in (0, 10) for number in range(9)]
    weights = np.arange(9) % 3
    more_truth, more_found, own = [], [], []
    for start, number in twice:
        if weights[number] <= start / 10:
            continue
        for place, one in enumerate(truth):
            if one.picture == number:
                more_truth.append(replace(one, picture=number + start))
                own.append(members[place])
        more_found += [replace(one, picture=number + start) for one in found if one.picture == number]
    flags = np.array(own)
    expected = SimilarityPrecision(more_truth, more_found, SIGMAS, [flags, ~flags]).average()
    np.testing.assert_allclose(counted.average(weights), expected, atol=1e-12)
    with pytest.raises(ValueError, match="named"):
        SimilarityPrecision(truth, found, SIGMAS, pictures=[0])
    with pytest.raises(ValueError, match="bins of"):
        SimilarityPrecision(truth, found, SIGMAS, [[True]])


def test_areas_that_are_none_and_scores_that_are_no_numbers_are_refused() -> None:
    truth, found = scene(0)
    for known, said in (
        ([replace(truth[0], area=0.0)], found),
        (truth, [replace(found[0], score=math.nan)]),
    ):
        with pytest.raises(ValueError, match="area is not positive"):
            SimilarityPrecision(known, said, SIGMAS)


def test_nothing_there_is_no_figure_and_nothing_found_is_nought() -> None:
    truth, found = scene(0)
    assert np.isnan(SimilarityPrecision([truth[-1]], found, SIGMAS).average()[0])
    assert SimilarityPrecision(truth, [], SIGMAS).average()[0] == 0
