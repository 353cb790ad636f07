"""Evaluations, their figures, curves, confusions and pictures.

An evaluation that says it is running, but whose job does not run, is read as stopped: its process was killed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from core.records.evaluations import (
    Confusion,
    Curve,
    EvaluationNumbers,
    EvaluationRow,
    EvaluationState,
    Figure,
    PictureRow,
    Subject,
    Truth,
)
from core.records.jobs import JobState
from core.records.runs import Purpose
from core.records.slices import By, Slice
from core.store import tables
from core.store.job_rows import get_job

_evaluation, _picture = tables.evaluation, tables.evaluation_picture
_e = _evaluation.c


def evaluations(connection: Connection, *, hidden: bool = False) -> list[EvaluationRow]:
    """The evaluations, the newest first; with hidden=True those too that a person took off the lists."""
    query = select(_evaluation).order_by(_e.id.desc())
    if not hidden:
        query = query.where(_e.hidden.is_(False))
    return [_record(connection, row) for row in connection.execute(query).all()]


def evaluation_by_id(connection: Connection, evaluation_id: int) -> EvaluationRow | None:
    """One evaluation, or None."""
    row = connection.execute(select(_evaluation).where(_e.id == evaluation_id)).first()
    return None if row is None else _record(connection, row)


def evaluation_of_job(connection: Connection, job_id: int) -> EvaluationRow | None:
    """The evaluation that a job counts, or None before it has begun."""
    row = connection.execute(select(_evaluation).where(_e.job_id == job_id)).first()
    return None if row is None else _record(connection, row)


def evaluation_numbers(connection: Connection, evaluation_id: int) -> EvaluationNumbers | None:
    """All figures, curves and confusions of an evaluation, by name and slice; None where there is none."""
    evaluation = evaluation_by_id(connection, evaluation_id)
    if evaluation is None:
        return None
    figures = tuple(
        Figure(row.name, _slice(row), row.value, row.low, row.high, row.count)
        for row in _sliced(connection, tables.evaluation_figure, evaluation_id)
    )
    curves = tuple(
        Curve(row.name, _slice(row), tuple(row.points[0]), tuple(row.points[1]))
        for row in _sliced(connection, tables.evaluation_curve, evaluation_id)
    )
    confusions = tuple(
        Confusion(
            row.name,
            _slice(row),
            tuple(row.words[0]),
            tuple(row.words[1]),
            tuple(tuple(counts) for counts in row.counts),
        )
        for row in _sliced(connection, tables.evaluation_confusion, evaluation_id)
    )
    by_name = {(one.name, one.slice): one for one in figures}
    return EvaluationNumbers(evaluation, figures, curves, confusions, by_name)


def evaluation_picture(connection: Connection, evaluation_id: int, place: int) -> PictureRow | None:
    """One picture of an evaluation, or None."""
    p = _picture.c
    query = select(_picture).where(p.evaluation_id == evaluation_id, p.place == place)
    row = connection.execute(query).first()
    if row is None:
        return None
    return PictureRow(
        row.place, row.frame_id, row.recipe_id, row.name, row.camera_id, row.hour, row.width, row.height
    )


def _sliced(connection: Connection, table: Any, evaluation_id: int) -> Any:
    c = table.c
    query = select(table).where(c.evaluation_id == evaluation_id).order_by(c.name, c.slice, c.bin)
    return connection.execute(query)


def _slice(row: Any) -> Slice:
    return Slice(By(row.slice), row.bin)


def _record(connection: Connection, row: Any) -> EvaluationRow:
    state = EvaluationState(row.state)
    if state is EvaluationState.RUNNING and row.job_id is not None:
        job = get_job(connection, row.job_id)
        if job is None or job.state is not JobState.RUNNING:
            state = EvaluationState.STOPPED  # its process could not write that down
    return EvaluationRow(
        id=row.id,
        name=row.name,
        subject=Subject(row.subject),
        truth=Truth(row.truth),
        purpose=None if row.purpose is None else Purpose(row.purpose),
        run_id=row.run_id,
        file=row.file,
        job_id=row.job_id,
        settings=row.settings,
        data=row.data,
        truth_key=row.truth_key,
        seed=row.seed,
        versions=row.versions,
        state=state,
        pictures=row.pictures,
        objects=row.objects,
        notes=row.notes,
        hidden=bool(row.hidden),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
