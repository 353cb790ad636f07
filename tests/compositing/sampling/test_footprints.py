"""Footprints: what they cover, and whether two meet, against plain geometry."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.compositing.sampling.footprints import (
    Footprint,
    are_apart,
    disc_footprint,
    polygon_footprint,
    rectangle_footprint,
)
from tests.compositing.sampling import grounds

MARGIN = 150


def turns(one: Footprint) -> list[int]:
    count = len(one.corners)
    return [
        (one.corners[(k + 1) % count][0] - one.corners[k][0])
        * (one.corners[(k + 2) % count][1] - one.corners[(k + 1) % count][1])
        - (one.corners[(k + 1) % count][1] - one.corners[k][1])
        * (one.corners[(k + 2) % count][0] - one.corners[(k + 1) % count][0])
        for k in range(count)
    ]


@given(grounds.footprints)
def test_corners_run_counter_clockwise_and_none_is_idle(one):
    assert min(turns(one)) > 0


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(-9, 9)), min_size=3, max_size=20))
def test_a_hull_holds_all_its_points(points):
    try:
        hull = polygon_footprint(points)
    except ValueError:
        return
    assert min(turns(hull)) > 0
    assert all(grounds.inside(hull, (round(1000 * x), round(1000 * y))) for x, y in points)


def test_points_on_a_line_have_no_area():
    with pytest.raises(ValueError, match="area"):
        polygon_footprint([(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)])


def test_a_rectangle_has_the_heading_that_is_asked_for():
    heading = math.radians(30)
    cos, sin = math.cos(heading), math.sin(heading)
    ends = [(a * cos - b * sin, a * sin + b * cos) for a, b in ((2, 1), (-2, 1), (-2, -1), (2, -1), (1, 0))]
    one = rectangle_footprint(ends, heading)
    expected = {(round(1000 * x), round(1000 * y)) for x, y in ends[:4]}
    assert all(min(math.dist(corner, other) for other in expected) <= 1.5 for corner in one.corners)


def test_a_disc_is_covered_whole():
    one = disc_footprint((5.0, 2.0), 300)
    for k in range(360):
        angle = math.radians(k)
        edge = (5000 + 299 * math.cos(angle), 2000 + 299 * math.sin(angle))
        assert grounds.inside(one, (round(edge[0]), round(edge[1])))
    assert max(math.dist(corner, (5000, 2000)) for corner in one.corners) < 320


@settings(max_examples=300)
@given(grounds.footprints, grounds.footprints)
def test_what_is_apart_has_the_margin_between(a, b):
    away = grounds.distance_mm(a, b)
    apart = are_apart(a, b, MARGIN)
    assert apart == are_apart(b, a, MARGIN)
    if apart:
        assert away >= MARGIN
    else:
        # told by edges, a corner before a corner is asked for more: the worst is two right angles
        assert away < MARGIN * math.sqrt(2) + 2


@settings(max_examples=200)
@given(grounds.footprints, grounds.footprints)
def test_without_a_margin_only_what_meets_is_not_apart(a, b):
    assert are_apart(a, b, 0) == (grounds.distance_mm(a, b) > 0)


def test_the_margin_itself_is_enough():
    a = Footprint(((0, 0), (1000, 0), (1000, 1000), (0, 1000)))
    for gap, apart in ((150, True), (149, False)):
        b = Footprint(tuple((x + 1000 + gap, y) for x, y in a.corners))
        assert are_apart(a, b, 150) is apart


def test_dragged_along_its_sight_it_keeps_its_size():
    one = grounds.car(10.0, 5.0, 0.3)
    far = one.scaled(2 * 65536)
    (x1, y1, x2, y2), (u1, v1, u2, v2) = one.bounds, far.bounds
    assert (u2 - u1, v2 - v1) == (x2 - x1, y2 - y1)
    assert abs(u1 + u2 - 2 * (x1 + x2)) <= 4
    assert abs(v1 + v2 - 2 * (y1 + y2)) <= 4
