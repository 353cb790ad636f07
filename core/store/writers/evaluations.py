"""What a job writes of an evaluation: its row, its figures, its pictures, and how each object came out."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from core.records.evaluations import (
    Confusion,
    Curve,
    EvaluationState,
    Figure,
    ObjectResult,
    ObjectSaid,
    PictureRow,
    Subject,
    Truth,
)
from core.records.runs import Purpose
from core.records.slices import distance_bin, hour_bin, occlusion_bin, size_bin
from core.store import tables
from core.store.prepared import Prepared
from core.store.said_columns import said_row

_evaluation = tables.evaluation
_OWN = (
    tables.evaluation_figure,
    tables.evaluation_curve,
    tables.evaluation_confusion,
    tables.evaluation_picture,
    tables.evaluation_object,
    tables.evaluation_said,
)
_FOLLOWING = frozenset(
    ("data", "truth_key", "versions", "state", "pictures", "objects", "started_at", "finished_at", "purpose")
)


def make_evaluation(
    connection: Connection,
    name: str,
    subject: Subject,
    truth: Truth,
    *,
    job_id: int | None,
    settings: Mapping[str, Any],
    seed: int,
    purpose: Purpose | None = None,
    run_id: int | None = None,
    file: str = "",
) -> int:
    """The evaluation of a job, which is made where it has none yet.

    Args:
        connection: of a write transaction.
        name, subject, truth, job_id, settings, seed, purpose, run_id, file: as `EvaluationRow` has them.

    Returns:
        its id.
    """
    if job_id is not None:
        present = connection.scalar(select(_evaluation.c.id).where(_evaluation.c.job_id == job_id))
        if present is not None:
            return int(present)
    result = connection.execute(
        insert(_evaluation).values(
            name=name,
            subject=subject.value,
            truth=truth.value,
            purpose=None if purpose is None else purpose.value,
            run_id=run_id,
            file=file,
            job_id=job_id,
            settings=dict(settings),
            data={},
            seed=seed,
            versions={},
            state=EvaluationState.RUNNING.value,
            started_at=time.time(),
        )
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def update_evaluation(connection: Connection, evaluation_id: int, **columns: Any) -> None:
    """Write how far an evaluation is.

    Args:
        connection: of a write transaction.
        evaluation_id: which.
        columns: any of data, truth_key, versions, state, purpose, pictures, objects, started_at and
            finished_at, as `EvaluationRow` has them.

    Raises:
        ValueError: a column is not a job's to write: a bug of whoever asks.
    """
    strange = set(columns) - _FOLLOWING
    if strange:
        raise ValueError(f"a job does not write {', '.join(sorted(strange))}")
    values = {
        name: value.value if isinstance(value, (EvaluationState, Purpose)) else value
        for name, value in columns.items()
    }
    connection.execute(update(_evaluation).where(_evaluation.c.id == evaluation_id).values(**values))


def forget_results(connection: Connection, evaluation_id: int) -> None:
    """Remove all that was counted of an evaluation: of one that is counted anew."""
    for table in _OWN:
        connection.execute(delete(table).where(table.c.evaluation_id == evaluation_id))


def write_figures(
    connection: Connection,
    evaluation_id: int,
    figures: Sequence[Figure],
    curves: Sequence[Curve] = (),
    confusions: Sequence[Confusion] = (),
) -> None:
    """Add figures, curves and confusions; those of the same name and slice are written over.

    Raises:
        ValueError: a value is no finite number: a bug of whoever counted it.
    """
    for one in figures:
        if not all(math.isfinite(end) for end in (one.value, one.low, one.high) if end is not None):
            raise ValueError(f"{one.name} of {one.slice.title} is no finite number: {one.value}")
    _FIGURE.many(
        connection,
        [
            {
                **_sliced(evaluation_id, one),
                "value": float(one.value),
                "low": one.low,
                "high": one.high,
                "count": int(one.count),
            }
            for one in figures
        ],
    )
    _CURVE.many(
        connection,
        [{**_sliced(evaluation_id, one), "points": json.dumps([list(one.x), list(one.y)])} for one in curves],
    )
    _CONFUSION.many(
        connection,
        [
            {
                **_sliced(evaluation_id, one),
                "words": json.dumps([list(one.truth), list(one.said)]),
                "counts": json.dumps([list(row) for row in one.counts]),
            }
            for one in confusions
        ],
    )


def write_pictures(connection: Connection, evaluation_id: int, pictures: Sequence[PictureRow]) -> None:
    """Add pictures."""
    _PICTURE.many(
        connection,
        [
            {
                "evaluation_id": evaluation_id,
                "place": one.place,
                "frame_id": one.frame_id,
                "recipe_id": one.recipe_id,
                "name": one.name,
                "camera_id": one.camera_id,
                "hour": one.hour,
                "width": one.width,
                "height": one.height,
            }
            for one in pictures
        ],
    )


def write_results(connection: Connection, evaluation_id: int, results: Sequence[ObjectResult]) -> None:
    """Add object results, with the bins that they are in.

    Raises:
        ValueError: one has no badness from 0 to 1.
    """
    _OBJECT.many(connection, [_row(evaluation_id, one) for one in results])


def write_said(connection: Connection, evaluation_id: int, said: Sequence[tuple[int, ObjectSaid]]) -> None:
    """Add what was said of objects, by their numbers."""
    _SAID.many(
        connection,
        [{"evaluation_id": evaluation_id, "number": number, **said_row(one)} for number, one in said],
    )


def _row(evaluation_id: int, one: ObjectResult) -> dict[str, Any]:
    if not 0.0 <= one.badness <= 1.0:
        raise ValueError(f"object {one.number} has a badness of {one.badness}")
    return {
        "evaluation_id": evaluation_id,
        "number": one.number,
        "picture": one.picture,
        "instance_id": one.instance_id,
        "place": one.place,
        "category": one.category.value,
        "said": None if one.said is None else one.said.value,
        "outcome": one.outcome.value,
        "badness": one.badness,
        "score": one.score,
        "x": one.box.x,
        "y": one.box.y,
        "w": one.box.w,
        "h": one.box.h,
        "occlusion": one.occlusion,
        "distance_m": one.distance_m,
        "box_iou": one.box_iou,
        "mask_iou": one.mask_iou,
        "hidden_iou": one.hidden_iou,
        "points_right": one.points_right,
        "points_placed": one.points_placed,
        "tags_right": one.tags_right,
        "tags_told": one.tags_told,
        "rotation_rad": one.rotation_rad,
        "place_m": one.place_m,
        "tags": one.tags,
        "wrong_tags": one.wrong_tags,
        "tag_pairs": one.tag_pairs,
        "detail": one.detail,
        "occlusion_bin": occlusion_bin(one.occlusion),
        "distance_bin": distance_bin(one.distance_m),
        "size_bin": size_bin(one.size_px),
        "hour_bin": hour_bin(one.hour),
    }


def _sliced(evaluation_id: int, one: Figure | Curve | Confusion) -> dict[str, Any]:
    return {
        "evaluation_id": evaluation_id,
        "name": one.name,
        "slice": one.slice.by.value,
        "bin": one.slice.bin,
    }


def _written(table: Any) -> Prepared:
    statement = insert(table).prefix_with("OR REPLACE")
    return Prepared(statement, [column.name for column in table.columns])


_FIGURE, _CURVE, _CONFUSION, _PICTURE, _OBJECT, _SAID = (_written(table) for table in _OWN)
