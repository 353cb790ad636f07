"""Median backgrounds as listed, and their pixels."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from core.records.project import BackgroundRow
from core.store import tables

_b = tables.background.c
_columns = (
    _b.id,
    _b.camera_id,
    _b.hour,
    _b.version,
    _b.frame_count,
    _b.hours,
    _b.width,
    _b.height,
    _b.created_at,
)


def list_backgrounds(connection: Connection, camera_id: int, *, newest: bool = True) -> list[BackgroundRow]:
    """Backgrounds of a camera by hour (all hours first), the newest of each hour unless told otherwise."""
    query = select(*_columns).where(_b.camera_id == camera_id).order_by(_b.hour, _b.version.desc())
    rows = [_record(row) for row in connection.execute(query)]
    if not newest:
        return rows
    seen: dict[int | None, BackgroundRow] = {}
    for row in rows:
        seen.setdefault(row.hour, row)
    return list(seen.values())


def background_for(connection: Connection, camera_id: int, hour: int | None) -> BackgroundRow | None:
    """The newest background for an hour of day at the camera; without one, that over all hours; else None.

    Where neither is there, the newest of the hour nearest round the clock.
    """
    rows = {row.hour: row for row in list_backgrounds(connection, camera_id)}
    if hour in rows:
        return rows[hour]
    if None in rows:
        return rows[None]
    if not rows:
        return None
    if hour is None:
        return max(rows.values(), key=lambda row: row.frame_count)
    return min(rows.values(), key=lambda row: min((row.hour - hour) % 24, (hour - row.hour) % 24))  # type: ignore[operator]


def background_images(connection: Connection, background_id: int) -> tuple[bytes, bytes] | None:
    """(PNG of the image, RGB; PNG of the support, 16 bit), or None."""
    row = connection.execute(select(_b.image, _b.support).where(_b.id == background_id)).first()
    return None if row is None else (bytes(row.image), bytes(row.support))


def _record(row: Any) -> BackgroundRow:
    return BackgroundRow(
        id=row.id,
        camera_id=row.camera_id,
        hour=row.hour,
        version=row.version,
        frame_count=row.frame_count,
        hours=tuple(row.hours),
        width=row.width,
        height=row.height,
        created_at=row.created_at,
    )
