"""Tracks: the instances of one physical object over frames."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.records.boxes import Box
from core.store import tables

_i = tables.instance.c


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where a track is in one frame."""

    instance_id: int
    frame_id: int
    time_s: float
    box: Box


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
