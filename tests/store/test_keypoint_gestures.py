"""Gestures of two people on one object: both are kept, or the later one is refused with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EditRefusedError
from core.records.detections import Category
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.store.edits.accepted import AcceptedObject, accept_objects
from core.store.edits.categories import set_category
from core.store.edits.keypoint_gestures import PointsGesture, merge, save_gesture
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries.fits import fits_in_force
from core.store.queries.keypoints import keypoint_history, keypoints_in_force
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from tests.store.doing_cars import fit_of, points

NONE, ONE = points(), points((1, 1))
HUMAN, FIT, NETWORK = LabelOrigin.HUMAN, LabelOrigin.FIT, LabelOrigin.NETWORK


def at(
    points: KeypointSet, index: int, x: float | None, origin: LabelOrigin = LabelOrigin.HUMAN
) -> KeypointSet:
    """The set with one point elsewhere, or without it."""
    point = None if x is None else PlacedPoint(x, 0.0, KeypointTag.VISIBLE, origin)
    return replace(points, points=(*points.points[:index], point, *points.points[index + 1 :]))


@pytest.fixture
def other(site: Any) -> Iterator[History]:
    """Ben, who has the same project open in a process of his own: another connection."""
    with Project.open(Path(site.project.path)) as project:
        yield History(project, "Ben")


def stored(site: Any, instance_id: int) -> KeypointSet:
    with site.project.read() as connection:
        return keypoints_in_force(connection, [instance_id])[instance_id].keypoints


def test_what_another_has_placed_stays_beside_what_is_moved(site: Any, other: History) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(other, car, at(ONE, 5, 50.0), "Place another")
    saved = save_gesture(site.history, PointsGesture(car, ONE, at(ONE, 0, 2.0)), "Move one")
    assert saved.beside == "Ben"
    assert stored(site, car) == at(at(ONE, 5, 50.0), 0, 2.0)
    site.history.undo()
    assert stored(site, car) == at(ONE, 5, 50.0)  # what is taken back is the move alone


def test_the_same_point_moved_by_both_is_refused_with_the_reason(site: Any, other: History) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(other, car, at(ONE, 0, 9.0), "Move it")
    with pytest.raises(EditRefusedError, match="Ben has changed the same point meanwhile: “Move one”"):
        save_gesture(site.history, PointsGesture(car, ONE, at(ONE, 0, 2.0)), "Move one")
    assert stored(site, car) == at(ONE, 0, 9.0)


def test_a_point_that_another_has_taken_back_is_not_brought_back_by_a_move(site: Any, other: History) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(other, car, NONE, "Take it back")
    with pytest.raises(EditRefusedError):
        save_gesture(site.history, PointsGesture(car, ONE, at(ONE, 0, 2.0)), "Move one")
    assert stored(site, car).placed == 0


def test_without_anyone_else_nothing_is_said(site: Any) -> None:
    car = site.one_car()
    assert save_gesture(site.history, PointsGesture(car, NONE, ONE), "Place one").beside == ""
    two = at(ONE, 1, 4.0)
    assert save_gesture(site.history, PointsGesture(car, ONE, two), "Place two").beside == ""
    assert stored(site, car) == two


def test_another_window_of_the_same_person_and_a_job_are_named_so(site: Any) -> None:
    car, second = site.cars(2)
    with Project.open(Path(site.project.path)) as project:
        save_keypoints(History(project, "Ann"), car, at(NONE, 3, 3.0), "Place three")
    assert save_gesture(site.history, PointsGesture(car, NONE, ONE), "Place").beside == "Another window"
    with site.project.bulk() as bulk:
        found = [FoundKeypoints(second, at(NONE, 3, 3.0, NETWORK), None)]
        bulk.run(lambda c: write_keypoints(c, found, origin=NETWORK))
    assert save_gesture(site.history, PointsGesture(second, NONE, ONE), "Place").beside == "A job"
    assert stored(site, second) == at(ONE, 3, 3.0, NETWORK)


def test_left_and_right_are_not_exchanged_on_points_that_nobody_saw(site: Any, other: History) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(other, car, at(ONE, 5, 50.0), "Place another")
    exchanged = at(at(ONE, 0, None), 1, 1.0)
    with pytest.raises(EditRefusedError, match="Ben has changed points of this object"):
        save_gesture(site.history, PointsGesture(car, ONE, exchanged, whole=True), "Exchange")
    assert stored(site, car) == at(ONE, 5, 50.0)


def test_an_object_that_is_gone_is_said_to_be_gone(site: Any) -> None:
    with pytest.raises(EditRefusedError, match="no instance"):
        save_gesture(site.history, PointsGesture(999_999, ONE, at(ONE, 1, 4.0)), "Place")


def test_points_are_not_accepted_over_points_that_nobody_saw(site: Any, other: History) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(other, car, at(ONE, 5, 50.0), "Place another")
    whole = KeypointSet(Template.CAR, tuple(p or at(NONE, 0, 7.0, FIT).points[0] for p in ONE.points))
    with pytest.raises(EditRefusedError, match="Ben has changed points of this object"):
        accept_objects(site.history, [AcceptedObject(car, whole, fit_of(), None, "", before=ONE)], "Accept")
    assert stored(site, car) == at(ONE, 5, 50.0)
    seen = at(ONE, 5, 50.0)
    accept_objects(site.history, [AcceptedObject(car, whole, fit_of(), None, "", before=seen)], "Accept")
    assert stored(site, car) == whole


def test_a_fit_of_points_that_have_changed_is_left_out(site: Any, other: History) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, ONE, "Place one")
    save_keypoints(other, car, at(ONE, 5, 50.0), "Place another")
    done = accept_objects(
        site.history, [AcceptedObject(car, None, fit_of(), None, "", before=ONE)], "Keep the fit"
    )
    assert done.edit_id == 0
    with site.project.read() as connection:
        assert not fits_in_force(connection, [car])


point = st.none() | st.builds(
    PlacedPoint,
    st.integers(0, 2).map(float),
    st.just(0.0),
    st.sampled_from([KeypointTag.VISIBLE, KeypointTag.OTHER_OCCLUDED]),
    st.sampled_from([HUMAN, FIT, NETWORK]),
)
sets = st.lists(point, min_size=12, max_size=12).map(lambda found: KeypointSet(Template.CAR, tuple(found)))


@given(sets, sets)
def test_one_change_alone_is_that_change(before: KeypointSet, after: KeypointSet) -> None:
    assert merge(before, after, before) == after
    merged = merge(before, before, after)
    assert merged is not None
    for old, new, found in zip(before.points, after.points, merged.points, strict=True):
        goes_with_the_fit = old is not None and new is not None and old.origin is new.origin is FIT
        assert found == (old if goes_with_the_fit else new)


@given(sets, sets, sets)
def test_no_change_of_a_person_is_lost(before: KeypointSet, mine: KeypointSet, theirs: KeypointSet) -> None:
    merged = merge(before, mine, theirs)
    pairs = list(zip(before.points, mine.points, theirs.points, strict=True))
    if merged is None:
        # both say otherwise than before, and not the same
        assert any(old != one != other != old for old, one, other in pairs)
        return
    for (old, one, other), found in zip(pairs, merged.points, strict=True):
        for said in (one, other):
            if said is not None and said.origin is HUMAN and said != old:
                assert found == said


def placed(project: Project, instance_id: int) -> int:
    """What the queue counts."""
    with project.read() as connection:
        return int(
            connection.exec_driver_sql(
                "SELECT points_placed FROM instance WHERE id = ?", (instance_id,)
            ).scalar_one()
        )


def test_points_of_what_it_was_called_before_count_for_nothing_and_stay_a_version(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, points((1, 1), (2, 2)), "Place two")
    set_category(site.history, [car], Category.PERSON)
    assert placed(site.project, car) == 0
    site.history.undo()
    assert placed(site.project, car) == 2
    site.history.redo()
    before = KeypointSet(Template.PERSON, (None,) * 17)
    save_gesture(site.history, PointsGesture(car, before, at(before, 5, 9.0)), "Place a shoulder")
    assert placed(site.project, car) == 1
    with site.project.read() as connection:
        rows = keypoint_history(connection, car)
    assert [row.keypoints.template for row in rows] == [Template.PERSON, Template.CAR]
    site.history.undo()  # the shoulder
    site.history.undo()  # the category
    assert placed(site.project, car) == 2


def test_called_a_car_again_it_has_its_points_again(site: Any) -> None:
    car = site.one_car()
    save_keypoints(site.history, car, points((1, 1), (2, 2)), "Place two")
    set_category(site.history, [car], Category.PERSON)
    set_category(site.history, [car], Category.CAR)
    assert placed(site.project, car) == 2
    set_category(site.history, [car], Category.BUS)  # nobody annotates it; what it has, it has
    assert placed(site.project, car) == 2


def test_a_gesture_on_what_is_called_something_else_by_now_is_refused(site: Any) -> None:
    car = site.one_car()
    set_category(site.history, [car], Category.PERSON)
    with pytest.raises(EditRefusedError, match="called a person by now: a car's points"):
        save_gesture(site.history, PointsGesture(car, NONE, ONE), "Place a wheel")
