"""The cars in which a network may look for keypoints, with their crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, literal_column, select

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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a source's cars want keypoints: those that nobody has placed or imported any on.

    Attributes:
        source_id: of which source.
        min_size_px: least L of the box.
        include_thinned: also the views for which another stands.
        redo: also those on which a network has placed some.
    """

    source_id: int
    min_size_px: float
    include_thinned: bool
    redo: bool


def wanting_keypoints(connection: Connection, wanted: Wanted, after_id: int, limit: int) -> list[int]:
    """Ids of the cars that want keypoints, rejected ones left out, after the given one."""
    query = _such(select(_i.id), wanted)
    return [int(i) for i in connection.scalars(query.where(_i.id > after_id).order_by(_i.id).limit(limit))]


def count_wanting(connection: Connection, wanted: Wanted, after_id: int = 0) -> int:
    """How many cars want keypoints, after the given one. Counts, so ask in a job."""
    return int(connection.execute(_such(select(func.count()), wanted).where(_i.id > after_id)).scalar_one())


def with_crops(connection: Connection, ids: Sequence[int]) -> list[KeypointCandidate]:
    """The candidates of some ids, in their order."""
    found: dict[int, Crop] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(_crop).where(_c.instance_id.in_(ids[start : start + _CHUNK]))
        for r in connection.execute(query):
            found[r.instance_id] = Crop(r.x, r.y, r.w, r.h, bytes(r.data))
    return [KeypointCandidate(i, found.get(i)) for i in ids]


def _such(columns: Select[Any], wanted: Wanted) -> Select[Any]:
    query = columns.select_from(_instance.outerjoin(_keypoint_set, _k.id == _i.keypoint_set_id)).where(
        # the + keeps SQLite from the indexes of these, which it would read and sort by id for every page
        literal_column("+instance.source_id") == wanted.source_id,
        literal_column("+instance.state") == "live",
        _i.category == Category.CAR.value,
        _i.size >= wanted.min_size_px,
        _i.verdict.is_distinct_from(Verdict.REJECTED.value),
    )
    if not wanted.include_thinned:
        query = query.where(_i.thinned.is_(False))
    if wanted.redo:
        kept = [LabelOrigin.HUMAN.value, LabelOrigin.IMPORT.value]
        return query.where(_k.origin.is_(None) | _k.origin.not_in(kept))
    return query.where(_i.keypoint_set_id.is_(None))
