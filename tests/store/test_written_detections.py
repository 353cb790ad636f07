"""Detections found again keep their ids, and a person's word stands; so do tracks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.records.occlusion import LabelOrigin, Verdict
from core.records.project import QueueFilter
from core.store import tables
from core.store.edits.categories import set_category
from core.store.edits.verdicts import set_verdict
from core.store.queries import frames, instances, queue, tracks
from core.store.queries.instance_detail import instance_detail
from core.store.writers.categories import write_categories
from core.store.writers.detections import drop_instances, write_detections
from core.store.writers.matching import intersection_over_union, match_boxes
from core.store.writers.tracks import finish_tracks, write_track
from tests.store.doing import decide, decision, everything, found, rows


def test_boxes_are_matched_best_first_and_one_to_one() -> None:
    car, bus, person = Category.CAR, Category.BUS, Category.PERSON
    old = [(Box(0, 0, 10, 10), car), (Box(4, 0, 10, 10), car), (Box(50, 0, 10, 10), person)]
    # 1 px right of the first: 90 / 110 with it, 70 / 130 with the second
    assert match_boxes(old, [(Box(1, 0, 10, 10), bus)]) == {0: 0}
    assert match_boxes(old, [(Box(1, 0, 10, 10), bus), (Box(0, 0, 10, 10), car)]) == {1: 0, 0: 1}
    # of another kind: 1 fits, 80 / 120 is too little
    assert match_boxes(old, [(Box(50, 0, 10, 10), car)]) == {0: 2}
    assert match_boxes(old, [(Box(52, 0, 10, 10), car)]) == {}
    assert match_boxes(old, [(Box(0, 20, 10, 10), car)]) == {}
    assert match_boxes([], []) == {}


def test_intersection_over_union() -> None:
    assert intersection_over_union(Box(0, 0, 10, 10), Box(5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert intersection_over_union(Box(0, 0, 10, 10), Box(10, 0, 10, 10)) == 0
    assert intersection_over_union(Box(0, 0, 10, 10), Box(0, 0, 10, 10)) == 1


def test_detections_written_twice_change_nothing_more(site: Any) -> None:
    """A job that resumes does a frame again."""
    found_now = [found(10), found(200, mask=b"d"), found(400, category=Category.PERSON)]
    first = site.detect(site.frame_ids[0], found_now)
    before = everything(site)
    assert site.detect(site.frame_ids[0], found_now) == first
    assert everything(site) == before


def test_an_object_keeps_its_id_and_gets_a_new_mask_version(site: Any) -> None:
    (car,) = site.detect(site.frame_ids[0], [found(10, mask=b"old")])
    (again,) = site.detect(site.frame_ids[0], [found(14, mask=b"new", score=0.5, category=Category.TRUCK)])
    assert again == car
    row = rows(site)[car]
    assert (row.x, row.score, row.category, row.state) == (14, 0.5, "truck", "live")
    with site.project.read() as connection:
        assert instances.masks(connection, [car]) == {car: Rle(360, 640, b"new")}
        versions = connection.execute(
            select(tables.mask.c.version, tables.mask.c.counts).order_by(tables.mask.c.version)
        ).all()
        assert instances.crops(connection, [car]) == {car: b"jpegnew"}
        assert instances.crop_boxes(connection, [car]) == {car: Box(14, 10, 60, 50)}
        detail = instance_detail(connection, car)
    assert [tuple(v) for v in versions] == [(1, b"old"), (2, b"new")]
    assert detail is not None
    assert detail.mask_version == 2


def test_what_is_no_longer_found_is_marked_and_comes_back(site: Any) -> None:
    a, b = site.detect(site.frame_ids[0], [found(10), found(300)])
    (other_frame,) = site.detect(site.frame_ids[1], [found(300)])
    site.detect(site.frame_ids[0], [found(10)])
    assert {i: row.state for i, row in rows(site).items()} == {a: "live", b: "gone", other_frame: "live"}
    with site.project.read() as connection:
        assert [row.id for row in instances.of_frame(connection, site.frame_ids[0])] == [a]
        assert [row.id for row in instances.of_frame(connection, site.frame_ids[0], gone=True)] == [a, b]
    assert site.detect(site.frame_ids[0], [found(302)]) == [b]
    assert rows(site)[b].state == "live"
    assert rows(site)[a].state == "gone"


def test_a_reviewed_row_keeps_box_mask_category_and_label(site: Any) -> None:
    (car,) = site.detect(site.frame_ids[0], [found(10, mask=b"old")])
    set_verdict(site.history, [car], Verdict.UNOCCLUDED)
    before = rows(site)[car]
    assert site.detect(site.frame_ids[0], [found(20, mask=b"new", category=Category.BUS)]) == [car]
    assert rows(site)[car] == before
    with site.project.read() as connection:
        assert instances.masks(connection, [car]) == {car: Rle(360, 640, b"old")}
        assert instances.crops(connection, [car]) == {car: b"jpegold"}


def test_a_reviewed_row_that_is_not_found_is_marked_and_kept(site: Any) -> None:
    (car,) = site.detect(site.frame_ids[0], [found(10)])
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    site.detect(site.frame_ids[0], [])
    row = rows(site)[car]
    assert (row.state, row.missing, row.label, row.label_origin) == ("live", True, "occluded", "human")
    with site.project.read() as connection:
        assert [key.id for key in queue.page_keys(connection, QueueFilter(verdict="any"), None, 9)] == [car]
    assert site.detect(site.frame_ids[0], [found(10)]) == [car]
    assert not rows(site)[car].missing


def test_an_object_keeps_its_id_when_its_track_or_a_person_named_it_otherwise(site: Any) -> None:
    person, other = site.detect(site.frame_ids[0], [found(10), found(300)])
    with site.project.write() as connection:
        write_categories(connection, [(person, Category.PERSON)])
    set_category(site.history, [other], Category.PERSON)
    for _ in range(2):
        assert site.detect(site.frame_ids[0], [found(10), found(300)]) == [person, other]
    assert rows(site)[other].category == "person"
    assert {row.state for row in rows(site).values()} == {"live"}


def test_what_is_dropped_goes_with_its_track_unless_a_person_touched_it(site: Any) -> None:
    ids = [site.detect(frame, [found(10), found(300)]) for frame in site.frame_ids[:2]]
    (a, c), (b, d) = ids
    with site.project.write() as connection:
        taken: set[int] = set()
        first = write_track(connection, site.source_id, 1, [a, b], taken=taken)
        second = write_track(connection, site.source_id, 1, [c, d], taken=taken)
    set_verdict(site.history, [d], Verdict.OCCLUDED)
    with site.project.write() as connection:
        drop_instances(connection, [a, b, c, d])
        rows_of = connection.execute(select(tables.track.c.id, tables.track.c.state)).all()
        state = {row.id: row.state for row in rows_of}
    assert {i for i, row in rows(site).items() if row.state == "live"} == {d}
    assert state == {first: "gone", second: "live"}


def test_a_person_before_a_car_is_not_taken_for_it(site: Any) -> None:
    [car] = site.detect(site.frame_ids[0], [found(10)])
    # boxes of 50 px, 12 px apart: 38 / 62
    assert site.detect(site.frame_ids[0], [found(22, category=Category.PERSON)]) != [car]


def test_a_corrected_category_and_a_drawn_mask_stand(site: Any) -> None:
    a, b = site.detect(site.frame_ids[0], [found(10, mask=b"a"), found(300, mask=b"b")])
    set_category(site.history, [a], Category.BUS)
    with site.project.write() as connection:
        ann = connection.scalar(select(tables.annotator.c.id))
        result = connection.execute(
            insert(tables.mask).values(
                instance_id=b,
                version=2,
                height=360,
                width=640,
                counts=b"drawn",
                area=1,
                origin="human",
                annotator_id=ann,
                created_at=0,
            )
        )
        connection.execute(
            update(tables.instance)
            .where(tables.instance.c.id == b)
            .values(mask_id=result.inserted_primary_key[0])
        )
    site.detect(site.frame_ids[0], [found(12, mask=b"x"), found(302, mask=b"y")])
    now = rows(site)
    assert (now[a].category, now[a].x) == ("bus", 10)
    assert now[b].x == 300
    with site.project.read() as connection:
        assert instances.masks(connection, [a, b])[b].counts == b"drawn"


def test_what_was_imported_is_neither_moved_nor_marked(site: Any) -> None:
    with site.project.bulk() as bulk:
        (imported,) = bulk.run(
            lambda c: write_detections(
                c, site.frame_ids[0], [found(10)], detector="import", origin=LabelOrigin.IMPORT
            )
        )
    assert site.detect(site.frame_ids[0], [found(15)]) == [imported]
    assert rows(site)[imported].x == 10
    site.detect(site.frame_ids[0], [])
    assert rows(site)[imported].state == "live"


def live_tracks(site: Any) -> list[int]:
    with site.project.read() as connection:
        return list(connection.scalars(select(tables.track.c.id).where(tables.track.c.state == "live")))


def test_tracks_keep_their_id_when_they_are_found_again(site: Any) -> None:
    cars = [site.one_car(n) for n in range(6)]
    sequence = site.project
    with site.project.read() as connection:
        sequence = frames.sequences_of(connection, site.source_id)[0].id

    def track(*groups: list[int]) -> list[int | None]:
        taken: set[int] = set()
        with site.project.bulk() as bulk:
            made = [
                bulk.run(lambda c, g=g: write_track(c, site.source_id, sequence, g, taken=taken))
                for g in groups
            ]
            bulk.run(lambda c: finish_tracks(c, sequence, taken))
        return made

    first, second = track(cars[:3], cars[3:])
    before = everything(site)
    assert track(cars[:3], cars[3:]) == [first, second]
    assert everything(site) == before
    # the second takes one instance over from the first; both are still mostly themselves
    assert track(cars[:2], cars[2:]) == [first, second]
    with site.project.read() as connection:
        query = select(tables.track).where(tables.track.c.id == first)
        row = connection.execute(query).one()
        assert (row.instance_count, row.first_time_s, row.last_time_s) == (2, 0.0, pytest.approx(0.04))
        assert [p.instance_id for p in tracks.track_points(connection, second)] == cars[2:]
    # one track swallows all: it is the one that most of its instances were of
    assert track(cars) == [second]
    assert live_tracks(site) == [second]
    # none is left
    assert track() == []
    assert live_tracks(site) == []
    with site.project.read() as connection:
        assert {row.track_id for row in rows(site).values()} == {None}
        assert connection.scalar(select(func.count()).select_from(tables.track)) == 2


def test_a_find_that_hardly_counts_comes_first_however_clear_its_label(site: Any) -> None:
    doubtful, sure, unknown = site.detect(
        site.frame_ids[0], [found(10, find_margin=0.05), found(200, find_margin=0.9), found(400)]
    )
    decide(site, decision(doubtful, 0.8), decision(sure, -0.3), decision(unknown, 0.2))
    assert {i: row.uncertainty for i, row in rows(site).items()} == {doubtful: 0.05, sure: 0.3, unknown: 0.2}
    with site.project.read() as connection:
        assert queue.page(connection, QueueFilter()) == [doubtful, unknown, sure]
    # found again, and surer; and by something whose scores say nothing
    site.detect(site.frame_ids[0], [found(10, find_margin=0.6), found(200), found(400)])
    assert {i: row.uncertainty for i, row in rows(site).items()} == {doubtful: 0.6, sure: 0.3, unknown: 0.2}
    assert rows(site)[sure].find_margin is None
    set_verdict(site.history, [doubtful], Verdict.UNOCCLUDED)
    site.detect(site.frame_ids[0], [found(10, find_margin=0.01), found(200), found(400)])
    assert rows(site)[doubtful].find_margin == 0.6  # as all of what a person has touched


def test_the_whole_extent_is_the_newest_finds(site: Any) -> None:
    def wholes() -> dict[int, Rle | None]:
        with site.project.read() as connection:
            told = {i: instance_detail(connection, i) for i in rows(site)}
        return {i: None if one is None else one.whole for i, one in told.items()}

    first, second = Rle(360, 640, b"w1"), Rle(360, 640, b"w2")
    a, b = site.detect(site.frame_ids[0], [found(10, whole=first), found(200, whole=first)])
    assert wholes() == {a: first, b: first}
    set_verdict(site.history, [b], Verdict.OCCLUDED)
    site.detect(site.frame_ids[0], [found(10, whole=second), found(200, whole=second)])
    assert wholes() == {a: second, b: first}
    site.detect(site.frame_ids[0], [found(10), found(200)])
    assert wholes() == {a: None, b: first}
