"""The cars that a calibration rests on, out of very many: a fair share of each, and spread over its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin, Verdict
from core.records.shapes import KeypointTag
from core.store.edits.verdicts import set_verdict
from core.store.project import Project
from core.store.queries.sighting_choice import ChosenSighting, choose_sightings
from core.store.writers.detections import add_instances
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from core.store.writers.tracks import write_track
from tests.store.conftest import Site, car
from tests.store.doing_cars import points


def place(site: Any, ids: Sequence[int], counts: Sequence[int]) -> None:
    """Gives objects so many points each."""
    said = [
        FoundKeypoints(i, points(*((float(n), 0.0) for n in range(count))))
        for i, count in zip(ids, counts, strict=True)
        if count
    ]
    with site.project.bulk() as bulk:
        bulk.run(lambda c: write_keypoints(c, said, origin=LabelOrigin.IMPORT))


def add(site: Any, found: Sequence[tuple[int, FoundInstance]]) -> list[int]:
    """Objects beside those that are there."""
    with site.project.bulk() as bulk:
        ids: list[int] = bulk.run(lambda c: add_instances(c, found, "made", LabelOrigin.HEURISTIC, None))
    return ids


def drive(site: Any, frames: range, counts: Sequence[int], x: float) -> list[int]:
    """A track through some frames, with so many points in each."""
    ids = add(site, [(site.frame_ids[frame], car(x)) for frame in frames])
    place(site, ids, counts)
    with site.project.bulk() as bulk:
        bulk.run(lambda c: write_track(c, site.source_id, 1, ids, taken=set()))
    return ids


def choose(site: Any, most: int, least: int = 4) -> list[ChosenSighting]:
    with site.project.read() as connection:
        return choose_sightings(connection, [site.source_id], least, most)


def test_a_track_gives_frames_of_all_its_time(site: Any) -> None:
    ids = drive(site, range(20), [12] * 20, 10.0)
    chosen = choose(site, 4)
    # one of each quarter of its frames
    assert sorted(ids.index(one.instance_id) // 5 for one in chosen) == [0, 1, 2, 3]
    assert len({one.car for one in chosen}) == 1
    # a quarter's best seen stands for it
    place(site, [ids[7]], [11])
    place(site, [ids[3], ids[13], ids[18]], [5, 5, 5])
    assert not {one.instance_id for one in choose(site, 4)} & {ids[3], ids[13], ids[18]}


def test_every_car_has_its_share_before_a_long_track_has_more(site: Any) -> None:
    long = drive(site, range(20), [12] * 20, 10.0)
    short = drive(site, range(3), [6] * 3, 200.0)
    [alone] = add(site, [(site.frame_ids[5], car(400.0))])
    place(site, [alone], [4])
    cars = Counter(one.car for one in choose(site, 6))
    # two each, but the one that was seen once
    assert sorted(cars.values()) == [1, 2, 3]
    assert cars[-alone] == 1
    everything = {one.instance_id for one in choose(site, 100)}
    assert everything == {*long, *short, alone}


def test_more_cars_than_room_are_not_the_first_ones(site: Any) -> None:
    ids = site.cars(30)
    place(site, ids, [12] * 30)
    chosen = {ids.index(one.instance_id) for one in choose(site, 10)}
    assert len(chosen) == 10
    # each third of them is there
    assert {one // 10 for one in chosen} == {0, 1, 2}
    # but those with more points go first
    place(site, ids[20:], [5] * 10)
    assert all(ids.index(one.instance_id) < 20 for one in choose(site, 20))


def test_what_cannot_count_is_not_chosen(site: Any) -> None:
    few, rejected, _bare, good = site.cars(4)
    place(site, [few, rejected, good], [3, 12, 4])
    set_verdict(site.history, [rejected], Verdict.REJECTED)
    assert [one.instance_id for one in choose(site, 10)] == [good]
    with site.project.read() as connection:
        assert choose_sightings(connection, [], 4, 10) == []
        assert choose_sightings(connection, [site.source_id + 1], 4, 10) == []


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Five cars over twenty frames, from one frame to all, with all numbers of points."""
    with Project.create(tmp_path_factory.mktemp("crowd") / "crowd.amodal") as project:
        made = Site(project)
        for number, length in enumerate((1, 2, 5, 9, 20)):
            drive(made, range(length), [4 + (3 * n) % 9 for n in range(length)], 60.0 * number + 5)
        yield made


@settings(deadline=None)
@given(most=st.integers(1, 45))
def test_shares_are_fair_and_the_choice_is_always_the_same(crowd: Any, most: int) -> None:
    chosen = choose(crowd, most)
    assert chosen == choose(crowd, most)
    assert len(chosen) == min(most, 37)
    assert len({one.instance_id for one in chosen}) == len(chosen)
    with crowd.project.read() as connection:
        lengths = dict(
            connection.exec_driver_sql(
                "SELECT track_id, count(*) FROM instance WHERE track_id IS NOT NULL GROUP BY track_id"
            ).all()
        )
    shares = Counter(one.car for one in chosen)
    # a car has fewer than another only where it has no more frames, but for the last that are dealt
    most_given = max(shares.values())
    for number, length in lengths.items():
        assert shares[number] >= min(length, most_given - 1)


def test_people_take_no_cars_place(site: Any) -> None:
    cars = drive(site, range(3), [12] * 3, 10.0)
    walkers = [replace(car(100.0 + 20 * n), category=Category.PERSON) for n in range(5)]
    people = add(site, [(site.frame_ids[n], one) for n, one in enumerate(walkers)])
    whole = KeypointSet(Template.PERSON, tuple(PlacedPoint(9.0, 9.0, KeypointTag.VISIBLE) for _ in range(17)))
    with site.project.bulk() as bulk:
        said = [FoundKeypoints(i, whole) for i in people]
        bulk.run(lambda c: write_keypoints(c, said, origin=LabelOrigin.IMPORT))
    assert {one.instance_id for one in choose(site, 3)} == set(cars)
