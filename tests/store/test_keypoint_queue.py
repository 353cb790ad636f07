"""The keypoint queue: unoccluded first, fewest points first, paged by key; and what stands around a car."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from core.records.detections import Category
from core.records.keypoints import KeypointFilter, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin, OcclusionLabel, Verdict
from core.records.shapes import KeypointTag
from core.store.edits.categories import set_category
from core.store.edits.fits import save_fit
from core.store.edits.keypoints import save_keypoints, use_keypoints
from core.store.edits.sources import hide_source
from core.store.edits.verdicts import set_verdict
from core.store.queries import keypoint_queue
from core.store.queries.car_context import car_context
from core.store.writers.decisions import write_thinning
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from core.store.writers.tracks import write_track
from tests.store.doing import decide, decision, found, rows
from tests.store.doing_cars import FROM_NOTHING, fit_of, points

ALL = KeypointFilter()
FAR = tuple((float(n), 1.0) for n in range(12))


def ids_of(site: Any, filter: KeypointFilter = ALL) -> list[int]:
    with site.project.read() as connection:
        ids = list(keypoint_queue.all_ids(connection, filter))
        assert keypoint_queue.count(connection, filter) == len(ids)
        everyone = list(rows(site))
        assert keypoint_queue.matches(connection, filter, [*everyone, 999]) == set(ids)
    return ids


def some_cars(site: Any) -> list[int]:
    """Three unoccluded, two occluded, two untested, with points on some."""
    cars: list[int] = site.cars(7)
    decide(site, *(decision(car, 0.5) for car in cars[:3]), *(decision(car, -0.5) for car in cars[3:5]))
    save_keypoints(site.history, cars[0], points(*FAR), "Place all")
    save_keypoints(site.history, cars[1], points(*FAR[:5]), "Place five")
    save_keypoints(site.history, cars[3], points(*FAR[:2]), "Place two")
    return cars


def test_unoccluded_come_first_and_among_them_those_with_the_fewest_points(site: Any) -> None:
    a, b, c, d, e, f, g = some_cars(site)
    assert ids_of(site) == [c, b, a, e, d, f, g]


@pytest.mark.parametrize("size", [1, 2, 3, 10])
@pytest.mark.parametrize("of_source", [False, True])
def test_pages_of_any_size_are_the_queue(site: Any, size: int, of_source: bool) -> None:
    some_cars(site)
    filter = KeypointFilter(source_id=site.source_id if of_source else None)
    wanted = ids_of(site)
    with site.project.read() as connection:
        paged: list[int] = []
        key = None
        while page := keypoint_queue.page_keys(connection, filter, key, size):
            key = page[-1]
            assert key == keypoint_queue.key_of(connection, key.id)
            paged += [one.id for one in page]
        assert paged == wanted
        backwards: list[int] = []
        key = None
        while page := keypoint_queue.page_before(connection, filter, key, size):
            key = page[0]
            backwards = [one.id for one in page] + backwards
        assert backwards == wanted


def test_a_person_is_done_with_seventeen_points_and_a_car_with_twelve(site: Any) -> None:
    car, person = site.cars(2)
    set_category(site.history, [person], Category.PERSON)
    both = KeypointFilter(categories=(Category.CAR, Category.PERSON))
    for count, done in ((12, [car]), (16, [car]), (17, [car, person])):
        save_keypoints(site.history, car, points(*FAR), "Place all")
        placed = tuple(PlacedPoint(float(n), 1.0, KeypointTag.VISIBLE) for n in range(count))
        save_keypoints(
            site.history, person, KeypointSet(Template.PERSON, placed + (None,) * (17 - count)), "Place some"
        )
        assert ids_of(site, replace(both, done=True)) == done
        assert ids_of(site, replace(both, done=False)) == [i for i in (car, person) if i not in done]


def test_a_car_moves_on_as_it_gets_points_and_back_when_they_are_undone(site: Any) -> None:
    a, b, c, *_ = some_cars(site)
    save_keypoints(site.history, c, points(*FAR[:6]), "Place six")
    assert ids_of(site)[:3] == [b, c, a]
    site.history.undo()
    assert ids_of(site)[:3] == [c, b, a]


def test_the_filters_show_what_they_say(site: Any) -> None:
    a, b, c, d, e, f, g = some_cars(site)
    [person] = site.detect(site.frame_ids[1], [found(10, category=Category.PERSON)])
    big = site.detect(site.frame_ids[2], [found(10, w=90)])[0]
    with site.project.bulk() as bulk:
        bulk.run(lambda connection: write_thinning(connection, [(f, False, True)]))
    set_verdict(site.history, [g], Verdict.REJECTED)
    with site.project.bulk() as bulk:
        track = bulk.run(lambda connection: write_track(connection, site.source_id, 1, [b, d], taken=set()))
    assert ids_of(site) == [c, b, a, e, d, big]
    assert ids_of(site, KeypointFilter(include_thinned=True)) == [c, b, a, e, d, f, big]
    assert ids_of(site, KeypointFilter(done=True)) == [a]
    assert ids_of(site, KeypointFilter(done=False)) == [c, b, e, d, big]
    assert ids_of(site, KeypointFilter(label=OcclusionLabel.OCCLUDED)) == [e, d]
    assert ids_of(site, KeypointFilter(min_size_px=80)) == [big]
    assert ids_of(site, KeypointFilter(categories=())) == [c, b, a, e, d, person, big]
    assert ids_of(site, KeypointFilter(track_id=track)) == [b, d]
    assert ids_of(site, KeypointFilter(track_id=track, source_id=site.source_id + 1)) == []
    assert ids_of(site, KeypointFilter(camera_id=site.camera_id + 1)) == []
    hide_source(site.history, site.source_id)
    assert ids_of(site) == []


@pytest.mark.parametrize(
    "filter", [ALL, KeypointFilter(source_id=1, done=False), KeypointFilter(include_thinned=True)]
)
def test_no_page_sorts_or_reads_what_is_before_it(site: Any, filter: KeypointFilter) -> None:
    with site.project.read() as c:
        query, parameters = keypoint_queue._query(c, filter, 0, (3, 5), 10, forward=True)
        plan = [row[3] for row in c.execute(text(f"EXPLAIN QUERY PLAN {query}"), parameters)]
    assert not [line for line in plan if "TEMP B-TREE" in line or line.startswith("SCAN")], plan
    assert all("COVERING" in line for line in plan if line.startswith("SEARCH")), plan


def test_what_stands_around_a_car(site: Any) -> None:
    car, beside = site.detect(site.frame_ids[0], [found(10), found(100)])
    [later] = site.detect(site.frame_ids[1], [found(12)])
    with site.project.bulk() as bulk:
        bulk.run(lambda c: write_track(c, site.source_id, 1, [later, car], taken=set()))
    save_keypoints(site.history, later, points(*FAR[:3]), "Place three")
    save_fit(site.history, beside, fit_of(), FROM_NOTHING)
    with site.project.read() as connection:
        around = car_context(connection, car)
        assert car_context(connection, 999) is None
    assert around is not None
    assert (around.instance.id, around.frame.id, around.camera_id) == (car, site.frame_ids[0], site.camera_id)
    assert (around.width, around.height) == (640, 360)
    assert around.mask is not None
    assert (around.calibration, around.keypoints, around.fit) == (None, None, None)
    assert [(one.instance_id, one.points_placed, one.fit_id) for one in around.track] == [
        *((car, 0, None), (later, 3, None)),
    ]
    [other] = around.others
    assert other.instance.id == beside
    assert other.fit is not None
    assert other.fit.fit == fit_of()


def proposed(site: Any, instance_id: int, *scores: float) -> None:
    """Points that a network places, so sure of each of the first."""
    placed = tuple(
        PlacedPoint(float(n), 1.0, KeypointTag.VISIBLE, LabelOrigin.NETWORK, score)
        for n, score in enumerate(scores)
    )
    found = KeypointSet(Template.CAR, placed + (None,) * (12 - len(placed)))
    with site.project.bulk() as bulk:
        bulk.run(
            lambda c: write_keypoints(c, [FoundKeypoints(instance_id, found)], origin=LabelOrigin.NETWORK)
        )


PROPOSED = KeypointFilter(proposed=True)


def test_proposals_come_least_certain_first_and_leave_when_a_person_confirms_them(site: Any) -> None:
    a, b, c, _, e, f, _ = some_cars(site)
    proposed(site, c, *[0.9] * 12)
    proposed(site, e, *[0.9] * 6)  # six are left out: somebody has to place them
    proposed(site, f, *[0.7] * 12)
    proposed(site, a, *[0.1] * 12)  # a person has placed all of these: they stay
    assert ids_of(site, PROPOSED) == [e, f, c]
    certain = {i: row.keypoint_certainty for i, row in rows(site).items()}
    assert (certain[a], certain[b]) == (None, None)
    assert [certain[i] for i in (e, f, c)] == pytest.approx([0.45, 0.7, 0.9])
    assert ids_of(site, KeypointFilter(proposed=True, label=OcclusionLabel.UNOCCLUDED)) == [c]
    assert ids_of(site, KeypointFilter(proposed=True, source_id=site.source_id, done=True)) == [e, f, c]
    with site.project.read() as connection:
        assert keypoint_queue.key_of(connection, b, proposed=True) is None
    save_keypoints(site.history, f, points(*FAR), "Confirm")
    assert ids_of(site, PROPOSED) == [e, c]
    site.history.undo()
    assert ids_of(site, PROPOSED) == [e, f, c]
    proposed(site, f, *[0.95] * 12)  # another network is surer
    assert ids_of(site, PROPOSED) == [e, c, f]
    set_category(site.history, [e], Category.PERSON)  # a car's points on a person propose nothing
    assert ids_of(site, replace(PROPOSED, categories=())) == [c, f]
    set_category(site.history, [e], Category.CAR)
    set_verdict(site.history, [c], Verdict.REJECTED)
    assert ids_of(site, PROPOSED) == [e, f]


@pytest.mark.parametrize("size", [1, 2, 10])
@pytest.mark.parametrize("of_source", [False, True])
def test_pages_of_proposals_are_the_queue(site: Any, size: int, of_source: bool) -> None:
    for number, car in enumerate(some_cars(site)):
        proposed(site, car, *[0.5 + 0.1 * (number % 3)] * 12)
    filter = replace(PROPOSED, source_id=site.source_id if of_source else None)
    wanted = ids_of(site, filter)
    assert len(wanted) == 4  # but those on which a person has placed points
    with site.project.read() as connection:
        paged: list[int] = []
        key = None
        while page := keypoint_queue.page_keys(connection, filter, key, size):
            key = page[-1]
            assert key == keypoint_queue.key_of(connection, key.id, proposed=True)
            paged += [one.id for one in page]
        assert paged == wanted
        backwards: list[int] = []
        key = None
        while page := keypoint_queue.page_before(connection, filter, key, size):
            key = page[0]
            backwards = [one.id for one in page] + backwards
        assert backwards == wanted


def test_an_earlier_proposal_that_is_used_again_waits_to_be_confirmed(site: Any) -> None:
    [car] = site.cars(1)
    proposed(site, car, *[0.8] * 12)
    first = rows(site)[car].keypoint_set_id
    save_keypoints(site.history, car, points(*FAR), "Place all")
    assert ids_of(site, PROPOSED) == []
    use_keypoints(site.history, first)
    assert ids_of(site, PROPOSED) == [car]
