"""Writes median backgrounds: each is a new version, none is overwritten."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select

from core.store import tables

_background = tables.background


def write_background(
    connection: Connection,
    camera_id: int,
    *,
    hour: int | None,
    frame_count: int,
    hours: Sequence[int],
    width: int,
    height: int,
    image_png: bytes,
    support_png: bytes,
    job_id: int | None = None,
) -> int:
    """Add a version of a camera's background and return its id.

    A job that writes the same hour twice (resumed after a crash) gets the same row back.

    Args:
        connection: of a write transaction.
        camera_id: whose.
        hour: hour of day at the camera, or None over all hours.
        frame_count, hours: what it rests on.
        width, height: in pixels.
        image_png: RGB, 8 bit.
        support_png: one channel, 16 bit: samples behind each pixel.
        job_id: of the job that made it.
    """
    b = _background.c
    same_hour = b.hour.is_(None) if hour is None else b.hour == hour
    if job_id is not None:
        written = connection.scalar(
            select(b.id).where(b.camera_id == camera_id, same_hour, b.job_id == job_id)
        )
        if written is not None:
            return int(written)
    last = connection.scalar(select(func.max(b.version)).where(b.camera_id == camera_id, same_hour))
    result = connection.execute(
        insert(_background).values(
            camera_id=camera_id,
            hour=hour,
            version=(last or 0) + 1,
            frame_count=frame_count,
            hours=list(hours),
            width=width,
            height=height,
            image=image_png,
            support=support_png,
            job_id=job_id,
            created_at=time.time(),
        )
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])
