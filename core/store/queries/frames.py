"""Frames by id, by presentation time, and by the nearest time; sequences; hours of the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from core.records.project import FrameRow
from core.store import tables
from core.store.queries.hours import hour_of

_frame, _sequence, _source, _camera = tables.frame, tables.sequence, tables.source, tables.camera
_columns = (
    _frame.c.id,
    _frame.c.source_id,
    _frame.c.sequence_id,
    _frame.c.pts,
    _frame.c.time_s,
    _frame.c.captured_at,
    _frame.c.content_hash,
    _frame.c.name,
)


@dataclass(frozen=True, slots=True)
class SequenceRow:
    """Frames of a source without a long gap: what tracks live in."""

    id: int
    source_id: int
    ordinal: int
    first_pts: int
    last_pts: int
    frame_count: int


def frame_by_id(connection: Connection, frame_id: int) -> FrameRow | None:
    """One frame, or None."""
    row = connection.execute(select(*_columns).where(_frame.c.id == frame_id)).first()
    return None if row is None else _record(row)


def frame_at(connection: Connection, source_id: int, pts: int) -> FrameRow | None:
    """The frame of a source with exactly that presentation time, or None."""
    row = connection.execute(
        select(*_columns).where(_frame.c.source_id == source_id, _frame.c.pts == pts)
    ).first()
    return None if row is None else _record(row)


def nearest_frame(connection: Connection, source_id: int, time_s: float) -> FrameRow | None:
    """The frame of a source nearest to a time in seconds from its start; None for a source without any."""
    base = select(*_columns).where(_frame.c.source_id == source_id)
    before = connection.execute(
        base.where(_frame.c.time_s <= time_s).order_by(_frame.c.time_s.desc()).limit(1)
    ).first()
    after = connection.execute(
        base.where(_frame.c.time_s >= time_s).order_by(_frame.c.time_s).limit(1)
    ).first()
    found = [row for row in (before, after) if row is not None]
    if not found:
        return None
    return _record(min(found, key=lambda row: abs(row.time_s - time_s)))


def neighbour(connection: Connection, frame: FrameRow, step: int) -> FrameRow | None:
    """The frame that many places later (or earlier, where step is negative) in its source, or None.

    Walks |step| rows of an index: for steps of some tens, not for jumps (see `nearest_frame`).
    """
    if step == 0:
        return frame
    query = select(*_columns).where(_frame.c.source_id == frame.source_id)
    if step > 0:
        query = query.where(_frame.c.pts > frame.pts).order_by(_frame.c.pts)
    else:
        query = query.where(_frame.c.pts < frame.pts).order_by(_frame.c.pts.desc())
    rows = connection.execute(query.limit(abs(step))).all()
    return _record(rows[-1]) if len(rows) == abs(step) else None


def frames_of(
    connection: Connection,
    source_id: int,
    *,
    sequence_id: int | None = None,
    after_pts: int | None = None,
    limit: int | None = None,
) -> list[FrameRow]:
    """Frames of a source in order of time.

    Args:
        connection: to read with.
        source_id: of which source.
        sequence_id: of this sequence alone.
        after_pts: those after this presentation time.
        limit: at most so many.
    """
    query = select(*_columns).where(_frame.c.source_id == source_id).order_by(_frame.c.pts)
    if sequence_id is not None:
        query = query.where(_frame.c.sequence_id == sequence_id)
    if after_pts is not None:
        query = query.where(_frame.c.pts > after_pts)
    if limit is not None:
        query = query.limit(limit)
    return [_record(row) for row in connection.execute(query)]


def sequences_of(connection: Connection, source_id: int) -> list[SequenceRow]:
    """The sequences of a source in order of time."""
    s = _sequence.c
    query = (
        select(s.id, s.source_id, s.ordinal, s.first_pts, s.last_pts, s.frame_count)
        .where(s.source_id == source_id)
        .order_by(s.ordinal)
    )
    return [SequenceRow(*row) for row in connection.execute(query)]


def hours_of_camera(connection: Connection, camera_id: int) -> dict[int | None, int]:
    """Hour of day at the camera (None where the capture time is unknown) -> number of frames."""
    hour = hour_of(_frame.c.captured_at, _camera.c.utc_offset_s)
    query = (
        select(hour.label("hour"), func.count())
        .select_from(_frame.join(_source, _source.c.id == _frame.c.source_id).join(_camera))
        .where(_source.c.camera_id == camera_id, _source.c.state == "live")
        .group_by("hour")
        .order_by("hour")
    )
    return {hour: int(count) for hour, count in connection.execute(query)}


def _record(row: Any) -> FrameRow:
    return FrameRow(*row)
