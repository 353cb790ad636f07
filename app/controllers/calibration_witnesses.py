"""Calibrating a camera from its cars or people in the window, and checking any calibration against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.session import ProjectSession
from app.states.calibration import CalibrationState
from app.states.calibration_witnesses import WitnessState
from core.errors import AmodalError
from core.records.cameras import CalibrationRecord
from core.records.car_checks import CarCheck
from core.records.history import Touched
from core.records.people_checks import PeopleCheck
from core.records.project import CameraRow
from core.store.project import Project

Proposal = tuple[CalibrationRecord, dict[str, Any]]


class WitnessesController(QObject):
    """Both take a second or several, on a worker thread; nothing is saved here.

    Attributes:
        rests_on: the tables that a check rests on.
        looking, checking: what it says meanwhile.

    Signals:
        changed(WitnessState)
        found(int, object, object): a camera's id, the CalibrationRecord to propose, and what it rests on.
    """

    changed = Signal(object)
    found = Signal(int, object, object)
    rests_on: frozenset[str] = frozenset()
    looking = checking = ""

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._calibration = CalibrationState()
        self.state = WitnessState()

    def show(self, camera: CameraRow | None) -> None:
        """Takes a camera; what was found of another one goes."""
        if (self.state.camera and self.state.camera.id) == (camera and camera.id):
            self._set(replace(self.state, camera=camera))
        else:
            self._set(WitnessState(camera))

    def follow(self, state: CalibrationState) -> None:
        """Takes the calibration that is in force or being made; a check of another one goes."""
        before, self._calibration = self._shown(), state
        if self._shown() != before and not self.state.busy:
            self._set(WitnessState(self.state.camera))

    def on_touched(self, touched: Touched) -> None:
        """Takes away a check of what has changed since."""
        if self.state.check is not None and self.rests_on & set(touched.rows):
            self._set(WitnessState(self.state.camera))

    def calibrate(self) -> None:
        """Looks for the camera by them; a lens without ground, or that a file says to bend, is kept."""
        camera, size = self.state.camera, self._calibration.size
        if camera is None or self.state.busy:
            return
        present = self._calibration.in_force
        record = None if present is None else present.record
        project = self._session.project

        def find() -> Proposal:
            from core.jobs.sought_camera import drawn_bend

            bent = record is not None and drawn_bend(record, (record.width, record.height)) is None
            keep = bent or (record is not None and record.normal is None)
            return self._propose(project, camera, size, keep)

        def done(result: Proposal) -> None:
            self._over(camera, WitnessState(self.state.camera))
            self.found.emit(camera.id, *result)

        self._start(camera, self.looking, find, done)

    def check(self) -> None:
        """Checks what is being made, else what is in force."""
        camera, shown = self.state.camera, self._shown()
        if camera is None or shown is None or self.state.busy:
            return
        record, words = shown
        project = self._session.project

        def look() -> CarCheck | PeopleCheck:
            return self._check(project, camera, record)

        def done(result: CarCheck | PeopleCheck) -> None:
            # what was drawn on meanwhile was not looked at
            same = self._shown() == shown
            check = WitnessState(self.state.camera, check=result, checked=words)
            self._over(camera, check if same else WitnessState(self.state.camera))

        self._start(camera, self.checking, look, done)

    def _propose(
        self, project: Project, camera: CameraRow, size: tuple[int, int] | None, keep_lens: bool
    ) -> Proposal:
        raise NotImplementedError

    def _check(
        self, project: Project, camera: CameraRow, record: CalibrationRecord
    ) -> CarCheck | PeopleCheck:
        raise NotImplementedError

    def _shown(self) -> tuple[CalibrationRecord, str] | None:
        """The calibration that a check is of, and what to call it."""
        state = self._calibration
        if state.way is not None:
            return None if state.candidate is None else (state.candidate, "the one that is not saved yet")
        present = state.in_force
        return None if present is None else (present.record, f"version {present.version}")

    def _start(
        self, camera: CameraRow, busy: str, work: Callable[[], Any], done: Callable[[Any], None]
    ) -> None:
        def refused(problem: BaseException) -> None:
            if not isinstance(problem, AmodalError):
                self._over(camera, WitnessState(self.state.camera))
                raise problem
            way_out = problem.way_out
            self._over(camera, WitnessState(self.state.camera, problem=problem.problem, way_out=way_out))

        self._set(WitnessState(camera, busy))
        self._session.in_background(work, done, refused, tag=self.looking)

    def _over(self, camera: CameraRow, state: WitnessState) -> None:
        """Shows an outcome, if its camera still is the one that is shown."""
        if self.state.camera is not None and self.state.camera.id == camera.id:
            self._set(state)

    def _set(self, state: WitnessState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)


class CarsCalibrationController(WitnessesController):
    """By the keypoints of its cars."""

    rests_on = frozenset({"camera", "calibration", "keypoint_set", "instance"})
    looking, checking = "Looking for the camera by its cars", "Fitting its cars"

    def _propose(
        self, project: Project, camera: CameraRow, size: tuple[int, int] | None, keep_lens: bool
    ) -> Proposal:
        from core.jobs.car_calibration import propose_from_cars

        return propose_from_cars(project, camera, size, keep_lens)

    def _check(self, project: Project, camera: CameraRow, record: CalibrationRecord) -> CarCheck:
        from core.jobs.car_calibration import check_camera

        return check_camera(project, camera, record)


class PeopleCalibrationController(WitnessesController):
    """By where its people touch the ground, and where their heads end."""

    rests_on = frozenset({"camera", "calibration", "instance", "track", "mask"})
    looking, checking = "Looking for the camera by its people", "Measuring its people"

    def _propose(
        self, project: Project, camera: CameraRow, size: tuple[int, int] | None, keep_lens: bool
    ) -> Proposal:
        from core.jobs.people_calibration import propose_from_people

        return propose_from_people(project, camera, size, keep_lens)

    def _check(self, project: Project, camera: CameraRow, record: CalibrationRecord) -> PeopleCheck:
        from core.jobs.people_calibration import check_people

        return check_people(project, camera, record)
