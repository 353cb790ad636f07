"""Starts and follows the mining of the chosen camera or source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.states.sources import MiningState, SourcesState
from core.records.jobs import JobRow, JobState
from core.records.project import CameraRow


class MiningController(QObject):
    """Holds the mining tab's state.

    Signals:
        changed(MiningState)
    """

    changed = Signal(object)

    def __init__(self, session: ProjectSession, jobs: JobsController) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._closed: set[int] = set()
        self.state = MiningState()

    def show(self, sources: SourcesState) -> None:
        """Takes what is chosen in the list."""
        camera = sources.camera
        job = self.state.job
        if camera is None or self.state.camera is None or camera.id != self.state.camera.id:
            job = self._job_of(camera)
        self._set(MiningState(camera, sources.source, camera.source_count if camera else 0, job))

    def run(self, settings: Mapping[str, Any], whole_camera: bool) -> None:
        """Starts a mining job for the chosen source, or for all of its camera's."""
        state = self.state
        if state.camera is None:
            return
        chosen = dict(settings)
        chosen["camera"] = state.camera.name
        chosen["source"] = [] if whole_camera or state.source is None else [state.source.id]
        self._jobs.start("mine", chosen)

    def on_job_changed(self, row: JobRow) -> None:
        """Follows the jobs of this camera."""
        if row.kind != "mine" or not _is_of(row, self.state.camera) or row.id in self._closed:
            return
        shown = self.state.job
        if shown is None or row.id >= shown.id:
            self._set(replace(self.state, job=row))

    def close_job(self, job_id: int) -> None:
        """Takes an ended job off the tab."""
        self._closed.add(job_id)
        self._set(replace(self.state, job=None))

    def _job_of(self, camera: CameraRow | None) -> JobRow | None:
        for row in self._session.jobs():
            if row.kind == "mine" and _is_of(row, camera) and row.id not in self._closed:
                return None if row.state is JobState.DONE else row
        return None

    def _set(self, state: MiningState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)


def _is_of(row: JobRow, camera: CameraRow | None) -> bool:
    return camera is not None and row.settings.get("camera", "") in ("", camera.name)
