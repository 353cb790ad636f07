"""The cars or people in whom a network may look for keypoints, with their crops and what is around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, literal_column, select

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import Crop
from core.records.occlusion import LabelOrigin, Verdict
from core.store import tables

_instance, _keypoint_set, _crop = tables.instance, tables.keypoint_set, tables.crop
_i, _k, _c = _instance.c, _keypoint_set.c, _crop.c
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class KeypointCandidate:
    """One object and its crop, or None where it has no crop."""

    instance_id: int
    frame_id: int
    box: Box
    crop: Crop | None


@dataclass(frozen=True, slots=True)
class ObjectBeside:
    """Something in a frame, with its box in the picture."""

    instance_id: int
    category: Category
    box: Box


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a source's objects want keypoints: those that nobody has placed or imported any on.

    Attributes:
        source_id: of which source.
        category: cars or people.
        min_size_px: least L of the box.
        include_thinned: also the views for which another stands.
        redo: also those on which a network has placed some.
    """

    source_id: int
    min_size_px: float
    include_thinned: bool
    redo: bool
    category: Category = Category.CAR


def wanting_keypoints(connection: Connection, wanted: Wanted, after_id: int, limit: int) -> list[int]:
    """Ids of the objects that want keypoints, rejected ones left out, after the given one."""
    query = _such(select(_i.id), wanted)
    return [int(i) for i in connection.scalars(query.where(_i.id > after_id).order_by(_i.id).limit(limit))]


def count_wanting(connection: Connection, wanted: Wanted, after_id: int = 0) -> int:
    """How many objects want keypoints, after the given one. Counts, so ask in a job."""
    return int(connection.execute(_such(select(func.count()), wanted).where(_i.id > after_id)).scalar_one())


def with_crops(connection: Connection, ids: Sequence[int]) -> list[KeypointCandidate]:
    """The candidates of some ids, in their order."""
    found: dict[int, KeypointCandidate] = {}
    for start in range(0, len(ids), _CHUNK):
        query = (
            select(
                *(_i.id, _i.frame_id, _i.x, _i.y, _i.w, _i.h),
                *(_c.x.label("left"), _c.y.label("top"), _c.w.label("wide"), _c.h.label("high"), _c.data),
            )
            .select_from(_instance.outerjoin(_crop, _c.instance_id == _i.id))
            .where(_i.id.in_(ids[start : start + _CHUNK]))
        )
        for r in connection.execute(query):
            crop = None if r.data is None else Crop(r.left, r.top, r.wide, r.high, bytes(r.data))
            found[r.id] = KeypointCandidate(r.id, r.frame_id, Box(r.x, r.y, r.w, r.h), crop)
    return [found[i] for i in ids]


def objects_of_frames(connection: Connection, frame_ids: Sequence[int]) -> dict[int, list[ObjectBeside]]:
    """Of each frame, what is in it, rejected ones left out."""
    found: dict[int, list[ObjectBeside]] = {}
    for start in range(0, len(frame_ids), _CHUNK):
        query = select(_i.frame_id, _i.id, _i.category, _i.x, _i.y, _i.w, _i.h).where(
            _i.frame_id.in_(frame_ids[start : start + _CHUNK]),
            # the + keeps SQLite from the index of these, which holds nearly every row
            literal_column("+instance.state") == "live",
            _i.verdict.is_distinct_from(Verdict.REJECTED.value),
        )
        for r in connection.execute(query.order_by(_i.id)):
            beside = ObjectBeside(r.id, Category(r.category), Box(r.x, r.y, r.w, r.h))
            found.setdefault(r.frame_id, []).append(beside)
    return found


def _such(columns: Select[Any], wanted: Wanted) -> Select[Any]:
    query = columns.select_from(_instance.outerjoin(_keypoint_set, _k.id == _i.keypoint_set_id)).where(
        # the + keeps SQLite from the indexes of these, which it would read and sort by id for every page
        literal_column("+instance.source_id") == wanted.source_id,
        literal_column("+instance.state") == "live",
        _i.category == wanted.category.value,
        _i.size >= wanted.min_size_px,
        _i.verdict.is_distinct_from(Verdict.REJECTED.value),
    )
    if not wanted.include_thinned:
        query = query.where(_i.thinned.is_(False))
    if wanted.redo:
        kept = [LabelOrigin.HUMAN.value, LabelOrigin.IMPORT.value]
        return query.where(_k.origin.is_(None) | _k.origin.not_in(kept))
    return query.where(_i.keypoint_set_id.is_(None))
