"""The median backgrounds of the chosen camera: what there is for each hour, and making more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.controllers.jobs import JobsController
from app.pictures import decoded
from app.session import ProjectSession
from app.states.sources import BackgroundsState
from core.records.jobs import JobRow, JobState
from core.records.project import BackgroundRow, CameraRow

_LIVE = (JobState.QUEUED, JobState.RUNNING)


class BackgroundsController(QObject):
    """Holds the background tab's state.

    Signals:
        changed(BackgroundsState)
    """

    changed = Signal(object)

    def __init__(self, session: ProjectSession, jobs: JobsController) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self.state = BackgroundsState()

    def show(self, camera: CameraRow | None) -> None:
        """Takes a camera, or the same one with other footage."""
        before = self.state.camera
        if camera is None or before is None or camera.id != before.id:
            self._set(BackgroundsState(camera=camera, job=self._job_of(camera)))
        else:
            self._set(replace(self.state, camera=camera))
        if camera is not None and camera != before:
            self.refresh()

    def refresh(self) -> None:
        """Reads the backgrounds of the camera anew."""
        camera = self.state.camera
        if camera is None:
            return
        project = self._session.project

        def read() -> tuple[list[BackgroundRow], dict[int | None, int]]:
            from core.store.queries import backgrounds, frames

            with project.read() as connection:
                rows = backgrounds.list_backgrounds(connection, camera.id)
                return rows, frames.hours_of_camera(connection, camera.id)

        def done(result: tuple[list[BackgroundRow], dict[int | None, int]]) -> None:
            rows, hours = result
            chosen = self.state.chosen
            kept = next((row for row in rows if chosen is not None and row.hour == chosen.hour), None)
            self._set(replace(self.state, rows=tuple(rows), hours=hours))
            self.choose(kept or (rows[0] if rows else None))

        self._session.in_background(read, done, tag="backgrounds")

    def choose(self, row: BackgroundRow | None) -> None:
        """Shows one of them."""
        if row is not None and self.state.chosen == row and self.state.image is not None:
            return
        self._set(replace(self.state, chosen=row, image=None))
        if row is None:
            return
        project = self._session.project

        def read() -> NDArray[np.uint8] | None:
            from core.store.queries import backgrounds

            with project.read() as connection:
                blobs = backgrounds.background_images(connection, row.id)
            return None if blobs is None else decoded(blobs[0])

        def done(image: NDArray[np.uint8] | None) -> None:
            if self.state.chosen == row:
                self._set(replace(self.state, image=image))

        self._session.in_background(read, done, tag="background image")

    def make(self, settings: dict[str, Any] | None = None) -> None:
        """Starts a job that makes this camera's backgrounds."""
        camera = self.state.camera
        if camera is not None:
            self._jobs.start("background", {**(settings or {}), "camera": camera.name})

    def on_job_changed(self, row: JobRow) -> None:
        """Follows the job of this camera."""
        if row.kind != "background" or not self._is_mine(row, self.state.camera):
            return
        shown = self.state.job
        if shown is None or row.id >= shown.id:
            over = row.state is JobState.DONE
            self._set(replace(self.state, job=None if over else row))
            if over:
                self.refresh()

    def close_job(self) -> None:
        """Takes an ended job off the tab."""
        self._set(replace(self.state, job=None))

    def _job_of(self, camera: CameraRow | None) -> JobRow | None:
        live = [row for row in self._session.jobs() if row.kind == "background" and row.state in _LIVE]
        return next((row for row in live if self._is_mine(row, camera)), None)

    def _is_mine(self, row: JobRow, camera: CameraRow | None) -> bool:
        return camera is not None and row.settings.get("camera", "") in ("", camera.name)

    def _set(self, state: BackgroundsState) -> None:
        self.state = state
        self.changed.emit(state)
