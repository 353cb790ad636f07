"""What tests of trainings do with a bench's jobs, and how they look at what came of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from core.jobs.context import JobContext
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.jobs.train.files import best_of
from core.records.jobs import JobRow, JobState
from core.records.runs import RunRow
from core.store import job_rows
from core.store.project import Project
from core.store.queries import runs as queries

SETTINGS = {"what": "classifier", "device": "cpu", "workers": 0, "seed": 5}


def begin(path: Path, **settings: Any) -> int:
    with Project.open(path) as project:
        return create(project, "train", {**SETTINGS, **settings})


def do(path: Path, **settings: Any) -> int:
    job_id = begin(path, **settings)
    assert run_job(path, job_id) is JobState.DONE
    return job_id


def run_of(path: Path, job_id: int) -> RunRow:
    with Project.open(path) as project, project.read() as connection:
        row = queries.run_of_job(connection, job_id)
    assert row is not None
    return row


def job_of(path: Path, job_id: int) -> JobRow:
    with Project.open(path) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return row


def log_of(path: Path, job_id: int) -> str:
    with Project.open(path) as project, project.read() as connection:
        return "\n".join(text for _, _, text in job_rows.read_log(connection, job_id))


def numbers(path: Path, run_id: int) -> dict[tuple[str, int], float]:
    told = ("loss", "loss.square", "grad_norm", "learning_rate", "fit")
    with Project.open(path) as project, project.read() as connection:
        points = queries.metric_points(connection, run_id, told)
    return {(one.name, one.step): one.value for one in points}


def best_weights(path: Path, run: RunRow) -> dict[str, torch.Tensor]:
    with Project.open(path) as project:
        return best_of(project, run).network


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def stop_at(look: int) -> Callable[[JobContext], None]:
    """Asks a job to stop when it has looked so often whether it should."""

    def on_start(context: JobContext) -> None:
        check, looks = context.check_stop, 0

        def counted() -> None:
            nonlocal looks
            looks += 1
            if looks == look:
                context.request_stop()
            check()

        context.check_stop = counted  # type: ignore[method-assign]

    return on_start
