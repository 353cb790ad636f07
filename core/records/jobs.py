"""Jobs as the store keeps them and the window shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """A job's life. A running job whose heartbeat stopped is shown as INTERRUPTED and can resume."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job.

    Attributes:
        id, kind, title: which.
        settings: its settings model as plain JSON values.
        state: where it is.
        progress: 0 to 1.
        message: what it is doing now, in a few words.
        error: the plain sentence and way out, when it failed.
        cancel_requested: whether a person asked it to stop.
        pid: of its process, or None.
        heartbeat_at, created_at, started_at, finished_at: seconds UTC epoch, or None.
        result: what it made, as plain JSON values.
    """

    id: int
    kind: str
    title: str
    settings: dict[str, Any]
    state: JobState
    progress: float
    message: str
    error: str | None
    cancel_requested: bool
    pid: int | None
    heartbeat_at: float | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    result: dict[str, Any] = field(default_factory=dict)
