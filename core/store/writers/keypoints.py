"""Writes keypoints that networks and imports give. What a person placed stays in force, always."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from core.records.keypoints import KeypointSet
from core.records.occlusion import LabelOrigin
from core.store import tables
from core.store.annotators import annotator_id
from core.store.keypoint_columns import certainty_of, to_columns
from core.store.prepared import Prepared

_keypoint_set, _instance = tables.keypoint_set, tables.instance


@dataclass(frozen=True, slots=True)
class FoundKeypoints:
    """Keypoints of one instance as a job or an import gives them.

    Attributes:
        instance_id: whose.
        keypoints: all of them.
        annotator: the person who placed them, as another project or a copy of this one exported it; None for
            a machine's.
    """

    instance_id: int
    keypoints: KeypointSet
    annotator: str | None = None


def write_keypoints(
    connection: Connection,
    found: Sequence[FoundKeypoints],
    *,
    origin: LabelOrigin,
    job_id: int | None = None,
) -> int:
    """Add versions of keypoints and put them in force; written twice, it changes nothing more.

    A person's keypoints stay in force, and imported ones against a network's: then nothing is written.

    Args:
        connection: of a write transaction; use `BulkWriter.each` for many.
        found: one for each of the instances.
        origin: NETWORK, FIT or IMPORT; what names an annotator is HUMAN.
        job_id: of the job that writes.

    Returns:
        How many instances got new keypoints.
    """
    written = 0
    for one in found:
        row = _IN_FORCE.run(connection, instance=one.instance_id).fetchone()
        if row is None:
            continue
        template, points, held_by = row
        columns = to_columns(one.keypoints)
        new_origin = LabelOrigin.HUMAN if one.annotator is not None else origin
        same = (template, points) == (columns["template"], columns["points"])
        if held_by in _KEPT_FROM[new_origin] or (same and held_by == new_origin.value):
            continue
        [set_id] = _ADD.run(
            connection,
            instance_id=one.instance_id,
            version=_newest_version(connection, one.instance_id) + 1,
            **columns,
            origin=new_origin.value,
            annotator_id=None if one.annotator is None else annotator_id(connection, one.annotator),
            job_id=job_id,
            created_at=time.time(),
        ).fetchone()
        _PUT.run(
            connection,
            instance=one.instance_id,
            set=set_id,
            count=columns["placed"],
            certainty=certainty_of(one.keypoints, new_origin),
        )
        written += 1
    return written


_KEPT_FROM = {
    origin: (
        frozenset({LabelOrigin.HUMAN.value})
        if origin in (LabelOrigin.HUMAN, LabelOrigin.IMPORT)
        else frozenset({LabelOrigin.HUMAN.value, LabelOrigin.IMPORT.value})
    )
    for origin in LabelOrigin
}


def _newest_version(connection: Connection, instance_id: int) -> int:
    [newest] = _NEWEST.run(connection, instance=instance_id).fetchone()
    return newest or 0


_k, _i = _keypoint_set.c, _instance.c
_IN_FORCE = Prepared(
    select(_k.template, _k.points, _k.origin)
    .select_from(_instance.outerjoin(_keypoint_set, _k.id == _i.keypoint_set_id))
    .where(_i.id == bindparam("instance"))
)
_NEWEST = Prepared(select(func.max(_k.version)).where(_k.instance_id == bindparam("instance")))
_ADD = Prepared(
    insert(_keypoint_set).returning(_k.id),
    [
        *("instance_id", "version", "template", "points", "placed"),
        *("origin", "annotator_id", "job_id", "created_at"),
    ],
)
_PUT = Prepared(
    update(_instance)
    .where(_i.id == bindparam("instance"))
    .values(
        keypoint_set_id=bindparam("set"),
        points_placed=bindparam("count"),
        keypoint_certainty=bindparam("certainty"),
    )
)
