"""Watches a live stream and records it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.states.live import LiveState
from core.records.jobs import JobRow, JobState


class LiveController(QObject):
    """Holds the live view's state.

    Signals:
        changed(LiveState)
        recording_changed(object): the JobRow of the recording under way or ended badly, or None.
    """

    changed = Signal(object)
    recording_changed = Signal(object)

    def __init__(self, session: ProjectSession, jobs: JobsController) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._job: JobRow | None = None
        self.state = LiveState()

    def watch(self, address: str) -> None:
        """Connects to a stream."""

    def stop(self) -> None:
        """Lets go of the stream."""
        self._set(LiveState(address=self.state.address))

    def record(self, settings: Mapping[str, Any]) -> None:
        """Starts a job that records bursts."""
        self._jobs.start("record", settings)

    def on_job_changed(self, row: JobRow) -> None:
        """Follows the newest recording."""
        if row.kind == "record" and (self._job is None or row.id >= self._job.id):
            self._job = row
            self.recording_changed.emit(None if row.state is JobState.DONE else row)

    def close_job(self) -> None:
        """Takes an ended recording off the tab."""
        self.recording_changed.emit(None)

    def close(self) -> None:
        """Stops for good."""
        self.stop()

    def _set(self, state: LiveState) -> None:
        self.state = state
        self.changed.emit(state)
