"""Which jobs may not run at once, because each would undo what the other writes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from core.records.jobs import JobRow
from core.store import tables


def rivals(connection: Connection, job: JobRow, other: JobRow) -> bool:
    """Whether two jobs would mine the same source.

    Each would match its finds to the other's half-written ones, and follow and thin them anew.
    """
    if job.kind != "mine" or other.kind != "mine":
        return False
    return bool(_mined_sources(connection, job) & _mined_sources(connection, other))


def _mined_sources(connection: Connection, job: JobRow) -> set[int]:
    """The sources that a mining job is about; all of them where its camera has another name by now."""
    s, c = tables.source.c, tables.camera.c
    chosen = set(job.settings.get("source") or ())
    if chosen:
        return chosen
    sources = set(connection.scalars(select(s.id)))
    name = job.settings.get("camera") or ""
    camera = connection.scalar(select(c.id).where(c.name == name)) if name else None
    return sources if camera is None else set(connection.scalars(select(s.id).where(s.camera_id == camera)))
