"""What gestures do to sets of points, and what the template's look says of left, right and front."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controllers import keypoint_points as gestures
from app.controllers.keypoint_looks import LOOKS
from app.states.keypoint_look import Side, TemplateLook
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.keypoints import NAMES
from core.shapes.person_keypoints import PersonKeypoint as P

LOOK, PERSON = LOOKS[Template.CAR], LOOKS[Template.PERSON]
DOWN = ("eye", "ear", "shoulder", "elbow", "hip", "wrist", "knee", "ankle")  # from the head to the feet
PLACED = [tag for tag in KeypointTag if tag is not KeypointTag.UNLABELLED]
point = st.builds(
    PlacedPoint,
    st.floats(-100, 2000),
    st.floats(-100, 2000),
    st.sampled_from(PLACED),
    st.sampled_from([LabelOrigin.HUMAN, LabelOrigin.FIT]),
)
sets = st.builds(
    lambda points: KeypointSet(Template.CAR, tuple(points)),
    st.lists(st.none() | point, min_size=12, max_size=12),
)
ghosts = st.lists(point.map(lambda p: replace(p, origin=LabelOrigin.FIT)), min_size=12, max_size=12)


@given(sets)
def test_exchanging_twice_changes_nothing(points: KeypointSet) -> None:
    once = gestures.exchanged(points, LOOK)
    assert gestures.exchanged(once, LOOK) == points
    for index, name in enumerate(NAMES):
        other = name.replace("left", "?").replace("right", "left").replace("?", "right")
        assert once.points[NAMES.index(other)] == points.points[index]


@given(sets, ghosts)
def test_taking_over_fills_all_and_touches_no_point_that_is_placed(
    points: KeypointSet, found: list[PlacedPoint]
) -> None:
    whole = gestures.filled(points, found)
    assert whole.placed == 12
    for before, after in zip(points.points, whole.points, strict=True):
        assert before is None or after == before


@given(sets, ghosts)
def test_only_what_was_taken_over_follows_a_fit(points: KeypointSet, found: list[PlacedPoint]) -> None:
    moved = gestures.following(points, found)
    for before, after, ghost in zip(points.points, moved.points, found, strict=True):
        follows = before is not None and before.origin is LabelOrigin.FIT
        assert after == (ghost if follows else before)


@given(sets, st.integers(0, 11))
def test_the_next_point_is_one_that_is_not_placed_and_none_is_passed_over(
    points: KeypointSet, current: int
) -> None:
    found = gestures.next_open(points, LOOK, current)
    if found is None:
        assert points.placed == 12
        return
    assert points.points[found] is None
    between = range(current + 1, found if found > current else found + 12)
    assert all(points.points[index % 12] is not None for index in between)


def test_the_plan_has_left_at_the_left_and_front_in_front() -> None:
    for name, side, (x, y) in zip(LOOK.names, LOOK.sides, LOOK.plan, strict=True):
        assert side is (Side.LEFT if "left" in name else Side.RIGHT)
        assert (x < 0) is (side is Side.LEFT)
        if "front" in name or "headlight" in name:
            assert y < 0
        if "back" in name or "taillight" in name:
            assert y > 0
    assert len(set(LOOK.plan)) == 12  # from above every point has a place of its own


def test_the_figure_faces_us_and_has_left_at_our_right() -> None:
    for name, side, (x, y) in zip(PERSON.names, PERSON.sides, PERSON.plan, strict=True):
        wanted = Side.LEFT if "left" in name else Side.RIGHT if "right" in name else Side.MIDDLE
        assert side is wanted
        assert (x > 0) is (side is Side.LEFT)
        assert (x < 0) is (side is Side.RIGHT)
        assert -1 <= y <= 1
    heights = [PERSON.plan[PERSON.names.index(f"left {part}")][1] for part in DOWN]
    assert heights == sorted(heights)
    assert len(set(PERSON.plan)) == 17


@pytest.mark.parametrize("look", LOOKS.values())
def test_every_point_is_placed_once_and_joined(look: TemplateLook) -> None:
    assert sorted(look.order) == list(range(look.count))
    assert {index for line in look.skeleton for index in line} == set(range(look.count))
    assert all(look.flip[look.flip[index]] == index for index in range(look.count))


def test_a_persons_order_never_leaves_a_limb_for_another() -> None:
    """Once around the body: what comes next is joined to it, or lies beside it."""
    joined = {frozenset(line) for line in PERSON.skeleton}
    steps = [frozenset(step) for step in pairwise(PERSON.order)]
    beside = [{P.RIGHT_WRIST, P.RIGHT_HIP}, {P.LEFT_HIP, P.LEFT_WRIST}, {P.RIGHT_ANKLE, P.LEFT_ANKLE}]
    assert [step for step in steps if step not in joined] == [beside[0], beside[2], beside[1]]
    sides = [PERSON.sides[index] for index in PERSON.order]
    assert sum(one is not other for one, other in pairwise(sides)) == 3  # at the feet, and across the nose


def test_the_rest_is_what_a_person_says_and_no_point_that_is_placed() -> None:
    spot = PlacedPoint(1.0, 2.0, KeypointTag.VISIBLE)
    points = gestures.with_point(gestures.none_placed(LOOK), 3, spot)
    found = [PlacedPoint(float(i), 0.0, KeypointTag.VISIBLE, LabelOrigin.FIT) for i in range(12)]
    whole = gestures.rest(points, found, KeypointTag.OTHER_OCCLUDED)
    assert whole.points[3] == spot
    assert whole.points[4] == PlacedPoint(4.0, 0.0, KeypointTag.OTHER_OCCLUDED, LabelOrigin.HEURISTIC)
    moved = gestures.following(whole, [replace(ghost, y=9.0) for ghost in found])
    assert moved.points[3] == spot
    assert moved.points[4] == PlacedPoint(4.0, 9.0, KeypointTag.OTHER_OCCLUDED, LabelOrigin.HEURISTIC)
    assert gestures.without_taken_over(moved).placed == 1


def test_letters_tell_the_points_apart() -> None:
    assert len(set(LOOK.letters)) == 12
    assert len(set(PERSON.letters)) == 17
    assert LOOK.letters[:2] == ("RFW", "LFW")


def test_a_skeletons_line_is_on_the_side_of_both_its_ends() -> None:
    assert LOOK.side_of_line((0, 2)) is Side.RIGHT
    assert LOOK.side_of_line((1, 3)) is Side.LEFT
    assert LOOK.side_of_line((0, 1)) is Side.MIDDLE
