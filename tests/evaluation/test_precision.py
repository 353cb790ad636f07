"""Average precision of compared pictures over slices: each kind by a case worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.compared import PictureToMeasure, TruePicture, TrueThing, compare
from core.evaluation.drawn_anew import Drawn
from core.evaluation.precision import box_curves, precision_figures
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import Figure
from core.records.keypoints import Template
from core.records.seen import POINTS, SeenObject, points_of
from core.records.shapes import KeypointTag
from core.records.slices import By, Slice
from tests.evaluation.test_compared import patch, seen

HALF = Slice(By.OCCLUSION, 5)
CAR = points_of(Template.CAR)


def figures_of(
    pictures: list[tuple[list[TrueThing], list[SeenObject]]], draws: int = 0, ignored: tuple[Box, ...] = ()
) -> dict[tuple[str, Slice], Figure]:
    """All figures of some pictures of 100 x 20."""
    measured = [PictureToMeasure(TruePicture(100, 20, things, ignored), said) for things, said in pictures]
    results = []
    for place, one in enumerate(measured):
        results += [
            row.result for row in compare(one.truth, one.said, len(results), place, shown_score=0.0).objects
        ]
    drawn = Drawn([one.picture for one in results], len(measured), 0, draws)
    return {(one.name, one.slice): one for one in precision_figures(measured, results, drawn)}


def pointed(x: int, off_px: float = 0.0, labelled: int = 12, score: float = 1.0) -> SeenObject:
    """A car 10 px wide and high with some of its points in its middle, or off it."""
    places = np.full((POINTS, 2), np.nan)
    places[CAR][:labelled] = (x + 5 + off_px, 5)
    tags = [KeypointTag.UNLABELLED] * POINTS
    tags[CAR.start : CAR.start + labelled] = [KeypointTag.VISIBLE] * labelled
    return seen(x, score=score, places=places, tags=tuple(tags))


def test_what_is_seen_is_compared_apart_from_the_whole() -> None:
    """Of two cars the right half of one is hidden; the finds say the whole of both."""
    half = TrueThing(seen(0, modal=patch(0, 0, 5, 10)), occlusion=0.5)
    other = TrueThing(seen(40), occlusion=0.0)
    found = figures_of([([half, other], [seen(0, score=0.9), seen(40, score=0.8)])])
    whole = Slice()
    assert found["box_ap", whole].value == found["mask_ap", whole].value == 1.0
    # of what is seen of the first, the find is twice as much: an overlap of a half, one of ten thresholds;
    # at the others it is wrong and comes first: precision 1/2 up to a recall of 1/2
    at_others = 51 / 101 / 2
    assert found["modal_mask_ap", whole].value == pytest.approx(0.1 + 0.9 * at_others)
    assert found["modal_box_ap", whole].value == pytest.approx(0.1 + 0.9 * at_others)
    assert found["modal_box_ap", HALF].value == pytest.approx(0.1)
    assert found["box_ap50", whole].value == 1.0
    assert ("modal_box_ap50", whole) not in found


def test_by_walts_protocol_finds_elsewhere_do_not_count() -> None:
    things = [TrueThing(seen(0), occlusion=0.55), TrueThing(seen(40), occlusion=0.0)]
    said = [seen(80, score=0.9), seen(0, score=0.8, category=Category.TRUCK), seen(40, score=0.7)]
    found = figures_of([(things, said)])
    # a truck is no car, and what is found where nothing is comes first
    assert found["box_ap", HALF].value == 0.0
    assert found["box_ap", Slice(By.OCCLUSION, 0)].value == pytest.approx(0.5)
    for name in ("walt_box_ap", "walt_mask_ap"):
        for where in (HALF, Slice(By.OCCLUSION, 0), Slice()):
            assert found[name, where].value == 1.0
        assert {where.by for own, where in found if own == name} == {By.ALL, By.OCCLUSION}


def test_points_are_found_as_their_similarity_says() -> None:
    """OKS of points that are all off by d of a car of 100 px^2 is exp(-d^2 / (2 x 100 x 0.01))."""
    for off, similar in ((0.0, 1.0), (0.5, np.exp(-0.125)), (1.0, np.exp(-0.5)), (3.0, np.exp(-4.5))):
        found = figures_of([([TrueThing(pointed(0))], [pointed(0, off, score=0.9)])])
        assert found["oks_ap", Slice()].value == pytest.approx((np.linspace(0.5, 0.95, 10) <= similar).mean())


def test_objects_without_points_and_ignored_ones_may_be_found_or_not() -> None:
    things = [TrueThing(pointed(0), occlusion=0.5), TrueThing(seen(30), occlusion=0.0)]
    right = [pointed(0, score=0.5), pointed(30, score=0.9), pointed(60, score=0.8)]
    where = Box(60, 0, 10, 10)
    found = figures_of([(things, right)], ignored=(where,))
    assert found["oks_ap", Slice()].value == found["oks_ap", HALF].value == 1.0
    assert found["oks_ap", Slice()].count == 1
    assert ("oks_ap", Slice(By.OCCLUSION, 0)) not in found  # nobody labelled its points
    # where nothing is ignored, the last one is wrong and comes before the right one
    assert figures_of([(things, right)])["oks_ap", Slice()].value == pytest.approx(0.5)
    # a find without points is none of points; where nobody says any there is no figure
    assert figures_of([(things, [*right[:2], seen(60, score=0.8)])])["oks_ap", Slice()].value == 1.0
    assert ("oks_ap", Slice()) not in figures_of([(things, [seen(0, score=0.9)])])


def test_a_find_with_half_of_its_box_in_an_ignored_region_is_not_counted() -> None:
    """It comes before the right one; COCO would count it as wrong from an overlap of 0.65 on."""
    region = Box(40, 0, 30, 20)
    for left, counts in ((34, True), (35, False), (37, False)):  # 10 px wide
        found = figures_of([([TrueThing(pointed(0))], [pointed(0, score=0.5), pointed(left, score=0.9)])])
        assert found["box_ap", Slice()].value == pytest.approx(0.5)  # nothing is ignored
        said = [pointed(0, score=0.5), pointed(left, score=0.9)]
        found = figures_of([([TrueThing(pointed(0))], said)], ignored=(region,))
        for name in ("box_ap", "mask_ap", "modal_box_ap"):
            assert found[name, Slice()].value == pytest.approx(0.5 if counts else 1.0), (name, left)
    # what found an object counts, wherever that lies
    inside = figures_of([([TrueThing(seen(45))], [seen(45, score=0.9)])], ignored=(region,))
    assert inside["box_ap", Slice()].value == 1.0


def test_intervals_are_of_the_pictures() -> None:
    """Ten pictures, in every second of which the car is found: its share is drawn."""
    thing = TrueThing(pointed(0), occlusion=0.0)
    found = figures_of([([thing], [pointed(0, score=0.9)] * (n % 2)) for n in range(10)], draws=60)
    drawn = Drawn([], 10, 0, 60).weights[:, 1::2].sum(axis=1) / 10
    ends = np.percentile([(np.linspace(0, 1, 101) <= share).sum() / 101 for share in drawn], (2.5, 97.5))
    for name in ("box_ap", "modal_box_ap", "walt_mask_ap", "oks_ap"):
        one = found[name, Slice()]
        assert (one.low, one.high) == pytest.approx(tuple(ends)), name


def test_a_bar_of_few_pictures_has_no_interval() -> None:
    """One half hidden car in one of ten pictures: drawn or not, its figure is the same."""
    clear, half = TrueThing(pointed(0), occlusion=0.0), TrueThing(pointed(0), occlusion=0.5)
    said = [pointed(0, score=0.9)]
    found = figures_of([([half if n == 0 else clear], said) for n in range(10)], draws=20)
    for name in ("box_ap", "mask_ap", "walt_box_ap", "oks_ap"):
        assert (found[name, HALF].low, found[name, HALF].high) == (None, None), name
        assert found[name, Slice(By.OCCLUSION, 0)].low == 1.0, name
    four = [([clear], said)] * 4 + [([], [])] * 6
    assert figures_of(four, draws=20)["box_ap", Slice()].low is None


def test_curves_are_told_of_every_bar() -> None:
    """Two cars at 5 and 25 m, large and small; the first is found first, and a find of nothing is between."""
    things = [TrueThing(seen(0, w=20), distance_m=5.0), TrueThing(seen(40), distance_m=25.0)]
    said = [seen(0, w=20, score=0.9), seen(80, score=0.8), seen(40, score=0.7)]
    found = compare(TruePicture(100, 20, things, hour=9), said, 0, 0, shown_score=0.5)
    curves = list(box_curves([found], [one.result for one in found.objects]))
    drawn = {one.slice: (one.x, one.y) for one in curves}
    whole = ((0.5, 0.5, 1.0), (1.0, 0.5, 0.66667))
    near, far = ((1.0, 1.0), (1.0, 0.5)), ((0.0, 1.0), (0.0, 0.5))
    assert drawn == {
        Slice(): whole,
        Slice(By.HOUR, 9): whole,
        Slice(By.DISTANCE, 0): near,
        Slice(By.DISTANCE, 2): far,
        Slice(By.SIZE, 1): near,
        Slice(By.SIZE, 0): far,
    }


def test_without_masks_only_boxes_are_compared() -> None:
    bare = replace(seen(0), whole=None, modal=None)
    found = figures_of([([TrueThing(bare)], [replace(bare, score=0.9)])])
    assert {name for name, _ in found} == {"box_ap", "box_ap50", "walt_box_ap"}
