"""A picture compared with its truth: matches, misses, confusions, hidden parts and points, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from core.evaluation.compared import TruePicture, TrueThing, compare, hidden_iou
from core.evaluation.point_tally import ALPHAS, tag_words, tally_points
from core.geometry.masks import full_to_patch
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import Outcome
from core.records.keypoints import Template
from core.records.masks import MaskPatch
from core.records.seen import POINTS, Car3D, SeenObject
from core.records.shapes import KeypointTag

VISIBLE, SELF, OTHER = KeypointTag.VISIBLE, KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED
TRUNCATED, UNLABELLED = KeypointTag.TRUNCATED, KeypointTag.UNLABELLED


def patch(x: int, y: int, w: int, h: int) -> MaskPatch:
    return MaskPatch(x, y, np.ones((h, w), dtype=np.bool_))


def seen(
    x: int, w: int = 10, category: Category = Category.CAR, score: float = 1.0, **more: Any
) -> SeenObject:
    """An object 10 px high at the picture's top, all of which is seen."""
    values: dict[str, Any] = {
        "whole": patch(x, 0, w, 10),
        "modal": patch(x, 0, w, 10),
        "places": np.full((POINTS, 2), np.nan),
        "sure": np.zeros(POINTS),
        "tags": (UNLABELLED,) * POINTS,
    }
    return SeenObject(category, score, Box(x, 0, w, 10), **(values | more))


def pictured(*things: SeenObject, ignored: tuple[Box, ...] = ()) -> TruePicture:
    return TruePicture(100, 20, [TrueThing(one, instance_id=n) for n, one in enumerate(things)], ignored, 9)


def test_each_object_is_found_missed_taken_for_another_or_made_up() -> None:
    truth = pictured(seen(0), seen(20), seen(40), seen(60), ignored=(Box(80, 0, 20, 20),))
    said = [
        seen(0, score=0.9),
        seen(2, score=0.8),  # beside the first, which is taken: made up
        seen(20, category=Category.TRUCK, score=0.7),
        seen(43, w=7, score=0.6),  # inside the third
        seen(85, score=0.95),  # where anything may be
        seen(62, w=8, category=Category.PERSON, score=0.1),  # too unsure to be a confusion
    ]
    found = compare(truth, said, 5, 3, shown_score=0.5)
    results = [one.result for one in found.objects]
    assert [one.number for one in results] == [5, 6, 7, 8, 9]
    assert {one.picture for one in results} == {3}
    assert [one.outcome for one in results] == [
        *(Outcome.FOUND, Outcome.WRONG, Outcome.FOUND, Outcome.MISSED, Outcome.EXTRA)
    ]
    assert [one.said for one in results] == [
        *(Category.CAR, Category.TRUCK, Category.CAR, None, Category.CAR)
    ]
    assert results[2].box_iou == pytest.approx(0.7)
    assert results[2].mask_iou == pytest.approx(0.7)
    assert [one.badness for one in results] == pytest.approx([0.0, 1.0, 0.3, 1.0, 0.8])
    # for curves all finds count but the one that is ignored, the surest first
    assert [score for score, _ in found.finds] == [0.9, 0.8, 0.7, 0.6, 0.1]
    assert [place for _, place in found.finds] == [0, None, None, 2, None]


def test_the_hidden_part_is_compared_alone() -> None:
    """Of ten columns the last four are hidden."""
    known = seen(0, modal=patch(0, 0, 6, 10))
    assert hidden_iou(known, seen(0)) == 1.0
    assert hidden_iou(known, seen(0, w=8, whole=patch(0, 0, 8, 10))) == pytest.approx(0.5)
    assert hidden_iou(known, seen(0, w=12)) == pytest.approx(4 / 6)  # two columns too far
    assert hidden_iou(known, seen(0, whole=patch(0, 0, 6, 10))) == 0.0  # nothing is said to be hidden
    # what is seen in truth counts neither for nor against it
    assert hidden_iou(known, seen(0, whole=patch(3, 0, 7, 10), modal=None)) == 1.0
    assert hidden_iou(known, None) == 0.0
    assert hidden_iou(seen(0), None) is None  # nothing is hidden
    assert hidden_iou(known, seen(0, whole=None)) is None


def test_without_masks_a_miss_says_nothing_of_hidden_parts() -> None:
    truth = pictured(seen(0, modal=patch(0, 0, 6, 10)), seen(20, modal=patch(20, 0, 6, 10)))
    boxes = [seen(0, whole=None, modal=None)]
    [found, missed] = compare(truth, boxes, 0, 0, 0.5, masked=False).objects
    assert (found.result.hidden_iou, missed.result.hidden_iou) == (None, None)
    [_, missed] = compare(truth, [seen(0)], 0, 0, 0.5).objects
    assert missed.result.hidden_iou == 0.0


masks = arrays(np.bool_, (5, 6))


@settings(max_examples=60)
@given(masks, masks, masks)
def test_the_hidden_part_pixel_by_pixel(
    whole: NDArray[np.bool_], visible: NDArray[np.bool_], found: NDArray[np.bool_]
) -> None:
    true, told = whole & ~visible, found & ~visible
    expected = (true & told).sum() / (true | told).sum() if true.any() else None
    known = seen(0, whole=full_to_patch(whole), modal=full_to_patch(visible))
    assert hidden_iou(known, seen(0, whole=full_to_patch(found))) == expected


def test_points_count_by_the_tag_that_is_true() -> None:
    truth = np.full((12, 2), np.nan)
    truth[:5] = [(0, 0), (10, 0), (20, 0), (30, 0), (500, 0)]
    tags = [VISIBLE, VISIBLE, SELF, OTHER, TRUNCATED] + [UNLABELLED] * 7
    said = truth.copy()
    said[1] += (7.5, 0)  # 0.075 of L
    said[2] += (15.0, 0)  # 0.15 of L
    said[3] = np.nan
    told = [VISIBLE, OTHER, SELF, OTHER, TRUNCATED] + [VISIBLE] * 7
    tally = tally_points(said, truth, told, tags, Box(0, 0, 100, 50), Template.CAR)
    assert tally.placed.tolist() == [2, 1, 1, 0]  # what lies outside has no place
    assert tally.right[ALPHAS.index(0.05)].tolist() == [1, 0, 0, 0]
    assert tally.right[ALPHAS.index(0.1)].tolist() == [2, 0, 0, 0]
    assert tally.right[ALPHAS.index(0.2)].tolist() == [2, 1, 0, 0]
    assert tally.table.tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    spread = 2 * 0.53 * 100 * 50 * (2 * 0.05) ** 2
    near = [1.0, np.exp(-(7.5**2) / spread), np.exp(-(15.0**2) / spread), 0.0]
    assert tally.similarity == pytest.approx(np.mean(near))
    words = tag_words(tally)
    assert (words["points_right"], words["points_placed"]) == (2, 4)
    assert (words["tags_right"], words["tags_told"]) == (4, 5)
    assert (words["tags"], words["wrong_tags"]) == (0b1111, 0b0110)
    assert words["tag_pairs"] == 1 << 0 | 1 << 2 | 1 << 5 | 1 << 10 | 1 << 15


def test_cars_are_compared_in_3d() -> None:
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    true_car = Car3D(np.eye(3), np.array([0.0, 0.0, 20.0]), np.zeros(3))
    said_car = Car3D(turn, np.array([3.0, 4.0, 20.0]), np.zeros(3))
    found = compare(pictured(seen(0, solid=true_car)), [seen(0, solid=said_car)], 0, 0, 0.5)
    [one] = found.objects
    assert one.result.rotation_rad == pytest.approx(np.pi / 2)
    assert one.result.place_m == pytest.approx(5.0)
    assert one.said.car is not None
    assert one.said.car.translation == (3.0, 4.0, 20.0)
    assert one.said.true_car is not None
    assert one.said.true_car.rotation[:2] == (1.0, 0.0)


def test_nothing_said_and_nothing_there_are_no_errors() -> None:
    assert compare(pictured(), [], 0, 0, 0.5).objects == []
    [missed] = compare(pictured(seen(0)), [], 0, 0, 0.5).objects
    assert missed.result.outcome is Outcome.MISSED
    [made_up] = compare(pictured(), [seen(0, score=0.6)], 0, 0, 0.5).objects
    assert (made_up.result.outcome, made_up.result.instance_id) == (Outcome.EXTRA, None)
