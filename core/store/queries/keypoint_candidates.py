"""The cars in which a network may look for keypoints, with their crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.records.detections import Category
from core.records.finds import Crop
from core.records.occlusion import LabelOrigin, Verdict
from core.store import tables

_instance, _keypoint_set, _crop = tables.instance, tables.keypoint_set, tables.crop
_i, _k, _c = _instance.c, _keypoint_set.c, _crop.c
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class KeypointCandidate:
    """One car and its crop, or None where it has no crop."""

    instance_id: int
    crop: Crop | None


def wanting_keypoints(
    connection: Connection,
    source_id: int,
    *,
    min_size_px: float,
    include_thinned: bool,
    redo: bool,
) -> list[int]:
    """Ids of a source's cars that nobody has placed or imported keypoints on, and nobody rejected.

    Args:
        connection: to read with.
        source_id: of which source.
        min_size_px: least L of the box.
        include_thinned: also the views for which another stands.
        redo: also those on which a network has placed some.
    """
    query = (
        select(_i.id)
        .select_from(_instance.outerjoin(_keypoint_set, _k.id == _i.keypoint_set_id))
        .where(
            _i.source_id == source_id,
            _i.state == "live",
            _i.category == Category.CAR.value,
            _i.size >= min_size_px,
            _i.verdict.is_distinct_from(Verdict.REJECTED.value),
        )
        .order_by(_i.id)
    )
    if not include_thinned:
        query = query.where(_i.thinned.is_(False))
    if redo:
        kept = [LabelOrigin.HUMAN.value, LabelOrigin.IMPORT.value]
        query = query.where(_k.origin.is_(None) | _k.origin.not_in(kept))
    else:
        query = query.where(_i.keypoint_set_id.is_(None))
    return [int(i) for i in connection.scalars(query)]


def with_crops(connection: Connection, ids: Sequence[int]) -> list[KeypointCandidate]:
    """The candidates of some ids, in their order."""
    found: dict[int, Crop] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(_crop).where(_c.instance_id.in_(ids[start : start + _CHUNK]))
        for r in connection.execute(query):
            found[r.instance_id] = Crop(r.x, r.y, r.w, r.h, bytes(r.data))
    return [KeypointCandidate(i, found.get(i)) for i in ids]
