"""Which jobs may not run at once, because each would undo what the other writes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from core.records.jobs import JobRow
from core.store import tables


def rivals(connection: Connection, job: JobRow, other: JobRow) -> bool:
    """Whether two jobs would mine or judge the same source, or cut objects out of it.

    Of two that mine, each would match its finds to the other's half-written ones, and follow and thin them
    anew; what mines judges, too; of two that cut, each would cut out what the other does.
    """
    kinds = {job.kind, other.kind}
    if not (kinds <= {"mine", "judge"} or kinds == {"cut"}):
        return False
    return bool(_sources_of(connection, job) & _sources_of(connection, other))


def _sources_of(connection: Connection, job: JobRow) -> set[int]:
    """The sources that such a job is about; all of them where its camera has another name by now."""
    s, c = tables.source.c, tables.camera.c
    chosen = set(job.settings.get("source") or ())
    if chosen:
        return chosen
    sources = set(connection.scalars(select(s.id)))
    name = job.settings.get("camera") or ""
    camera = connection.scalar(select(c.id).where(c.name == name)) if name else None
    return sources if camera is None else set(connection.scalars(select(s.id).where(s.camera_id == camera)))
