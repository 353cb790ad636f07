"""Where a person's points are guessed to be: by another view, by a standing figure, between two views."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controllers.keypoint_figure import between, moved_along, settled, standing
from app.controllers.keypoint_looks import LOOKS
from app.controllers.keypoint_points import none_placed, with_point
from core.records.boxes import Box
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import PersonKeypoint as P

NONE = none_placed(LOOKS[Template.PERSON])
numbers = st.floats(-500, 2000)
boxes = st.builds(Box, numbers, numbers, st.floats(2, 400), st.floats(2, 400))
whole = st.lists(
    st.builds(PlacedPoint, numbers, numbers, st.sampled_from([KeypointTag.VISIBLE, KeypointTag.TRUNCATED])),
    min_size=17,
    max_size=17,
).map(lambda points: KeypointSet(Template.PERSON, tuple(points)))


@given(whole, boxes, boxes)
def test_points_lie_to_the_new_box_as_they_lay_to_the_old(points: KeypointSet, then: Box, now: Box) -> None:
    moved = moved_along(points, then, now)
    for before, after in zip(points.points, moved, strict=True):
        assert before is not None
        # boxes lie on pixel edges, points on centres
        assert (after.x + 0.5 - now.x) / now.w == pytest.approx((before.x + 0.5 - then.x) / then.w, abs=1e-6)
        assert (after.y + 0.5 - now.y) / now.h == pytest.approx((before.y + 0.5 - then.y) / then.h, abs=1e-6)
        assert (after.tag, after.origin) == (before.tag, LabelOrigin.HEURISTIC)


def test_points_of_which_one_is_missing_are_not_moved() -> None:
    assert moved_along(NONE, Box(0, 0, 10, 20), Box(5, 0, 10, 20)) == ()


@given(boxes)
def test_somebody_who_stands_fills_the_box_upright(box: Box) -> None:
    found = standing(box, NONE, turned_away=False)
    assert all(box.y - 0.5 <= point.y <= box.bottom - 0.5 for point in found)
    assert found[P.NOSE].x == pytest.approx(box.x + box.w / 2 - 0.5)
    assert found[P.LEFT_SHOULDER].x > found[P.RIGHT_SHOULDER].x  # who faces us has the left at our right
    back = standing(box, NONE, turned_away=True)
    assert back[P.LEFT_SHOULDER].x == found[P.RIGHT_SHOULDER].x


@given(boxes.filter(lambda box: box.h > 20), st.floats(0.6, 1.8), numbers, numbers)
def test_a_figure_meets_points_that_were_placed_on_one_of_another_size(
    box: Box, size: float, x: float, y: float
) -> None:
    figure = standing(box, NONE, turned_away=False)
    points = NONE
    for index in (P.LEFT_SHOULDER, P.RIGHT_HIP, P.LEFT_KNEE):
        place = PlacedPoint(x + size * figure[index].x, y + size * figure[index].y, KeypointTag.VISIBLE)
        points = with_point(points, index, place)
    laid = standing(box, points, turned_away=False)
    for before, after in zip(figure, laid, strict=True):
        assert after.x == pytest.approx(x + size * before.x, abs=1e-6 * (1 + abs(x) + box.h))
        assert after.y == pytest.approx(y + size * before.y, abs=1e-6 * (1 + abs(y) + box.h))


def test_points_of_another_view_move_to_the_one_that_was_placed() -> None:
    carried = standing(Box(0, 0, 50, 100), NONE, turned_away=False)
    nose = carried[P.NOSE]
    points = with_point(NONE, P.NOSE, PlacedPoint(nose.x + 3, nose.y - 2, KeypointTag.VISIBLE))
    for before, after in zip(carried, settled(carried, points), strict=True):
        assert (after.x - before.x, after.y - before.y) == pytest.approx((3, -2))
    # a foot has gone where it swung: the rest stays
    ankle = carried[P.LEFT_ANKLE]
    swung = PlacedPoint(ankle.x + 20, ankle.y, KeypointTag.VISIBLE)
    assert settled(carried, with_point(NONE, P.LEFT_ANKLE, swung)) == carried
    assert settled(carried, with_point(points, P.LEFT_ANKLE, swung)) == settled(carried, points)
    # guesses pull at nothing
    guess = PlacedPoint(900, 900, KeypointTag.VISIBLE, LabelOrigin.HEURISTIC)
    assert settled(carried, with_point(NONE, P.NOSE, guess)) == carried


def test_between_two_views_the_nearer_counts_more() -> None:
    one = PlacedPoint(0.0, 0.0, KeypointTag.VISIBLE)
    other = PlacedPoint(10.0, 20.0, KeypointTag.SELF_OCCLUDED)
    [found] = between([one], [other], 0.25)
    assert (found.x, found.y, found.tag) == (2.5, 5.0, KeypointTag.VISIBLE)
    [found] = between([one], [other], 0.75)
    assert (found.x, found.y, found.tag) == (7.5, 15.0, KeypointTag.SELF_OCCLUDED)
