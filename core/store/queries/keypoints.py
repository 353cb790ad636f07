"""Keypoints by instance: those in force, and all that there were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from core.records.keypoints import KeypointRow
from core.records.occlusion import LabelOrigin
from core.store import tables
from core.store.keypoint_columns import from_columns

_keypoint_set, _instance, _annotator = tables.keypoint_set, tables.instance, tables.annotator
_CHUNK = 500


def keypoints_in_force(connection: Connection, instance_ids: Sequence[int]) -> dict[int, KeypointRow]:
    """id -> the keypoints that an instance has now; those without any are left out."""
    found: dict[int, KeypointRow] = {}
    for start in range(0, len(instance_ids), _CHUNK):
        query = _query().where(
            _instance.c.id.in_(instance_ids[start : start + _CHUNK]),
            _instance.c.keypoint_set_id == _keypoint_set.c.id,
        )
        for row in connection.execute(query):
            found[row.instance_id] = _record(row)
    return found


def keypoint_history(connection: Connection, instance_id: int) -> list[KeypointRow]:
    """Every version of an instance's keypoints, the newest first."""
    query = _query().where(_keypoint_set.c.instance_id == instance_id)
    return [_record(row) for row in connection.execute(query.order_by(_keypoint_set.c.version.desc()))]


def _query() -> Select[Any]:
    k = _keypoint_set.c
    return select(
        *(k.id, k.instance_id, k.version, k.template, k.points, k.origin, k.created_at),
        _annotator.c.name.label("annotator"),
        _instance.c.keypoint_set_id.label("in_force"),
    ).select_from(
        _keypoint_set.join(_instance, _instance.c.id == k.instance_id).outerjoin(
            _annotator, _annotator.c.id == k.annotator_id
        )
    )


def _record(row: Any) -> KeypointRow:
    return KeypointRow(
        id=row.id,
        instance_id=row.instance_id,
        version=row.version,
        keypoints=from_columns(row.template, row.points),
        origin=LabelOrigin(row.origin),
        annotator=row.annotator,
        created_at=row.created_at,
        in_force=row.in_force == row.id,
    )
