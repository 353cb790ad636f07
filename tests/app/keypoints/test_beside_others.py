"""Two windows on one car: what another places while a point is held stays, and the person is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.shapes import KeypointTag
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries.keypoints import keypoints_in_force
from tests.app.keypoints.conftest import Desk
from tests.app.keypoints.streets import TrueCar


class Other:
    """Ben, who has the same project open over a connection of his own."""

    def __init__(self, project: Project, instance_id: int) -> None:
        self.history, self.instance_id = History(project, "Ben"), instance_id

    def place(self, index: int, x: float, y: float) -> None:
        with self.history.project.read() as connection:
            row = keypoints_in_force(connection, [self.instance_id]).get(self.instance_id)
        before = (None,) * 12 if row is None else row.keypoints.points
        point = PlacedPoint(x, y, KeypointTag.VISIBLE)
        points = KeypointSet(Template.CAR, (*before[:index], point, *before[index + 1 :]))
        save_keypoints(self.history, self.instance_id, points, "Place a point")


@pytest.fixture
def ben(street_path: Path, car: TrueCar) -> Iterator[Other]:
    with Project.open(street_path) as project:
        yield Other(project, car.instance_id)


@pytest.fixture
def told(desk: Desk) -> list[str]:
    """What the person is told by toasts."""
    heard: list[str] = []
    desk.session.news.connect(lambda text, _: heard.append(text))
    desk.session.failed.connect(lambda problem: heard.append(problem.problem))
    return heard


def news(desk: Desk) -> None:
    """The session has seen that another process wrote."""
    assert desk.workspace.on_outside_change is not None
    desk.workspace.on_outside_change()
    desk.session._reads.finish()
    desk.qtbot.wait(20)


def places(desk: Desk, car: TrueCar) -> dict[int, tuple[float, float]]:
    kept = desk.kept(car.instance_id)
    assert kept is not None
    return {index: (p.x, p.y) for index, p in enumerate(kept.points) if p is not None}


def shown(desk: Desk) -> dict[int, tuple[float, float]]:
    return {index: (p.x, p.y) for index, p in enumerate(desk.state.points) if p is not None}


def test_what_another_window_places_is_seen_and_kept(
    desk: Desk, car: TrueCar, ben: Other, told: list[str]
) -> None:
    desk.show(car)
    ben.place(0, 10.0, 20.0)
    news(desk)
    assert shown(desk) == {0: (10.0, 20.0)}
    assert told == [f"Ben has changed the points of car {car.instance_id} meanwhile."]
    desk.place(3, 30.0, 20.0)
    assert places(desk, car) == {0: (10.0, 20.0), 3: (30.0, 20.0)}
    assert len(told) == 1


@pytest.mark.parametrize("seen", [True, False])
def test_a_point_that_another_places_while_one_is_held_stays(
    desk: Desk, car: TrueCar, ben: Other, told: list[str], seen: bool
) -> None:
    desk.show(car)
    desk.place(0, 10.0, 20.0)
    desk.edited()
    desk.view.pane.item.dragged.emit(0, 11.0, 20.0)
    ben.place(3, 30.0, 40.0)
    if seen:  # else the point is dropped before the window has looked
        news(desk)
        assert shown(desk) == {0: (11.0, 20.0), 3: (30.0, 40.0)}  # what is held stays in the hand
    desk.view.pane.item.dragged.emit(0, 12.0, 20.0)
    desk.view.pane.item.dropped.emit()
    assert places(desk, car) == {0: (12.0, 20.0), 3: (30.0, 40.0)}
    desk.qtbot.waitUntil(lambda: shown(desk) == {0: (12.0, 20.0), 3: (30.0, 40.0)})
    news(desk)
    assert told == [f"Ben has changed the points of car {car.instance_id} meanwhile."]
    desk.undo()
    assert places(desk, car) == {0: (10.0, 20.0), 3: (30.0, 40.0)}


@pytest.mark.parametrize("seen", [True, False])
def test_the_held_point_moved_by_another_is_not_moved_over(
    desk: Desk, car: TrueCar, ben: Other, told: list[str], seen: bool
) -> None:
    desk.show(car)
    desk.place(0, 10.0, 20.0)
    desk.edited()
    desk.view.pane.item.dragged.emit(0, 11.0, 20.0)
    ben.place(0, 90.0, 90.0)
    if seen:
        news(desk)
        assert shown(desk) == {0: (11.0, 20.0)}
    desk.view.pane.item.dropped.emit()
    desk.qtbot.waitUntil(lambda: shown(desk) == {0: (90.0, 90.0)})
    assert places(desk, car) == {0: (90.0, 90.0)}
    title = f"Move the right front wheel of car {car.instance_id}"
    assert told[-1] == f"Ben has changed the same point meanwhile: “{title}” was not kept."


def test_a_drag_that_is_given_up_leaves_what_another_did(
    desk: Desk, car: TrueCar, ben: Other, told: list[str]
) -> None:
    desk.show(car)
    desk.place(0, 10.0, 20.0)
    desk.edited()
    desk.view.pane.item.dragged.emit(0, 11.0, 20.0)
    ben.place(0, 90.0, 90.0)
    news(desk)
    desk.do("let_go")
    assert shown(desk) == {0: (90.0, 90.0)}
    heard = len(told)
    desk.place(3, 30.0, 40.0)
    assert places(desk, car) == {0: (90.0, 90.0), 3: (30.0, 40.0)}
    assert told[heard:] == []


def test_keys_pressed_before_the_window_has_looked_keep_both(
    desk: Desk, car: TrueCar, ben: Other, told: list[str]
) -> None:
    desk.show(car)
    ben.place(5, 50.0, 60.0)
    desk.place(0, 10.0, 20.0)
    desk.place(1, 11.0, 20.0)
    desk.place(2, 12.0, 20.0)
    wanted = {0: (10.0, 20.0), 1: (11.0, 20.0), 2: (12.0, 20.0), 5: (50.0, 60.0)}
    assert places(desk, car) == wanted
    desk.qtbot.waitUntil(lambda: shown(desk) == wanted)


def test_enter_does_not_take_over_what_nobody_saw(
    desk: Desk, car: TrueCar, ben: Other, told: list[str]
) -> None:
    desk.show(car)
    seen = car.seen(6)
    desk.place_true(car, seen[:4])
    desk.edited()
    ben.place(seen[4], *car.pixels[seen[4]])
    desk.do("accept")
    desk.qtbot.waitUntil(lambda: len(shown(desk)) == 5)
    assert len(places(desk, car)) == 5
    assert told == ["Ben has changed points of this object meanwhile: they were not accepted."]
    assert desk.state.sure
    desk.do("accept")
    kept = desk.kept(car.instance_id)
    assert kept is not None
    assert kept.placed == 12
    assert kept.points[seen[4]] == PlacedPoint(*car.pixels[seen[4]], KeypointTag.VISIBLE)
