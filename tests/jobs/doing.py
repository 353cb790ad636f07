"""Runs a job of a project to its end, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.jobs.registry import create
from core.jobs.runner import run_job
from core.store.project import Project

CAMERA = "Street"


def do_job(project_path: Path, kind: str, **settings: Any) -> int:
    """Runs a job of a project here to its end; gives its id."""
    with Project.open(project_path) as project:
        job_id = create(project, kind, settings)
    run_job(project_path, job_id)
    return job_id
