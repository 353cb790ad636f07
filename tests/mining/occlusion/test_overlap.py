"""OVERLAP: what touches from in front covers; what stands behind, apart, or is the same find does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.mining.occlusion.overlap import overlap_outcomes, same_objects
from core.mining.occlusion.settings import OcclusionSettings
from core.mining.occlusion.shapes import Surroundings, reach_px
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.occlusion import Observation, TestOutcome

Row = tuple[int, int, int, int]


def seen(
    number: int,
    row: Row,
    *,
    mask: bool = True,
    category: Category = Category.CAR,
    bits: np.ndarray | None = None,
) -> Observation:
    x, y, w, h = row
    patch = MaskPatch(x, y, np.ones((h, w), dtype=bool) if bits is None else bits) if mask else None
    return Observation(number, 0, 0.0, None, Box(*map(float, row)), category, 0.9, patch)


def outcomes(*members: Observation) -> list[TestOutcome]:
    return overlap_outcomes(list(members), [Surroundings(one) for one in members], OcclusionSettings())


def straight_border(length: int, size: int) -> float:
    """The value for two masks that touch along a straight edge, summed by hand.

    Rows of the neighbour lie 1, 2, … px from the edge's pixels; each counts 1 - d / (2 reach).
    """
    reach = reach_px(size)
    weights = sum(max(1 - d / (2 * reach), 0.0) for d in range(1, 20))
    return length * weights / (reach * size)


def test_a_cut_mask_is_covered_by_the_nearer_one() -> None:
    # the nearer car begins where the farther one's mask ends; their boxes do not overlap at all
    far, near = outcomes(seen(1, (100, 50, 60, 20)), seen(2, (100, 70, 60, 40)))
    assert far.occluded
    assert far.by == 2
    # the ends of the edge add a little; the middle is exact
    assert far.value == pytest.approx(straight_border(60, 60), rel=0.05)
    assert "car 2" in far.detail
    assert not near.occluded
    assert near.margin == 1.0


@pytest.mark.parametrize("gap", [0, 1, 2, 4, 8, 12])
def test_contact_fades_with_the_gap(gap: int) -> None:
    far, _ = outcomes(seen(1, (100, 50, 60, 20)), seen(2, (100, 70 + gap, 60, 40)))
    reach = reach_px(60)
    weights = sum(max(1 - d / (2 * reach), 0.0) for d in range(1 + gap, 20))
    assert far.value == pytest.approx(60 * weights / (reach * 60), rel=0.08, abs=0.01)
    assert far.occluded == (gap <= 2)


def test_boxes_that_overlap_without_masks_that_touch_are_no_cover() -> None:
    # two cars on neighbouring lanes: their boxes share a corner of 20 x 20 px that neither mask fills
    down, across = np.mgrid[0:40, 0:60]
    far = seen(1, (100, 50, 60, 40), bits=down + across < 60)
    near = seen(2, (140, 70, 60, 40), bits=down + across > 40)
    masked = outcomes(far, near)[0]
    bare = outcomes(seen(1, (100, 50, 60, 40), mask=False), seen(2, (140, 70, 60, 40), mask=False))[0]
    assert not masked.occluded
    assert bare.occluded
    assert bare.value == pytest.approx(20 * 20 / (60 * 40))


def test_every_category_covers() -> None:
    for category in Category:
        far, _ = outcomes(seen(1, (100, 50, 60, 20)), seen(2, (90, 70, 80, 60), category=category))
        assert far.occluded


def test_two_finds_of_one_object_do_not_cover_each_other() -> None:
    whole, part = seen(1, (100, 50, 60, 40)), seen(2, (110, 52, 48, 39), category=Category.TRUCK)
    assert same_objects([whole, part])[0, 1]
    assert not any(one.occluded for one in outcomes(whole, part))


def test_a_person_in_front_of_a_car_is_not_the_car() -> None:
    # a mask drawn through the person: much of the smaller mask lies inside the larger
    car, person = seen(1, (100, 50, 60, 40)), seen(2, (120, 55, 10, 40), category=Category.PERSON)
    first, second = outcomes(car, person)
    assert first.occluded
    assert first.by == 2
    assert not second.occluded


def test_neither_of_two_on_one_level_is_nearer() -> None:
    left, right = outcomes(seen(1, (100, 50, 60, 40)), seen(2, (160, 50, 60, 40)))
    assert not left.occluded
    assert not right.occluded


def test_several_nearer_ones_add_up_and_the_greatest_is_named() -> None:
    alone, _ = outcomes(seen(1, (100, 50, 60, 20)), seen(2, (100, 70, 10, 30)))
    both, _, _ = outcomes(seen(1, (100, 50, 60, 20)), seen(2, (100, 70, 10, 30)), seen(3, (130, 70, 30, 30)))
    assert both.value > alone.value
    assert both.by == 3


def test_an_empty_frame() -> None:
    assert outcomes() == []


row = st.tuples(st.integers(0, 80), st.integers(0, 80), st.integers(4, 40), st.integers(4, 40))


@settings(max_examples=60, deadline=None)
@given(st.lists(row, min_size=1, max_size=8), st.booleans())
def test_only_lower_objects_cover_and_far_ones_change_nothing(rows: list[Row], mask: bool) -> None:
    members = [seen(number, one, mask=mask) for number, one in enumerate(rows)]
    found = outcomes(*members)
    away = outcomes(*members, seen(99, (400, 400, 30, 30), mask=mask))
    for one, outcome, same in zip(members, found, away, strict=False):
        assert same == outcome
        assert outcome.occluded == (outcome.value > outcome.threshold)
        assert (outcome.margin < 0) == outcome.occluded
        if outcome.by is not None:
            assert members[outcome.by].box.bottom > one.box.bottom
