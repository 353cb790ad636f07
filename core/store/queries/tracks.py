"""Tracks: the instances of one physical object over frames."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.records.boxes import Box
from core.records.detections import Category
from core.store import tables

_t, _i = tables.track.c, tables.instance.c


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One track. Times are seconds from the source's start."""

    id: int
    source_id: int
    sequence_id: int
    category: Category
    first_time_s: float
    last_time_s: float
    instance_count: int
    stationary: bool


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where a track is in one frame."""

    instance_id: int
    frame_id: int
    time_s: float
    box: Box


def track_by_id(connection: Connection, track_id: int) -> TrackRow | None:
    """One track, or None."""
    rows = _records(connection, _t.id == track_id)
    return rows[0] if rows else None


def tracks_of(connection: Connection, source_id: int) -> list[TrackRow]:
    """The live tracks of a source, by id."""
    return _records(connection, _t.source_id == source_id, _t.state == "live")


def track_points(connection: Connection, track_id: int) -> list[TrackPoint]:
    """A track's way through the picture, in order of time."""
    query = (
        select(_i.id, _i.frame_id, _i.time_s, _i.x, _i.y, _i.w, _i.h)
        .where(_i.track_id == track_id, _i.state == "live")
        .order_by(_i.time_s, _i.id)
    )
    return [
        TrackPoint(r.id, r.frame_id, r.time_s, Box(r.x, r.y, r.w, r.h)) for r in connection.execute(query)
    ]


def _records(connection: Connection, *conditions: object) -> list[TrackRow]:
    query = (
        select(
            _t.id,
            _t.source_id,
            _t.sequence_id,
            _t.category,
            _t.first_time_s,
            _t.last_time_s,
            _t.instance_count,
            _t.stationary,
        )
        .where(*conditions)  # type: ignore[arg-type]
        .order_by(_t.id)
    )
    return [
        TrackRow(
            r.id,
            r.source_id,
            r.sequence_id,
            Category(r.category),
            r.first_time_s,
            r.last_time_s,
            r.instance_count,
            r.stationary,
        )
        for r in connection.execute(query)
    ]
