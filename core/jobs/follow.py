"""Processes that torchrun starts beside the first: they take part in a job, whose row is the first one's."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import JobError
from core.jobs.flatten import checked
from core.jobs.registry import kind_of
from core.store import job_rows
from core.store.project import Project


def by_torchrun() -> bool:
    """Whether torchrun has started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def follows() -> bool:
    """Whether this process is one of torchrun's beside the first."""
    return by_torchrun() and os.environ.get("RANK", "0") != "0"


def follow_job(project_path: Path, job_id: int) -> None:
    """Take part in a job that the first process runs.

    Raises:
        JobError: there is none, or it is of a kind that one process does alone.
    """
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    if row is None:
        raise JobError(f"There is no job {job_id}.", "List the jobs with `amodal job list`.")
    follow(project_path, row.kind, row.settings, job_id)


def follow(project_path: Path, kind: str, settings: Mapping[str, Any], job_id: int | None = None) -> None:
    """Take part in what the first process makes a job of.

    Args:
        project_path, kind, settings: what it is.
        job_id: of a job that there is already, which may go on; None: the first process has just begun.

    Raises:
        JobError: it is of a kind that one process does alone.
        SettingsError: a value does not fit.
    """
    known = kind_of(kind)
    if known.follow is None:
        raise JobError(f"{known.title}: one process does that alone.", "Start it without torchrun.")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first one stops them all
    known.follow(project_path, checked(known.settings, settings), job_id)
