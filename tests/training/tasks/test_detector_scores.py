"""The detector's figures, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import TooFewLabelsError  # noqa: E402
from core.evaluation.compared import matches  # noqa: E402
from core.geometry.masks import box_to_patch  # noqa: E402
from core.networks.amodal_rcnn.settings import POINTS, points_of  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.keypoints import Template  # noqa: E402
from core.records.seen import SeenObject  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.training.tasks.detector_scores import DetectorScores  # noqa: E402

SIZE = (100, 200)
NEAR, FAR = Box(10.0, 10.0, 60.0, 40.0), Box(120.0, 20.0, 40.0, 30.0)


def seen(box: Box, category: Category = Category.CAR, score: float = 1.0) -> SeenObject:
    """An object with four points on a line: one visible, one self-, one other-occluded, one truncated."""
    places, tags = np.full((POINTS, 2), np.nan), [KeypointTag.UNLABELLED] * POINTS
    start = points_of(Template.CAR if category is Category.CAR else Template.PERSON).start
    for number, tag in enumerate(
        (
            KeypointTag.VISIBLE,
            KeypointTag.SELF_OCCLUDED,
            KeypointTag.OTHER_OCCLUDED,
            KeypointTag.TRUNCATED,
        )
    ):
        places[start + number] = box.x + 5.0 * number, box.y
        tags[start + number] = tag
    mask = box_to_patch(box, *SIZE)
    return SeenObject(category, score, box, mask, mask, places, np.ones(POINTS), tuple(tags))


def figures(
    known: list[SeenObject], said: list[SeenObject], ignored: tuple[Box, ...] = ()
) -> dict[str, float]:
    scores = DetectorScores()
    scores.add(known, said, [(Category.CAR, box) for box in ignored], SIZE)
    return scores.figures()


def test_the_surest_choose_first_among_their_own_kind() -> None:
    known = [seen(NEAR), seen(FAR)]
    moved = replace(NEAR, x=NEAR.x + 5)
    said = [
        seen(moved, score=0.9),
        seen(NEAR, score=0.8),
        seen(FAR, Category.PERSON, 0.99),
        seen(FAR, score=0.2),
    ]
    assert matches(known, said) == {0: 0, 1: 3}
    assert matches(known, []) == matches([], said) == {}


def test_a_car_that_is_missed_halves_the_figures() -> None:
    out = figures([seen(NEAR), seen(FAR)], [seen(NEAR, score=0.9)])
    # precision 1 up to a recall of a half: 51 of COCO's 101 places
    assert out["box_ap"] == out["mask_ap"] == out["modal_mask_ap"] == pytest.approx(51 / 101)
    assert out["pck_0.1"] == out["pck_0.1.visible"] == 0.5
    # tags are told of what is found
    assert out["tag_accuracy"] == 1.0
    assert "pck_0.1.truncated" not in out


def test_a_point_is_right_within_a_tenth_of_the_objects_size() -> None:
    known = seen(NEAR)
    said = replace(known, places=known.places + np.array([5.9, 0.0]))
    assert figures([known], [said])["pck_0.1"] == 1.0
    said = replace(known, places=known.places + np.array([6.0, 0.0]))
    assert figures([known], [said])["pck_0.1"] == 0.0


def test_wrong_tags_count_by_what_is_true() -> None:
    known = seen(NEAR)
    told = list(known.tags)
    told[0] = KeypointTag.OTHER_OCCLUDED
    out = figures([known], [replace(known, tags=tuple(told))])
    assert out["tag_accuracy"] == 0.75
    assert out["tag_accuracy.visible"] == 0.0
    assert out["tag_accuracy.truncated"] == 1.0


def test_what_is_ignored_may_be_found_or_not() -> None:
    # surer than what is right: it would halve the precision
    stray = seen(FAR, score=0.95)
    assert figures([seen(NEAR)], [stray, seen(NEAR, score=0.9)])["box_ap"] == pytest.approx(0.5)
    out = figures([seen(NEAR)], [stray, seen(NEAR, score=0.9)], (FAR,))
    assert out["box_ap"] == out["mask_ap"] == pytest.approx(1.0)


def test_the_whole_and_what_is_seen_are_measured_apart() -> None:
    known = replace(seen(NEAR), modal=box_to_patch(Box(10.0, 10.0, 30.0, 40.0), *SIZE))
    said = seen(NEAR)  # says that all of it is seen: an overlap of a half
    out = figures([known], [said])
    assert out["mask_ap"] == pytest.approx(1.0)
    assert out["modal_mask_ap"] == pytest.approx(0.1)  # right at 0.50 alone, one threshold of ten
    assert out["modal_mask_ap50"] == pytest.approx(1.0)


def test_an_object_without_a_mask_counts_as_a_box_alone() -> None:
    known = [seen(NEAR), replace(seen(FAR), whole=None, modal=None)]
    out = figures(known, [seen(NEAR, score=0.9)])
    assert out["mask_ap"] == pytest.approx(1.0)
    assert out["box_ap"] == pytest.approx(51 / 101)


def test_without_an_object_there_are_no_figures() -> None:
    with pytest.raises(TooFewLabelsError, match="nothing to find"):
        figures([], [seen(NEAR)])
