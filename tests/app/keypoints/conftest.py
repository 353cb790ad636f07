"""The Keypoints workspace on a small street, with frames painted without a child process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.composition.keypoints import build_keypoints
from app.controllers.keypoint_fit import Fitting
from app.controllers.keypoints import KeypointsController
from app.session import ProjectSession
from app.states.keypoints import KeypointsState
from app.views.keypoints.keypoints_view import KeypointsView
from app.workspace import Workspace
from core.records.history import Touched
from core.records.keypoints import KeypointSet
from core.store.project import Project
from core.store.queries.fits import fits_in_force
from core.store.queries.keypoints import keypoints_in_force
from tests.app.conftest import FakeFrames
from tests.app.keypoints import people, streets
from tests.app.keypoints.people import FitsHere, TruePerson
from tests.app.keypoints.streets import TrueCar
from tests.app.keypoints.uncalibrated import take_calibrations_away, take_masks_away
from tests.made_once import made_once


@pytest.fixture(scope="session")
def whole_street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: drawing it takes seconds."""
    return made_once(tmp_path_factory, "keypoint street", streets.make)


@pytest.fixture
def street_path(whole_street: Path, tmp_path: Path) -> Path:
    """A copy of the street for one test."""
    return streets.copied(whole_street, tmp_path)


@pytest.fixture(scope="session")
def whole_yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, as the street is."""
    return made_once(tmp_path_factory, "keypoint yard", people.make)


@pytest.fixture
def yard_path(whole_yard: Path, tmp_path: Path) -> Path:
    """A copy of the yard with people for one test."""
    return streets.copied(whole_yard, tmp_path)


@dataclass
class Desk:
    """The workspace, and what a test does with it."""

    qtbot: QtBot
    session: ProjectSession
    workspace: Workspace
    view: KeypointsView
    calibrated: list[tuple[int, int]]

    @property
    def state(self) -> KeypointsState:
        return self.view.pane.item.state

    def do(self, action: str) -> None:
        """What a key does."""
        self.workspace.handlers[f"keypoints.{action}"]()

    def show(self, car: TrueCar) -> None:
        assert self.workspace.show_instances is not None
        self.workspace.show_instances([car.instance_id])
        self.qtbot.waitUntil(lambda: self.state.instance_id == car.instance_id)

    def place(self, index: int, x: float, y: float) -> None:
        """A click that places one point."""
        self.view.pane.item.picked.emit(index)
        self.view.pane.item.placed.emit(x, y)

    def place_true(self, car: TrueCar, indices: list[int]) -> None:
        for index in indices:
            self.place(index, *car.pixels[index])

    def off(self, car: TrueCar, index: int) -> float:
        """How far a ghost is from the truth, in parts of the car's size."""
        ghost = self.state.ghosts[index]
        assert ghost is not None
        return float(np.hypot(*np.subtract((ghost.x, ghost.y), car.pixels[index])) / car.size_px)

    def edited(self) -> None:
        """Waits until every edit so far is committed."""
        done: list[object] = []
        self.session.perform(lambda: Touched("", {}, 0), done.append)
        self.qtbot.waitUntil(lambda: bool(done))

    def undo(self) -> None:
        self.session.undo()
        self.edited()

    def redo(self) -> None:
        self.session.redo()
        self.edited()

    @property
    def controller(self) -> KeypointsController:
        found = self.workspace.handlers["keypoints.accept"].__self__  # type: ignore[attr-defined]
        assert isinstance(found, KeypointsController)
        return found

    def fitted(self) -> None:
        """Waits until the newest points of a person are fitted."""
        self.qtbot.waitUntil(lambda: not self.controller.hand.waiting, timeout=20_000)

    def kept(self, instance_id: int) -> KeypointSet | None:
        """The points that are stored."""
        self.edited()
        with self.session.project.read() as connection:
            row = keypoints_in_force(connection, [instance_id]).get(instance_id)
        return None if row is None else row.keypoints

    def fit_of(self, instance_id: int) -> Any:
        """The fit that is stored."""
        self.edited()
        with self.session.project.read() as connection:
            return fits_in_force(connection, [instance_id]).get(instance_id)

    def others(self) -> list[int]:
        """Ids of the cars that may hide points of the one that is shown."""
        car = self.controller.hand.object
        if car is None or not isinstance(car.fitting, Fitting):
            return []
        return [instance_id for instance_id, _ in car.fitting.others]

    def titles(self) -> list[str]:
        """The history, oldest first, from after the street was made."""
        self.edited()
        rows = [row.title for row in self.session.history.page() if row.annotator == "Ann"]
        return rows[::-1]


@pytest.fixture
def desk(qtbot: QtBot, frames: FakeFrames, street_path: Path) -> Iterator[Desk]:
    """The workspace in front, on a street of its own."""
    yield from open_desk(qtbot, street_path)


@pytest.fixture
def maskless(qtbot: QtBot, frames: FakeFrames, street_path: Path) -> Iterator[Desk]:
    """The workspace on a street of boxes alone."""
    take_masks_away(street_path)
    yield from open_desk(qtbot, street_path)


@pytest.fixture
def bare(qtbot: QtBot, frames: FakeFrames, street_path: Path) -> Iterator[Desk]:
    """The workspace on a street whose cameras are not calibrated."""
    take_calibrations_away(street_path)
    yield from open_desk(qtbot, street_path)


@pytest.fixture
def crowd(
    qtbot: QtBot, frames: FakeFrames, yard_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """The workspace on the yard, where people are shown; they are fitted without a child process."""
    yield from open_crowd(qtbot, yard_path, monkeypatch)


@pytest.fixture
def bare_crowd(
    qtbot: QtBot, frames: FakeFrames, yard_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """The same on a camera that is not calibrated."""
    take_calibrations_away(yard_path)
    yield from open_crowd(qtbot, yard_path, monkeypatch)


def open_crowd(qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made: dict[int, FitsHere] = {}

    def here(session: ProjectSession) -> FitsHere:
        return made.setdefault(id(session), FitsHere(session.project))

    monkeypatch.setattr(ProjectSession, "person_fits", property(here))
    for one in open_desk(qtbot, path):
        if not one.workspace.checked["keypoints.people"]():
            one.do("people")
        qtbot.waitUntil(lambda one=one: one.view.title.startswith("person"))
        yield one


@pytest.fixture
def person(yard_path: Path) -> TruePerson:
    """Somebody who faces us."""
    return people.people(yard_path)[0]


def open_desk(qtbot: QtBot, path: Path) -> Iterator[Desk]:
    session = ProjectSession(Project.open(path), "Ann")
    calibrated: list[tuple[int, int]] = []

    def calibrate(camera_id: int, source_id: int) -> None:
        calibrated.append((camera_id, source_id))

    workspace = build_keypoints(session, calibrate)
    session.touched.connect(workspace.on_touched)
    view = workspace.widget
    assert isinstance(view, KeypointsView)
    view.resize(1200, 800)
    view.show()
    workspace.on_shown()
    made = Desk(qtbot, session, workspace, view, calibrated)
    qtbot.waitUntil(lambda: made.state.instance_id is not None)
    yield made
    workspace.on_hidden()
    made.edited()
    workspace.close()
    session.close()
    view.close()
    view.deleteLater()


@pytest.fixture
def car(street_path: Path) -> TrueCar:
    """The largest car."""
    return streets.cars(street_path)[0]


def far_off(desk: Desk, person: TruePerson, index: int) -> float:
    """How far a ghost or a point is from the truth, in parts of the person's size."""
    spot = desk.state.ghosts[index] or desk.state.points[index]
    assert spot is not None
    x, y = person.pixels[index]
    return hypot(spot.x - x, spot.y - y) / person.size_px


# ---- which ones ---------------------------------------------------------------------------------
