"""Writes runs as their jobs train them: the row, its numbers, its pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from core.records.runs import MetricPoint, ModelUsed, Purpose, RunPicture, RunState
from core.store import tables
from core.store.prepared import Prepared

_run, _metric, _picture, _model = tables.run, tables.run_metric, tables.run_picture, tables.job_model

_FOLLOWING = frozenset(
    {
        *("data", "architecture", "device", "versions", "state", "step", "epoch", "epochs", "seconds"),
        *("best", "last", "metric", "value", "best_step", "finished_at"),
    }
)


def note_model(connection: Connection, job_id: int, model: ModelUsed) -> None:
    """Note the model that a job works with; the one that was noted for that purpose before is forgotten.

    Args:
        connection: of a write transaction.
    """
    values = {"run_id": model.run_id, "name": model.name, "weights": model.weights}
    statement = upsert(_model).values(job_id=job_id, purpose=model.purpose.value, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["job_id", "purpose"], set_=values))


def make_run(
    connection: Connection,
    purpose: Purpose,
    name: str,
    *,
    job_id: int | None,
    settings: Mapping[str, Any],
    seed: int,
    epochs: int,
    metric: str,
) -> int:
    """Make a run and return its id; the job that made it gets the same one back when it goes on.

    Args:
        connection: of a write transaction.
        purpose, name: what for, and what people call it; names may be the same.
        job_id: of the job that trains it.
        settings: of the training, as plain JSON values.
        seed: of everything random.
        epochs: how many are planned.
        metric: by which the best is chosen.
    """
    if job_id is not None:
        present = connection.scalar(select(_run.c.id).where(_run.c.job_id == job_id))
        if present is not None:
            return int(present)
    result = connection.execute(
        insert(_run).values(
            purpose=purpose.value,
            name=name,
            job_id=job_id,
            settings=dict(settings),
            data={},
            architecture={},
            seed=seed,
            device="",
            versions={},
            state=RunState.RUNNING.value,
            epochs=epochs,
            metric=metric,
            started_at=time.time(),
        )
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def update_run(connection: Connection, run_id: int, **columns: Any) -> None:
    """Write how far a run is.

    Args:
        connection: of a write transaction.
        run_id: which.
        columns: any of data, architecture, device, versions, state, step, epoch, epochs, seconds, best, last,
            metric, value, best_step and finished_at, as `RunRow` has them.

    Raises:
        ValueError: a column is not a job's to write: a bug of whoever asks.
    """
    strange = set(columns) - _FOLLOWING
    if strange:
        raise ValueError(f"a job does not write {', '.join(sorted(strange))}")
    values = {name: value.value if isinstance(value, RunState) else value for name, value in columns.items()}
    connection.execute(update(_run).where(_run.c.id == run_id).values(**values))


def write_metrics(connection: Connection, run_id: int, points: Sequence[MetricPoint]) -> None:
    """Add numbers of a run; those of a step that is trained again are written over.

    What is no finite number is left out.

    Args:
        connection: of a write transaction.
        run_id: whose.
        points: the numbers.
    """
    _ADD.many(
        connection,
        [
            {"run_id": run_id, "name": one.name, "step": one.step, "value": float(one.value)}
            for one in points
            if math.isfinite(one.value)
        ],
    )


def forget_after(connection: Connection, run_id: int, step: int) -> None:
    """Remove the numbers of later steps: of a run that goes on from a checkpoint before them."""
    connection.execute(_metric.delete().where(_metric.c.run_id == run_id, _metric.c.step > step))


def write_pictures(connection: Connection, run_id: int, pictures: Sequence[RunPicture]) -> None:
    """Put pictures into a run's gallery, each instead of the older one at its place."""
    for one in pictures:
        _SHOW.run(
            connection,
            run_id=run_id,
            place=one.place,
            step=one.step,
            caption=one.caption,
            picture=one.picture,
            truth=one.truth,
        )


_ADD = Prepared(insert(_metric).prefix_with("OR REPLACE"), ["run_id", "name", "step", "value"])
_SHOW = Prepared(
    insert(_picture).prefix_with("OR REPLACE"), ["run_id", "place", "step", "caption", "picture", "truth"]
)
