"""Labels and predictions that cannot be compared are refused by name."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import EvaluationError
from core.evaluation.average_precision import Compared, average_precision
from core.evaluation.checks import check_comparable, check_points_comparable, check_tracks
from core.evaluation.similarity import FoundPoints, TruePoints
from core.evaluation.tracking import TracksInFrame
from core.geometry.masks import full_to_patch, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.masks import Rle


def filled(height: int = 4, width: int = 6, value: bool = True) -> Rle:
    return patch_to_rle(full_to_patch(np.full((height, width), value)), height, width)


PICTURES = {1: (4, 6), 2: (4, 6)}
TRUTH = TrueObject(1, Category.CAR, Box(0, 0, 6, 4), filled(), visible=filled(), occlusion=0.0)
FOUND = FoundObject(1, Category.CAR, Box(0, 0, 6, 4), 0.5, filled())


def refused(truth: list[TrueObject], found: list[FoundObject], **more: Any) -> str:
    with pytest.raises(EvaluationError) as met:
        check_comparable(truth, found, PICTURES, Compared.MASK, **more)
    return met.value.problem


def test_what_is_whole_passes_and_so_does_nothing() -> None:
    check_comparable([TRUTH], [FOUND, replace(FOUND, picture=2)], PICTURES, Compared.MASK)
    check_comparable([], [], {}, Compared.MASK)
    unseen = replace(TRUTH, visible=filled(value=False), occlusion=1.0)
    crowd = replace(TRUTH, box=Box(0, 0, 0, 0), mask=filled(value=False), ignored=True)
    check_comparable([unseen, crowd], [replace(FOUND, mask=filled(value=False))], PICTURES, Compared.MASK)
    check_comparable([replace(TRUTH, mask=None)], [replace(FOUND, mask=None)], PICTURES, Compared.BOX)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"picture": 7}, "picture 7 is none"),
        ({"category": Category.PERSON}, "person were not labelled"),
        ({"box": Box(0, 0, math.nan, 4)}, "no number"),
        ({"box": Box(0, 0, 6, 0)}, r"no area (6 x 0)"),
        ({"mask": None}, "no mask"),
        ({"mask": filled(5, 6)}, "6 x 5 px, its picture of 6 x 4"),
        ({"mask": Rle(4, 6, b"99")}, "its mask is damaged"),
    ],
)
def test_each_side_is_told_by_its_name(change: dict[str, Any], words: str) -> None:
    kinds = {"categories": [Category.CAR]}
    problem = refused([TRUTH], [FOUND, replace(FOUND, **change)], found_ids=[4, "x9"], **kinds)
    assert problem.startswith("Prediction x9 ")
    assert words in problem
    problem = refused([TRUTH, replace(TRUTH, **change)], [FOUND], **kinds)
    assert problem.startswith("Label 2 ")
    assert words in problem


def test_what_only_one_side_has() -> None:
    assert "no number" in refused([], [replace(FOUND, score=math.nan)])
    assert "no share" in refused([replace(TRUTH, occlusion=1.5)], [])
    assert "no pixel" in refused([replace(TRUTH, mask=filled(value=False))], [])
    assert "its visible mask is of 6 x 5" in refused([replace(TRUTH, visible=filled(5, 6))], [])
    assert "two with the id 3" in refused([TRUTH, TRUTH], [], truth_ids=[3, 3])
    assert "two with the id 3" in refused([], [FOUND, FOUND], found_ids=[3, 3])
    with pytest.raises(ValueError, match="names of"):
        check_comparable([TRUTH], [], PICTURES, Compared.MASK, truth_ids=[])


def test_without_predictions_all_is_nought_and_without_labels_there_is_no_figure() -> None:
    nothing = average_precision([TRUTH], [], Compared.MASK)
    assert nothing is not None
    assert nothing.ap == 0
    assert average_precision([], [FOUND], Compared.MASK) is None
    surer = replace(FOUND, picture=2, score=0.9)
    elsewhere = average_precision([TRUTH], [surer, FOUND], Compared.MASK)
    assert elsewhere is not None
    assert elsewhere.ap == pytest.approx(0.5)


def test_points_are_told_by_their_names() -> None:
    places, labelled = np.zeros((12, 2)), np.ones(12, dtype=bool)
    known = TruePoints(1, Box(0, 0, 6, 4), places, labelled, 24.0)
    said = FoundPoints(1, np.full((12, 2), np.nan), 0.5)
    check_points_comparable([known], [said], [1], 12)
    nowhere = replace(known, points=np.full((12, 2), np.nan))
    check_points_comparable([replace(nowhere, labelled=~labelled)], [], [1], 12)
    for truth, found, words in [
        ([replace(known, picture=3)], [], "Label 1 .*picture 3"),
        ([known, replace(known, area=0.0)], [], "Label 2 .*no area"),
        ([nowhere], [], "Label 1 .*nowhere"),
        ([], [replace(said, points=np.zeros((17, 2)))], "Prediction 1 .*17 points, not 12"),
        ([], [replace(said, score=math.inf)], "Prediction 1 .*score"),
    ]:
        with pytest.raises(EvaluationError, match=words):
            check_points_comparable(truth, found, [1], 12)
    with pytest.raises(EvaluationError, match="two with the id 5"):
        check_points_comparable([], [said, said], [1], 12, found_ids=[5, 5])


def test_tracks_are_told_by_sequence_and_frame() -> None:
    box = np.array([[0.0, 0.0, 5.0, 5.0]])
    good, empty = TracksInFrame(np.array([1]), box), TracksInFrame(np.zeros(0, int), np.zeros((0, 4)))
    check_tracks("a", [good, empty], [empty, good])
    for frame, words in [
        (TracksInFrame(np.array([1, 1]), np.concatenate([box, box])), "frame 2 an id stands twice"),
        (TracksInFrame(np.array([1]), np.concatenate([box, box])), "frame 2 there are 2 boxes for 1 ids"),
        (TracksInFrame(np.array([1]), box * [1, 1, 0, 1]), "frame 2 a box has no area"),
        (TracksInFrame(np.array([1]), box + np.nan), "frame 2 a box has no area"),
    ]:
        with pytest.raises(EvaluationError, match=f"predictions of sequence a .*{words}"):
            check_tracks("a", [good, good], [good, frame])
        with pytest.raises(EvaluationError, match=f"labels of sequence a .*{words}"):
            check_tracks("a", [good, frame], [good, good])
    with pytest.raises(EvaluationError, match="2 labelled frames, and predictions for 1"):
        check_tracks("a", [good, good], [good])
