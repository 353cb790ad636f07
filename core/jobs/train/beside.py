"""Which other jobs of a project may take a part of the GPU on which a training is to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from core.records.jobs import JobState
from core.store import job_rows

_WITH_PARTS = ("loop", "train")  # trainings wait for one another, and a loop runs them as its parts


def jobs_beside(connection: Connection, job_id: int, device: str) -> str:
    """One sentence on the jobs that run and may compute on the same GPU, or "".

    Args:
        connection: to read.
        job_id: of the training.
        device: its name, for people.
    """
    found = [
        f"job {row.id} ({row.title})"
        for row in job_rows.list_jobs(connection)
        if row.state is JobState.RUNNING
        and row.id != job_id
        and row.kind not in _WITH_PARTS
        and any(one != "cpu" for one in _devices(row.settings))
    ]
    if not found:
        return ""
    return (
        f"Of this project {' and '.join(sorted(found))} may take a part of {device} as well: both may "
        "be slow, or run out of memory."
    )


def _devices(settings: Mapping[str, Any]) -> Iterator[Any]:
    """The devices that a job's settings name, in whatever section."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _devices(value)
        elif name == "device":
            yield value
