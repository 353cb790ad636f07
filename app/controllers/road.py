"""Starts and follows the search for the road in a point cloud, whose outcome is a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.controllers.jobs import JobsController
from app.session import ProjectSession
from core.records.jobs import JobRow, JobState
from core.records.project import CameraRow

_LIVE = (JobState.QUEUED, JobState.RUNNING)


class RoadController(QObject):
    """Holds the job of the chosen camera. open3d is loaded in the job's process alone.

    Signals:
        changed(object): the JobRow to show, or None.
        found(int, object, object): a camera's id, the CalibrationRecord to propose, and what it rests on.
    """

    changed = Signal(object)
    found = Signal(int, object, object)

    def __init__(self, session: ProjectSession, jobs: JobsController) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._camera: CameraRow | None = None
        self._awaited: set[int] = set()
        self._closed: set[int] = set()
        self.job: JobRow | None = None

    def show(self, camera: CameraRow | None) -> None:
        """Takes a camera."""
        if (self._camera and self._camera.id) == (camera and camera.id):
            self._camera = camera
            return
        self._camera = camera
        of_camera = (row for row in self._session.jobs() if row.kind == "road" and self._is_mine(row))
        newest = next(of_camera, None)
        shown = newest is not None and newest.id in self._awaited and newest.id not in self._closed
        self._set(newest if shown else None)

    def find(self, settings: Mapping[str, Any], size: tuple[int, int] | None) -> None:
        """Starts a job for the camera.

        Args:
            size: width and height of the picture in the middle, pixels.
        """
        if self._camera is None:
            return
        picture = "" if size is None else f"{size[0]}x{size[1]}"
        chosen = {**settings, "camera": self._camera.name, "picture": picture}
        self._jobs.start("road", chosen, self._awaited.add)

    def on_job_changed(self, row: JobRow) -> None:
        """Follows the jobs; one that was over before this window saw it proposes nothing."""
        if row.kind != "road":
            return
        if row.state in _LIVE:
            self._awaited.add(row.id)
        if row.id not in self._awaited:
            return
        over = row.state is JobState.DONE
        if self._is_mine(row) and row.id not in self._closed and (self.job is None or row.id >= self.job.id):
            self._set(None if over else row)
        if over:
            self._awaited.discard(row.id)
            from core.store.calibration_columns import from_plain

            result = row.result
            self.found.emit(result["camera_id"], from_plain(result["calibration"]), result["evidence"])

    def close_job(self, job_id: int) -> None:
        """Takes an ended job off the tab."""
        self._closed.add(job_id)
        self._set(None)

    def _is_mine(self, row: JobRow) -> bool:
        return self._camera is not None and row.settings.get("camera") == self._camera.name

    def _set(self, job: JobRow | None) -> None:
        if job != self.job:
            self.job = job
            self.changed.emit(job)
