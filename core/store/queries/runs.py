"""Runs of training, their numbers and pictures, and which of them are in use.

A run that says it is running, but whose job does not run, is read as stopped: its process was killed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from core.records.jobs import JobState
from core.records.runs import MetricPoint, ModelUsed, Purpose, RunPicture, RunRow, RunState
from core.store import tables
from core.store.job_rows import get_job

_run, _metric, _picture, _used = tables.run, tables.run_metric, tables.run_picture, tables.model_in_use
_r, _m, _j = _run.c, _metric.c, tables.job_model.c
_CHUNK = 500


def runs(connection: Connection, purpose: Purpose | None = None, *, hidden: bool = False) -> list[RunRow]:
    """The runs, the newest first; with hidden=True those too that a person took off the lists."""
    query = _rows().order_by(_r.id.desc())
    if purpose is not None:
        query = query.where(_r.purpose == purpose.value)
    if not hidden:
        query = query.where(_r.hidden.is_(False))
    return [_record(connection, row) for row in connection.execute(query).all()]


def run_by_id(connection: Connection, run_id: int) -> RunRow | None:
    """One run, or None."""
    row = connection.execute(_rows().where(_r.id == run_id)).first()
    return None if row is None else _record(connection, row)


def run_of_job(connection: Connection, job_id: int) -> RunRow | None:
    """The run that a job trains, or None before it has begun."""
    row = connection.execute(_rows().where(_r.job_id == job_id)).first()
    return None if row is None else _record(connection, row)


def run_in_use(connection: Connection, purpose: Purpose) -> RunRow | None:
    """The run that serves a purpose in this project, or None."""
    row = connection.execute(_rows().where(_r.purpose == purpose.value, _used.c.id.is_not(None))).first()
    return None if row is None else _record(connection, row)


def model_of_job(connection: Connection, job_id: int | None, purpose: Purpose) -> ModelUsed | None:
    """The model for a purpose that a job worked with, or None where it used none, or none was noted."""
    return None if job_id is None else models_of_jobs(connection, [job_id], purpose).get(job_id)


def models_of_jobs(
    connection: Connection, job_ids: Sequence[int], purpose: Purpose
) -> Mapping[int, ModelUsed]:
    """Job id -> the model for a purpose that it worked with; jobs without one are left out."""
    found: dict[int, ModelUsed] = {}
    for start in range(0, len(job_ids), _CHUNK):
        query = select(_j.job_id, _j.run_id, _j.name, _j.weights).where(
            _j.purpose == purpose.value, _j.job_id.in_(job_ids[start : start + _CHUNK])
        )
        for row in connection.execute(query):
            found[row.job_id] = ModelUsed(purpose, row.run_id, row.name, row.weights)
    return found


def metric_points(
    connection: Connection, run_id: int, names: Sequence[str] | None = None, after_step: int = -1
) -> list[MetricPoint]:
    """A run's numbers by name and step.

    Args:
        connection: to read with.
        run_id: whose.
        names: only these; None: all.
        after_step: only those of later steps: what is new since it was last asked.
    """
    query = select(_m.step, _m.name, _m.value).where(_m.run_id == run_id, _m.step > after_step)
    if names is not None:
        query = query.where(_m.name.in_(list(names)))
    rows = connection.execute(query.order_by(_m.name, _m.step))
    return [MetricPoint(row.step, row.name, row.value) for row in rows]


def newest_values(connection: Connection, run_id: int) -> Mapping[str, float]:
    """name -> the newest value of each of a run's numbers."""
    newest = (
        select(_m.name, func.max(_m.step).label("step")).where(_m.run_id == run_id).group_by(_m.name)
    ).subquery()
    query = select(_m.name, _m.value).join(
        newest, and_(_m.run_id == run_id, _m.name == newest.c.name, _m.step == newest.c.step)
    )
    return {row.name: row.value for row in connection.execute(query)}


def run_pictures(connection: Connection, run_id: int, after_step: int = -1) -> list[RunPicture]:
    """A run's gallery by place; only those made after a step, to follow it."""
    p = _picture.c
    query = select(_picture).where(p.run_id == run_id, p.step > after_step).order_by(p.place)
    return [
        RunPicture(row.place, row.step, row.picture, row.truth, row.caption)
        for row in connection.execute(query)
    ]


def _rows() -> Select[Any]:
    used = and_(_used.c.run_id == _r.id, _used.c.purpose == _r.purpose)
    return select(_run, _used.c.id.label("used")).select_from(_run.outerjoin(_used, used))


def _record(connection: Connection, row: Any) -> RunRow:
    state = RunState(row.state)
    if state is RunState.RUNNING and row.job_id is not None:
        job = get_job(connection, row.job_id)
        if job is None or job.state is not JobState.RUNNING:
            state = RunState.STOPPED  # its process could not write that down
    return RunRow(
        id=row.id,
        purpose=Purpose(row.purpose),
        name=row.name,
        job_id=row.job_id,
        settings=row.settings,
        data=row.data,
        architecture=row.architecture,
        seed=row.seed,
        device=row.device,
        versions=row.versions,
        state=state,
        step=row.step,
        epoch=row.epoch,
        epochs=row.epochs,
        seconds=row.seconds,
        best=row.best,
        last=row.last,
        metric=row.metric,
        value=row.value,
        best_step=row.best_step,
        notes=row.notes,
        hidden=bool(row.hidden),
        started_at=row.started_at,
        finished_at=row.finished_at,
        in_use=row.used is not None,
    )
