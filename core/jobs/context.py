"""What a running job is given: its project and settings, and how it reports, stops and resumes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Connection

from core.errors import AmodalError, JobError
from core.store import job_rows
from core.store.project import Project

BEAT_SECONDS = 0.25
S = TypeVar("S", bound=BaseModel)


class JobCancelled(Exception):  # noqa: N818 - an outcome, not an error
    """Raised inside a job when a person asked it to stop. Not an error."""


class JobContext:
    """One running job.

    Attributes:
        project: the open project.
        job_id: the job's row.
        checkpoint: what an earlier attempt noted, to go on from; plain JSON values, changed in place.
        resumed: whether there was such an attempt.
    """

    def __init__(
        self,
        project: Project,
        job_id: int,
        settings: BaseModel,
        checkpoint: dict[str, Any] | None,
        on_progress: Callable[[float, str], None] | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> None:
        self.project = project
        self.job_id = job_id
        self.checkpoint: dict[str, Any] = dict(checkpoint or {})
        self.resumed = checkpoint is not None
        self._settings = settings
        self._on_progress = on_progress
        self._on_log = on_log
        self._progress = 0.0
        self._message = ""
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._beater = threading.Thread(target=self._beat, name="job heartbeat", daemon=True)

    def settings(self, model: type[S]) -> S:
        """The settings, as the model that the job's kind declares."""
        if not isinstance(self._settings, model):
            raise TypeError(f"job {self.job_id} holds {type(self._settings).__name__}, not {model.__name__}")
        return self._settings

    def __enter__(self) -> JobContext:
        self._beater.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._beater.join()

    def progress(self, share: float, message: str) -> None:
        """Says how far the job is (0 to 1) and what it is doing; cheap, so call it often."""
        self._progress, self._message = min(max(share, 0.0), 1.0), message
        if self._on_progress is not None:
            self._on_progress(self._progress, message)

    def log(self, line: str) -> None:
        """Adds a line to the job's log."""
        job_rows.append_log(self.project, self.job_id, line)
        if self._on_log is not None:
            self._on_log(line)

    def save(self, connection: Connection) -> None:
        """Notes the checkpoint, inside the transaction that writes what it stands for."""
        job_rows.set_checkpoint(connection, self.job_id, self.checkpoint)

    def request_stop(self) -> None:
        """Asks this job to stop (the shell's Ctrl+C)."""
        self._stop.set()

    def stop_requested(self) -> bool:
        """Whether someone asked this job to stop."""
        return self._stop.is_set()

    def check_stop(self) -> None:
        """Raises JobCancelled once someone asked this job to stop."""
        if self._stop.is_set():
            raise JobCancelled

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                asked = job_rows.beat(self.project, self.job_id, self._progress, self._message)
            except JobError:
                asked = True  # another process runs this job now: write nothing more
            except AmodalError:
                continue  # a busy or full disk: what the job itself writes next will tell
            if asked:
                self._stop.set()
