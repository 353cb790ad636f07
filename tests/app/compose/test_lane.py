"""One thread for composites: changes in order, drags as far as there is time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.controllers.compose_lane import ComposeLane


@pytest.fixture
def lane(qtbot: QtBot) -> Iterator[ComposeLane]:
    made = ComposeLane(lambda problem: None)
    yield made
    made.close()


def test_changes_are_made_in_their_order(lane: ComposeLane) -> None:
    done: list[str] = []
    for name in ("one", "two", "three"):
        lane.in_order(lambda name=name: name, done.append)
    assert lane.busy
    lane.settle()
    assert done == ["one", "two", "three"]
    assert not lane.busy


def test_of_many_moves_the_first_and_the_last_are_drawn(lane: ComposeLane) -> None:
    done: list[int] = []
    may_go = threading.Event()
    for number in range(50):
        lane.newest(lambda number=number: (may_go.wait(5), number)[1], done.append)
    may_go.set()
    lane.settle()
    assert done == [0, 49]


def test_a_move_that_has_not_begun_can_be_forgotten(lane: ComposeLane) -> None:
    done: list[int] = []
    may_go = threading.Event()
    lane.newest(lambda: (may_go.wait(5), 1)[1], done.append)
    lane.newest(lambda: 2, done.append)
    lane.drop_newest()
    may_go.set()
    lane.settle()
    assert done == [1]


def test_what_is_idle_waits_for_the_rest(lane: ComposeLane, qtbot: QtBot) -> None:
    done: list[str] = []
    may_go = threading.Event()
    lane.in_order(lambda: (may_go.wait(5), "asked")[1], done.append)
    lane.when_idle(lambda: "earlier idle", done.append)
    lane.when_idle(lambda: "idle", done.append)
    may_go.set()
    qtbot.waitUntil(lambda: len(done) == 2)
    assert done == ["asked", "idle"]


def test_an_error_is_told_and_the_next_goes_on(qtbot: QtBot) -> None:
    problems: list[BaseException] = []
    done: list[str] = []
    lane = ComposeLane(problems.append)

    def fail() -> str:
        raise ValueError("as it happens")

    lane.newest(fail, done.append)
    lane.newest(lambda: "next", done.append)
    lane.settle()
    assert done == ["next"]
    assert [str(problem) for problem in problems] == ["as it happens"]
    lane.close()
