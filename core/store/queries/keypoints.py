"""Keypoints by instance: those in force, and all that there were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from core.records.keypoints import KeypointRow
from core.records.occlusion import LabelOrigin
from core.records.runs import ModelUsed, Purpose
from core.store import tables
from core.store.keypoint_columns import from_columns
from core.store.queries.runs import models_of_jobs

_keypoint_set, _instance, _annotator = tables.keypoint_set, tables.instance, tables.annotator
_CHUNK = 500
_PLACING = (Purpose.DETECTOR, Purpose.PRELABELLER, Purpose.HIDDEN_POINTS)


def keypoints_in_force(connection: Connection, instance_ids: Sequence[int]) -> dict[int, KeypointRow]:
    """id -> the keypoints that an instance has now; those without any are left out."""
    found: dict[int, KeypointRow] = {}
    for start in range(0, len(instance_ids), _CHUNK):
        query = _query().where(
            _instance.c.id.in_(instance_ids[start : start + _CHUNK]),
            _instance.c.keypoint_set_id == _keypoint_set.c.id,
        )
        rows = connection.execute(query).all()
        models = _models(connection, rows)
        found.update((row.instance_id, _record(row, models)) for row in rows)
    return found


def keypoint_history(connection: Connection, instance_id: int) -> list[KeypointRow]:
    """Every version of an instance's keypoints, the newest first."""
    query = _query().where(_keypoint_set.c.instance_id == instance_id)
    rows = connection.execute(query.order_by(_keypoint_set.c.version.desc())).all()
    models = _models(connection, rows)
    return [_record(row, models) for row in rows]


def _query() -> Select[Any]:
    k = _keypoint_set.c
    return select(
        *(k.id, k.instance_id, k.version, k.template, k.points, k.origin, k.job_id, k.created_at),
        _annotator.c.name.label("annotator"),
        _instance.c.keypoint_set_id.label("in_force"),
    ).select_from(
        _keypoint_set.join(_instance, _instance.c.id == k.instance_id).outerjoin(
            _annotator, _annotator.c.id == k.annotator_id
        )
    )


def _models(connection: Connection, rows: Sequence[Any]) -> Mapping[int, tuple[ModelUsed, ...]]:
    """Job id -> the models that placed what a job wrote, in the order in which they did."""
    jobs = sorted({row.job_id for row in rows if row.job_id is not None})
    told = [models_of_jobs(connection, jobs, purpose) for purpose in _PLACING]
    return {job: tuple(one[job] for one in told if job in one) for job in jobs}


def _record(row: Any, models: Mapping[int, tuple[ModelUsed, ...]]) -> KeypointRow:
    return KeypointRow(
        id=row.id,
        instance_id=row.instance_id,
        version=row.version,
        keypoints=from_columns(row.template, row.points),
        origin=LabelOrigin(row.origin),
        annotator=row.annotator,
        created_at=row.created_at,
        in_force=row.in_force == row.id,
        models=models.get(row.job_id, ()),
    )
