"""How a job begins: by whoever asked for it last."""

from __future__ import annotations

import time
from pathlib import Path

from core.jobs.context import JobContext
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.records.jobs import JobState
from core.store import job_rows
from core.store.project import Project
from tests.jobs.yard import Yard


def test_a_job_stopped_while_its_process_starts_does_not_begin(tmp_path: Path) -> None:
    path = Yard(tmp_path / "yard.amodal").path
    begun: list[JobContext] = []
    with Project.open(path) as project:
        job_id = create(project, "mine", {})
        asked_at = time.time()
        job_rows.request_cancel(project, job_id)
    assert run_job(path, job_id, on_start=begun.append, asked_at=asked_at) is JobState.CANCELLED
    assert not begun
    # whoever resumes it asks anew
    run_job(path, job_id, on_start=begun.append, asked_at=time.time())
    assert len(begun) == 1
