"""From car to car and along a track: the fit goes along, and no car gets the points of another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.controllers.keypoint_reads import KeypointReads
from app.controllers.keypoint_track import TrackFilling, fill
from app.states.keypoints import KeypointsState
from core.records.history import Touched
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from tests.app.keypoints import streets
from tests.app.keypoints.conftest import Desk
from tests.app.keypoints.streets import TrueCar
from tests.app.keypoints.uncalibrated import hide_right_half

FOUR = 4


def test_the_fit_goes_along_the_track(maskless: Desk, car: TrueCar, street_path: Path) -> None:
    desk = maskless
    desk.show(car)
    desk.place_true(car, car.seen(12))
    later = next_view(desk, car, street_path)
    assert desk.state.card.title == "Brought along the track"
    for index in range(12):
        # a third of what tells one point of a car from its neighbour
        assert desk.off(later, index) < 0.1
    desk.do("accept")
    assert desk.kept(later.instance_id).placed == 12  # type: ignore[union-attr]
    assert desk.fit_of(car.instance_id) is not None  # kept when the first view was left


def test_no_car_is_ever_shown_with_anothers_points(desk: Desk, car: TrueCar) -> None:
    desk.show(car)
    desk.place_true(car, car.seen(FOUR))
    desk.edited()
    controller = desk.workspace.handlers["keypoints.accept"].__self__  # type: ignore[attr-defined]
    shown: list[KeypointsState] = []
    controller.hand.changed.connect(shown.append)
    desk.do("next_in_track")  # the next view is read while the fit of this one is kept
    controller.on_touched(Touched("", {"fit": (1,), "instance": (car.instance_id,)}, 0))
    desk.qtbot.waitUntil(lambda: desk.state.instance_id == car.track[1])
    desk.edited()
    later = [state for state in shown if state.instance_id == car.track[1]]
    assert later
    assert all(point is None for state in later for point in state.points)


def test_a_mask_finds_the_car_in_its_next_view_without_a_point(
    desk: Desk, car: TrueCar, street_path: Path
) -> None:
    desk.show(car)
    desk.place_true(car, car.seen(12))
    later = next_view(desk, car, street_path)
    assert desk.state.card.title == "Found by its outline"
    for index in range(12):
        assert desk.off(later, index) < 0.05  # what the issue calls right
    desk.do("accept")
    kept = desk.kept(later.instance_id)
    assert kept is not None
    assert [point.origin for point in kept.points if point] == [LabelOrigin.FIT] * 12
    row = desk.fit_of(later.instance_id)
    assert row.fit.is_coarse
    # a newer mask makes it stale
    assert row.mask_id is not None


def next_view(desk: Desk, car: TrueCar, street_path: Path) -> TrueCar:
    """Goes to the car's next view, and gives its truth."""
    desk.do("next_in_track")
    later = next(one for one in streets.cars(street_path, 1) if one.instance_id == car.track[1])
    desk.qtbot.waitUntil(lambda: desk.state.instance_id == later.instance_id)
    assert desk.state.sure
    return later


def test_views_between_annotated_ones_are_filled_as_one_edit(
    desk: Desk, car: TrueCar, street_path: Path
) -> None:
    for picture in (0, 3):
        view = next(one for one in streets.cars(street_path, picture) if one.instance_id in car.track)
        desk.show(view)
        desk.place_true(view, view.seen(12))
    edits = desk.titles()
    desk.do("fill_track")
    desk.qtbot.waitUntil(lambda: desk.fit_of(car.track[2]) is not None)
    fresh = desk.titles()[len(edits) :]
    assert fresh[-1] == f"Fill 2 views of track {track_of(desk, car)}"
    for picture in (1, 2):
        view = next(one for one in streets.cars(street_path, picture) if one.instance_id in car.track)
        kept = desk.kept(view.instance_id)
        assert kept is not None
        assert all(p is not None and p.origin is LabelOrigin.FIT for p in kept.points)
        far = max(
            float(np.hypot(p.x - x, p.y - y)) / view.size_px
            for p, (x, y) in zip(kept.points, view.pixels, strict=True)
            if p is not None
        )
        assert far < 0.1
    desk.undo()
    assert desk.kept(car.track[1]) is None
    assert desk.kept(car.track[2]) is None


def test_what_lies_off_its_mask_is_filled_in_as_hidden(desk: Desk, car: TrueCar, street_path: Path) -> None:
    begins = hide_right_half(street_path, car.track[1])
    for picture in (0, 3):
        view = next(one for one in streets.cars(street_path, picture) if one.instance_id in car.track)
        desk.show(view)
        desk.place_true(view, view.seen(12))
    desk.do("fill_track")
    desk.qtbot.waitUntil(lambda: desk.fit_of(car.track[1]) is not None)
    kept = desk.kept(car.track[1])
    assert kept is not None
    # as far off the mask as a corner on its edge never is
    hidden = [
        point.tag
        for point in kept.points
        if point and point.x > begins + 0.1 * car.size_px and point.tag is not KeypointTag.SELF_OCCLUDED
    ]
    assert hidden
    assert set(hidden) == {KeypointTag.OTHER_OCCLUDED}
    assert any(point is not None and point.tag is KeypointTag.VISIBLE for point in kept.points)


def test_what_is_placed_while_a_track_is_filled_stays_and_what_is_filled_is_seen(
    desk: Desk, car: TrueCar, street_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for picture in (0, 3):
        view = next(one for one in streets.cars(street_path, picture) if one.instance_id in car.track)
        desk.show(view)
        desk.place_true(view, view.seen(12))
    desk.edited()
    worked_out, go_on = threading.Event(), threading.Event()

    def slow(reads: KeypointReads, instance_id: int) -> TrackFilling:
        filling = fill(reads, instance_id)
        worked_out.set()
        assert go_on.wait(10)
        return filling

    monkeypatch.setattr("app.controllers.keypoints.fill", slow)
    desk.do("fill_track")
    desk.qtbot.waitUntil(worked_out.is_set)
    first, second = (
        next(one for one in streets.cars(street_path, picture) if one.instance_id in car.track)
        for picture in (1, 2)
    )
    desk.show(first)
    desk.place(3, 10.0, 20.0)
    desk.edited()
    desk.show(second)
    go_on.set()
    desk.qtbot.waitUntil(lambda: all(point is not None for point in desk.state.points))
    assert desk.state.instance_id == second.instance_id
    kept = desk.kept(first.instance_id)
    assert kept is not None
    assert [(p.x, p.y) for p in kept.points if p] == [(10.0, 20.0)]
    assert desk.titles()[-1] == f"Fill 1 views of track {track_of(desk, car)}"


def track_of(desk: Desk, car: TrueCar) -> int | None:
    from core.store.queries import instances

    with desk.session.project.read() as connection:
        row = instances.by_id(connection, car.instance_id)
    assert row is not None
    return row.track_id


def test_the_fit_of_the_car_just_left_counts_among_what_may_hide_the_next(
    desk: Desk, street_path: Path, car: TrueCar
) -> None:
    desk.show(car)
    desk.place_true(car, car.seen(12))
    other = next(one for one in streets.cars(street_path) if one.instance_id != car.instance_id)
    assert desk.fit_of(car.instance_id) is None
    desk.show(other)  # the fit of the first is kept while the second is shown already
    desk.place_true(other, other.seen(4))
    desk.edited()
    assert desk.fit_of(car.instance_id) is not None
    desk.qtbot.waitUntil(lambda: car.instance_id in desk.others())


def test_a_car_on_its_way_is_never_shown_with_the_points_of_the_one_before(
    desk: Desk, street_path: Path, car: TrueCar, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.show(car)
    desk.place_true(car, car.seen(12))
    desk.edited()
    other = next(one for one in streets.cars(street_path) if one.instance_id != car.instance_id)
    held: list[Callable[[], object]] = []
    in_background = desk.session.in_background

    def slow(work: Any, on_done: Any = None, on_error: Any = None, tag: str = "") -> Any:
        if tag != "keypoints object":
            return in_background(work, on_done, on_error, tag)
        return held.append(lambda: in_background(work, on_done, on_error, tag))

    monkeypatch.setattr(desk.session, "in_background", slow)
    assert desk.workspace.on_outside_change is not None
    desk.workspace.on_outside_change()  # nothing is kept
    assert desk.workspace.show_instances is not None
    desk.workspace.show_instances([other.instance_id])
    desk.qtbot.waitUntil(lambda: bool(held))
    assert desk.fit_of(car.instance_id) is not None  # kept meanwhile, so that all is read that stands by
    desk.session._reads.finish()
    desk.qtbot.wait(20)
    assert desk.state.instance_id == car.instance_id
    held[0]()
    desk.qtbot.waitUntil(lambda: desk.state.instance_id == other.instance_id)
    assert not any(desk.state.points)


def test_undo_of_another_cars_points_shows_that_car(desk: Desk, street_path: Path) -> None:
    first, second = streets.cars(street_path)[:2]
    desk.show(first)
    desk.place(0, 10.0, 10.0)
    desk.show(second)
    desk.undo()
    desk.qtbot.waitUntil(lambda: desk.state.instance_id == first.instance_id)
    assert desk.state.points[0] is None


def test_the_queue_leads_from_car_to_car(desk: Desk) -> None:
    first = desk.state.instance_id
    desk.do("next")
    desk.qtbot.waitUntil(lambda: desk.state.instance_id != first)
    desk.do("previous")
    desk.qtbot.waitUntil(lambda: desk.state.instance_id == first)
    assert desk.view.queue.count_text.endswith("cars")
