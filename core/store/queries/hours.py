"""Hours of the day at a camera, from capture times in UTC."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, cast, select
from sqlalchemy.sql.elements import SQLColumnExpression

from core.store import tables


def hour_of(captured_at: SQLColumnExpression[Any], utc_offset_s: Any) -> ColumnElement[int]:
    """SQL for the hour of day 0-23 at the camera; NULL where the capture time is."""
    return cast((captured_at + utc_offset_s) / 3600.0, Integer) % 24


def utc_offsets(connection: Connection) -> dict[int, float]:
    """camera id -> its offset from UTC in seconds."""
    camera = tables.camera.c
    return {
        int(row.id): float(row.utc_offset_s)
        for row in connection.execute(select(camera.id, camera.utc_offset_s))
    }
