"""Starts a job as a child process, and ends one that does not stop when asked."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from core.errors import JobError
from core.jobs.spawn import PROGRAM_FOLDER, run_command
from core.records.jobs import JobRow, JobState
from core.store import job_rows
from core.store.project import Project

STOP_WITHIN_S = 2.0


def launch(project_path: Path, job_id: int) -> subprocess.Popen[bytes]:
    """Starts the job in a process of its own, which outlives this one.

    A job that is stopped before that process takes it stays stopped.
    """
    flags = {} if sys.platform == "win32" else {"start_new_session": True}
    return subprocess.Popen(
        run_command(project_path, job_id, time.time()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=None if getattr(sys, "frozen", False) else PROGRAM_FOLDER,
        **flags,  # type: ignore[call-overload]
    )


def cancel(project: Project, job_id: int, wait_s: float = STOP_WITHIN_S) -> JobState:
    """Asks the job to stop, waits, and kills it if it has not; gives the state it ended in.

    A killed job keeps its checkpoint, so it resumes like one that died.
    """
    job_rows.request_cancel(project, job_id)
    deadline = time.monotonic() + wait_s
    row = _row(project, job_id)
    while row.state is JobState.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
        row = _row(project, job_id)
    if row.state is JobState.RUNNING:
        _kill(row)
        job_rows.cancel_job(project, job_id)
        return JobState.CANCELLED
    return row.state


def _row(project: Project, job_id: int) -> JobRow:
    with project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    if row is None:
        raise JobError(f"There is no job {job_id}.", "List the jobs with `amodal job list`.")
    return row


def _kill(row: JobRow) -> None:
    if row.pid is None or row.started_at is None:
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(row.pid)
        # a process born after its last sign of life only wears a number that was free again
        if process.create_time() <= (row.heartbeat_at or row.started_at):
            process.kill()
            process.wait(5)
