"""Runs one job in this process, from its row to its end, whatever end that is."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.errors import AmodalError, JobStoppedError
from core.jobs.context import JobCancelled, JobContext
from core.jobs.flatten import checked
from core.jobs.registry import kind_of
from core.jobs.rivals import rivals
from core.media.memory import keep_freed_memory
from core.records.jobs import JobState
from core.store import job_rows
from core.store.project import Project


def run_job(
    project_path: Path,
    job_id: int,
    *,
    on_progress: Callable[[float, str], None] | None = None,
    on_start: Callable[[JobContext], None] | None = None,
    on_log: Callable[[str], None] | None = None,
    asked_at: float | None = None,
) -> JobState:
    """Runs a queued or interrupted job to its end and writes that end into its row.

    Args:
        project_path, job_id: which.
        on_progress: told how far it is (0 to 1) and what it is doing.
        on_start: given the context before the job begins.
        on_log: given each line of the job's log as well.
        asked_at: when it was asked for, Unix seconds: a job that was stopped since then stays stopped.

    Raises:
        AmodalError: an expected error, after it was written into the row.
        Exception: a bug, after its whole traceback went into the job's log.
    """
    keep_freed_memory()
    with Project.open(project_path) as project:
        try:
            row = job_rows.claim_job(project, job_id, rivals=rivals, unless_stopped_since=asked_at)
        except JobStoppedError:
            return JobState.CANCELLED
        try:
            kind = kind_of(row.kind)
            settings = checked(kind.settings, row.settings)
            with project.read() as connection:
                checkpoint = job_rows.get_checkpoint(connection, job_id)
            with JobContext(project, job_id, settings, checkpoint, on_progress, on_log) as context:
                if on_start is not None:
                    on_start(context)
                result = kind.run(context)
        except JobCancelled:
            job_rows.cancel_job(project, job_id)
            return JobState.CANCELLED
        except AmodalError as problem:
            # the disk may be what is full: the first error matters more than one in telling of it
            with suppress(AmodalError):
                job_rows.fail_job(project, job_id, str(problem))
            raise
        except Exception:
            with suppress(AmodalError):
                job_rows.append_log(project, job_id, traceback.format_exc())
                job_rows.fail_job(
                    project,
                    job_id,
                    "The job met an error that nobody expected. Its log holds the details; "
                    "what was done before is kept, and Resume tries again.",
                )
            raise
        job_rows.finish_job(project, job_id, result)
        return JobState.DONE
