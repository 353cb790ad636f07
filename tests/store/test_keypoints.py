"""Keypoints as people and machines place them: versions, undo, and whose word stands."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from core.errors import EditRefusedError, UndoRefusedError
from core.records.keypoints import KeypointRow, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.store.edits.keypoints import save_keypoints, save_keypoints_many, use_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries.keypoints import keypoint_history, keypoints_in_force
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from tests.store.doing import everything, found, rows
from tests.store.doing_cars import points

ONE, TWO = points((1.5, 2.25)), points((1.5, 2.25), (30.0, 2.0))
RICH = KeypointSet(
    Template.CAR,
    (
        PlacedPoint(0.1 + 0.2, -3.0, KeypointTag.TRUNCATED, LabelOrigin.FIT),
        None,
        PlacedPoint(7.0, 8.0, KeypointTag.OTHER_OCCLUDED, LabelOrigin.HUMAN, 1.0, 412),
        PlacedPoint(9.0, 1 / 3, KeypointTag.SELF_OCCLUDED, LabelOrigin.NETWORK, 0.625),
        PlacedPoint(9.0, 10.0, KeypointTag.OTHER_OCCLUDED, LabelOrigin.IMPORT, 0.5, 3),
        *(None,) * 7,
    ),
)


def in_force(site: Any, instance_id: int) -> KeypointRow | None:
    with site.project.read() as connection:
        return keypoints_in_force(connection, [instance_id]).get(instance_id)


def versions(site: Any, instance_id: int) -> list[tuple[int, str, bool]]:
    with site.project.read() as connection:
        return [(r.version, r.origin.value, r.in_force) for r in keypoint_history(connection, instance_id)]


def write(site: Any, instance_id: int, keypoints: KeypointSet, **more: Any) -> int:
    annotator = more.pop("annotator", None)
    origin = more.pop("origin", LabelOrigin.NETWORK)
    with site.project.bulk() as bulk:
        return bulk.run(
            lambda c: write_keypoints(
                c, [FoundKeypoints(instance_id, keypoints, annotator)], origin=origin, **more
            )
        )


def test_a_car_begins_without(site: Any) -> None:
    car = site.one_car()
    assert in_force(site, car) is None
    assert rows(site)[car].points_placed == 0


def test_everything_that_was_said_of_a_point_comes_back(site: Any) -> None:
    car = site.one_car()
    touched = save_keypoints(site.history, car, RICH, "Place points")
    row = in_force(site, car)
    assert row is not None
    assert row.keypoints == RICH
    assert (row.version, row.origin, row.annotator) == (1, LabelOrigin.HUMAN, "Ann")
    assert touched.rows == {"keypoint_set": (row.id,), "instance": (car,)}
    assert rows(site)[car].points_placed == 4


def test_every_gesture_is_a_version_and_one_undo(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(site.history, car, TWO, "Place two")
    assert versions(site, car) == [(2, "human", True), (1, "human", False)]
    site.history.undo()
    assert versions(site, car) == [(1, "human", True)]
    assert rows(site)[car].points_placed == 1
    site.history.redo()
    assert in_force(site, car).keypoints == TWO  # type: ignore[union-attr]


def test_undo_goes_on_after_a_restart(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(site.history, car, TWO, "Place two")
    path = site.project.path
    site.project.close()
    with Project.open(path) as project:
        history = History(project, "Ann")
        assert (history.undo().title, history.undo().title) == ("Place two", "Place one")
        with project.read() as connection:
            assert keypoints_in_force(connection, [car]) == {}
        history.redo()
        with project.read() as connection:
            assert keypoints_in_force(connection, [car])[car].keypoints == ONE


def test_saying_the_same_again_is_no_edit(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    assert save_keypoints(site.history, car, ONE, "Place one").edit_id == 0
    assert len(versions(site, car)) == 1


def test_what_a_person_confirms_becomes_a_persons(site: Any) -> None:
    car = site.one_car()
    write(site, car, ONE)
    assert save_keypoints(site.history, car, ONE, "Accept").edit_id
    assert versions(site, car) == [(2, "human", True), (1, "network", False)]


def test_many_cars_are_one_edit(site: Any) -> None:
    cars = site.cars(3)
    save_keypoints(site.history, cars[1], TWO, "Place two")
    save_keypoints_many(site.history, [(car, TWO) for car in cars], "Carry along the track")
    assert [len(versions(site, car)) for car in cars] == [1, 1, 1]
    site.history.undo()
    assert [len(versions(site, car)) for car in cars] == [0, 1, 0]


def test_an_earlier_version_can_be_used_again(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    first = in_force(site, car)
    save_keypoints(site.history, car, TWO, "Place two")
    assert first is not None
    touched = use_keypoints(site.history, first.id)
    assert touched.title == f"Use earlier keypoints of car {car}"
    assert versions(site, car) == [(2, "human", False), (1, "human", True)]
    assert rows(site)[car].points_placed == 1
    site.history.undo()
    assert rows(site)[car].points_placed == 2


def test_another_annotators_points_are_not_undone_over(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(History(site.project, "Bob"), car, TWO, "Place two")
    with pytest.raises(UndoRefusedError, match="Bob has changed"):
        site.history.undo()
    assert in_force(site, car).annotator == "Bob"  # type: ignore[union-attr]


def test_a_machine_never_replaces_what_a_person_placed(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    before = everything(site)
    for origin in (LabelOrigin.NETWORK, LabelOrigin.IMPORT, LabelOrigin.FIT):
        assert write(site, car, TWO, origin=origin) == 0
    assert write(site, car, TWO, annotator="Bob") == 0
    assert everything(site) == before


def test_a_network_does_not_replace_what_was_imported(site: Any) -> None:
    car = site.one_car()
    assert write(site, car, ONE) == 1
    assert write(site, car, TWO, origin=LabelOrigin.IMPORT) == 1
    assert write(site, car, ONE) == 0
    assert versions(site, car) == [(2, "import", True), (1, "network", False)]


def test_written_twice_changes_nothing_more(site: Any) -> None:
    car = site.one_car()
    write(site, car, RICH)
    before = everything(site)
    assert write(site, car, RICH) == 0
    assert everything(site) == before


def test_imported_points_of_a_person_keep_the_persons_name(site: Any) -> None:
    car = site.one_car()
    write(site, car, ONE, origin=LabelOrigin.IMPORT, annotator="Cleo")
    row = in_force(site, car)
    assert row is not None
    assert (row.origin, row.annotator) == (LabelOrigin.HUMAN, "Cleo")


def test_a_car_with_points_stays_as_it_is_when_its_frame_is_mined_again(site: Any) -> None:
    frame = site.frame_ids[0]
    by_hand, by_network, without = site.detect(frame, [found(10), found(100), found(200)])
    save_keypoints(site.history, by_hand, ONE, "Place one")
    write(site, by_network, TWO)
    assert site.detect(frame, [found(15), found(105), found(205)]) == [by_hand, by_network, without]
    now = rows(site)
    assert [now[i].x for i in (by_hand, by_network, without)] == [10, 105, 205]
    assert in_force(site, by_network).keypoints == TWO  # type: ignore[union-attr]
    site.detect(frame, [])
    now = rows(site)
    assert [(now[i].state, bool(now[i].missing)) for i in (by_hand, by_network, without)] == [
        *(("live", True), ("gone", False), ("gone", False)),
    ]
    assert in_force(site, by_hand).keypoints == ONE  # type: ignore[union-attr]


def test_points_that_were_undone_count_as_untouched(site: Any) -> None:
    frame = site.frame_ids[0]
    [car] = site.detect(frame, [found(10)])
    save_keypoints(site.history, car, ONE, "Place one")
    site.history.undo()
    site.detect(frame, [])
    assert rows(site)[car].state == "gone"


def test_what_is_no_set_is_refused(site: Any) -> None:
    car = site.one_car()
    short = replace(ONE, points=ONE.points[:-1])
    nowhere = points((math.nan, 1.0))
    unlabelled = KeypointSet(Template.CAR, (PlacedPoint(1, 1, KeypointTag.UNLABELLED), *(None,) * 11))
    for wrong in (short, nowhere, unlabelled):
        with pytest.raises(ValueError):
            save_keypoints(site.history, car, wrong, "Place points")
    with pytest.raises(EditRefusedError, match="no instance 999"):
        save_keypoints(site.history, 999, ONE, "Place points")
    with pytest.raises(EditRefusedError, match="no longer there"):
        use_keypoints(site.history, 999)
