"""Which labels teach and which are measured by: no object and no moment is on both sides."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compositing.sampling.splits import (
    Borders,
    Lifetime,
    SplitSettings,
    borders_of,
    split_by_time,
)
from core.jobs.train.sides import Key, Labelled, Sides, key_of
from core.records.recipes import Split

GUARD_S = 2.0
MOMENTS = st.floats(0, 1000, allow_nan=False)
KEYS: st.SearchStrategy[Key] = st.builds(lambda number: ("track", number), st.integers(1, 12))
VIEWS = st.lists(
    st.builds(
        lambda number, key, camera, moment: Labelled(number, key, camera, moment),
        *(st.integers(1, 10_000), KEYS, st.integers(1, 2), MOMENTS),
    ),
    max_size=60,
)


@st.composite
def sides(draw: st.DrawFn) -> Sides:
    """Borders in any place, and composites that took something already: not always by these borders."""
    borders = {}
    for camera in (1, 2):
        first, second = sorted((draw(MOMENTS), draw(MOMENTS)))
        borders[camera] = Borders(first, second, GUARD_S)
    taught = draw(st.frozensets(KEYS, max_size=3))
    return Sides(
        borders,
        draw(st.dictionaries(st.integers(1, 2), MOMENTS)),
        draw(st.dictionaries(st.integers(1, 2), MOMENTS)),
        taught,
        draw(st.frozensets(KEYS, max_size=3)) - taught,
    )


@given(sides(), VIEWS)
def test_no_object_and_no_moment_is_on_both_sides(made: Sides, views: list[Labelled]) -> None:
    teaching = made.teaching(views)
    measuring = made.measuring(views, teaching)
    taught = {one.key for one in teaching} | made.taught
    measured = {one.key for one in measuring} | made.measured
    assert not taught & {one.key for one in measuring}
    assert not {one.key for one in teaching} & measured
    for camera in (1, 2):
        last = max((one.moment_s for one in teaching if one.camera_id == camera), default=-math.inf)
        first = min((one.moment_s for one in measuring if one.camera_id == camera), default=math.inf)
        assert first - last > GUARD_S
        assert first > made.taught_until.get(camera, -math.inf) + GUARD_S
        assert last < made.measured_from.get(camera, math.inf) - GUARD_S


@given(sides(), VIEWS)
def test_what_is_tested_by_was_never_seen(made: Sides, views: list[Labelled]) -> None:
    teaching = made.teaching(views)
    measuring = made.measuring(views, teaching)
    testing = made.testing(views, [*teaching, *measuring])
    keys = {one.key for one in testing}
    assert not keys & ({one.key for one in (*teaching, *measuring)} | made.taught | made.measured)
    for camera in (1, 2):
        last = max(
            (one.moment_s for one in (*teaching, *measuring) if one.camera_id == camera), default=-math.inf
        )
        first = min((one.moment_s for one in testing if one.camera_id == camera), default=math.inf)
        assert first - last > GUARD_S
        assert first > made.taught_until.get(camera, -math.inf) + GUARD_S


def test_borders_come_back_from_a_runs_row() -> None:
    borders = {1: Borders(10.5, math.inf, 2.0), 2: Borders(-math.inf, 3.0, 0.5)}
    told = json.loads(json.dumps(Sides(borders).as_json()))
    elsewhere = {1: Borders(1.0, 2.0, 3.0), 2: Borders(1.0, 2.0, 3.0), 3: Borders(1.0, 2.0, 3.0)}
    assert Sides(elsewhere).with_borders(told).borders == {**borders, 3: elsewhere[3]}


@given(
    st.lists(st.tuples(MOMENTS, st.floats(0, 50)), max_size=40),
    st.tuples(st.integers(1, 9), st.integers(0, 5), st.integers(0, 5)),
)
def test_borders_split_tracks_as_composites_are_split(
    spans: list[tuple[float, float]], shares: tuple[int, int, int]
) -> None:
    lives = [Lifetime(number, first, first + length) for number, (first, length) in enumerate(spans)]
    settings = SplitSettings(shares, GUARD_S)
    borders, splits = borders_of(lives, settings), split_by_time(lives, settings)
    for one in lives:
        assert borders.split_of(one.first_s, one.last_s) is splits.get(one.key)
        moment = borders.split_of(one.first_s, one.first_s)
        if one.key in splits:  # each of its frames is on its own side
            assert moment is splits[one.key]
            assert borders.split_of(one.last_s, one.last_s) is splits[one.key]


def test_an_object_without_a_track_is_itself() -> None:
    assert key_of(5, None) != key_of(5, 5)
    assert key_of(5, 7) == key_of(6, 7)


def test_what_is_for_the_test_is_on_neither_side() -> None:
    made = Sides({1: Borders(10.0, 20.0, GUARD_S)})
    views = [Labelled(number, ("track", number), 1, float(number)) for number in range(30)]
    teaching = made.teaching(views)
    measuring = made.measuring(views, teaching)
    assert [one.instance_id for one in teaching] == list(range(8))
    assert [one.instance_id for one in measuring] == list(range(13, 18))
    assert made.of_moment(1, 25.0) is Split.TEST


@pytest.mark.parametrize("key", [("track", 3), ("object", 3)])
def test_a_parked_car_teaches_and_is_not_measured_by(key: Key) -> None:
    made = Sides({1: Borders(10.0, 20.0, GUARD_S)})
    views = [Labelled(number, key, 1, float(number)) for number in range(30)]
    teaching = made.teaching(views)
    assert len(teaching) == 8
    assert made.measuring(views, teaching) == []
