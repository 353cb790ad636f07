"""Other jobs on the GPU of a training are told of; what the CPU does, and what waits, is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.jobs.train.beside import jobs_beside
from core.records.jobs import JobState
from core.store import job_rows
from core.store.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "street.amodal")


def runs(project: Project, kind: str, settings: dict[str, object], state: JobState = JobState.RUNNING) -> int:
    """A job that seems to be in a state, its process alive."""
    job_id = job_rows.create_job(project, kind, kind.title(), settings)
    with project.write() as connection:
        connection.exec_driver_sql(
            "UPDATE job SET state = ?, heartbeat_at = strftime('%s', 'now') WHERE id = ?",
            (state.value, job_id),
        )
    return job_id


def test_a_job_that_may_compute_on_the_gpu_is_named(project: Project) -> None:
    own = runs(project, "train", {"device": "cuda"})
    mining = runs(project, "mine", {"detector": "own", "own": {"device": "auto"}})
    runs(project, "evaluate", {"device": "cpu"})
    runs(project, "keypoints", {"device": "cuda"}, JobState.QUEUED)
    runs(project, "add", {"path": "/footage"})
    runs(project, "loop", {"device": "auto"})  # the training may be a part of it
    with project, project.read() as connection:
        said = jobs_beside(connection, own, "NVIDIA H100")
        assert said.startswith(f"Of this project job {mining} (Mine) may take a part of NVIDIA H100 as well")


def test_alone_nothing_is_said(project: Project) -> None:
    own = runs(project, "train", {"device": "cuda"})
    runs(project, "evaluate", {"device": "cpu"})
    with project, project.read() as connection:
        assert jobs_beside(connection, own, "NVIDIA H100") == ""
