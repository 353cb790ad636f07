"""Points that a network proposes: the least certain first, each as sure as it is, until a person confirms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.runs import ModelUsed, Purpose
from core.records.shapes import KeypointTag
from core.store.job_rows import create_job
from core.store.project import Project
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from core.store.writers.runs import make_run, note_model
from tests.app.conftest import FakeFrames
from tests.app.keypoints import streets
from tests.app.keypoints.conftest import Desk, open_desk
from tests.app.keypoints.streets import TrueCar

SURE = (0.9, 0.4, 0.7)


@pytest.fixture
def cars(street_path: Path) -> list[TrueCar]:
    """Cars on which a run has placed all points, so sure of each; of the last it has left out four."""
    found = streets.cars(street_path)[: len(SURE)]
    with Project.open(street_path) as project:
        job = create_job(project, "keypoints", "Place keypoints", {})
        with project.write() as connection:
            run = make_run(
                connection,
                Purpose.PRELABELLER,
                "Night",
                job_id=None,
                settings={},
                seed=0,
                epochs=1,
                metric="x",
            )
            note_model(connection, job, ModelUsed(Purpose.PRELABELLER, run, "Night", "1/best-00.safetensors"))
            said = [
                FoundKeypoints(car.instance_id, points_of(car, sure, 8 if number == 2 else 12))
                for number, (car, sure) in enumerate(zip(found, SURE, strict=True))
            ]
            write_keypoints(connection, said, origin=LabelOrigin.NETWORK, job_id=job)
    return found


def points_of(car: TrueCar, sure: float, count: int) -> KeypointSet:
    placed = tuple(
        PlacedPoint(x, y, KeypointTag(tag), LabelOrigin.NETWORK, sure)
        for (x, y), tag in zip(car.pixels[:count], car.tags[:count], strict=True)
    )
    return KeypointSet(Template.CAR, placed + (None,) * (12 - count))


def test_the_least_certain_come_first_and_enter_confirms_one_after_another(
    qtbot: QtBot, frames: FakeFrames, street_path: Path, cars: list[TrueCar]
) -> None:
    with on_desk(qtbot, street_path) as desk:
        sure, doubtful, short = (car.instance_id for car in cars)
        desk.do("proposed")
        qtbot.waitUntil(lambda: desk.state.instance_id == doubtful)
        qtbot.waitUntil(lambda: desk.view.queue.count_text == "3 cars to confirm")
        # 8 of 12 points at 0.7 are 0.47 on average
        assert list(desk.controller.queue.model.ids.ids(range(3))) == [doubtful, short, sure]
        qtbot.waitUntil(lambda: "proposed by run 1 (Night), 40% sure" in desk.view.subtitle)
        assert "proposed by a network that is 40% sure" in desk.view.points.row_text(0)
        first = desk.state.points[0]
        assert first is not None
        assert (first.by_person, first.sure) == (False, 0.4)
        desk.do("accept")
        kept = desk.kept(doubtful)
        assert kept is not None
        assert {point.origin for point in kept.points if point} == {LabelOrigin.HUMAN}
        assert {point.score for point in kept.points if point} == {1.0}
        qtbot.waitUntil(lambda: desk.state.instance_id == short)
        assert f"Confirm the points of car {doubtful}" in desk.titles()
        # of this one four are missing: the fit has them, and one key takes both
        assert desk.state.points[11] is None
        desk.do("accept")
        kept = desk.kept(short)
        assert kept is not None
        assert [point.origin for point in kept.points if point] == [LabelOrigin.HUMAN] * 8 + [
            LabelOrigin.FIT
        ] * 4
        desk.do("refresh")
        qtbot.waitUntil(lambda: desk.view.queue.count_text == "1 car to confirm")
        desk.do("proposed")
        qtbot.waitUntil(lambda: "confirm" not in desk.view.queue.count_text)


def test_confirming_is_undone_as_one_edit(
    qtbot: QtBot, frames: FakeFrames, street_path: Path, cars: list[TrueCar]
) -> None:
    with on_desk(qtbot, street_path) as desk:
        desk.show(cars[0])
        before = desk.kept(cars[0].instance_id)
        desk.do("accept")
        assert desk.kept(cars[0].instance_id) != before
        while (now := desk.kept(cars[0].instance_id)) != before:
            assert now is not None
            desk.undo()
        desk.do("proposed")
        qtbot.waitUntil(lambda: desk.view.queue.count_text == "3 cars to confirm")


def test_without_a_calibration_what_is_placed_is_confirmed_and_the_rest_is_told(
    cars: list[TrueCar], bare: Desk
) -> None:
    bare.show(cars[2])
    said: list[str] = []
    bare.controller.said.connect(said.append)
    bare.do("accept")
    kept = bare.kept(cars[2].instance_id)
    assert kept is not None
    assert kept.placed == 8
    assert {point.origin for point in kept.points if point} == {LabelOrigin.HUMAN}
    assert "Confirmed what is placed; 4 points are not." in said


def test_where_nothing_is_proposed_the_queue_says_how_to_get_proposals(desk: Desk) -> None:
    desk.do("proposed")
    desk.qtbot.waitUntil(lambda: desk.view.queue.empty_text.startswith("Nothing waits to be confirmed."))


@contextmanager
def on_desk(qtbot: QtBot, path: Path) -> Iterator[Desk]:
    opening: Callable[..., Any] = contextmanager(open_desk)
    with opening(qtbot, path) as desk:
        yield desk
