"""What a project holds, in a few lines for the shell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from core.store import tables
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from core.store.queries.pieces import piece_counts
from core.store.queries.recipes import recipe_sets
from core.store.queries.sources import list_sources


def overview_lines(path: Path) -> Iterator[str]:
    """Cameras, sources, objects and how far the review is."""
    i = tables.instance.c
    with Project.open(path, read_only=True) as project, project.read() as connection:
        yield f"{project.name} ({path.name})"
        for camera in list_cameras(connection):
            yield f"camera {camera.name}: {camera.source_count} sources, {camera.frame_count} frames"
            for row in list_sources(connection, project, camera.id):
                where = "" if row.found else "  MISSING"
                yield (
                    f"  {row.id:4}  {row.name}  {row.width}x{row.height}  {row.frame_count} frames  "
                    f"{row.duration_s:.1f} s  {row.instance_count} objects{where}"
                )
            cut = piece_counts(connection, camera.id)
            if cut.ready or cut.stale:
                placed = f"{cut.placed} with a place on the ground"
                yield f"  cut out: {cut.ready}, {placed}; {cut.stale} out of date"
        counts = connection.execute(
            select(i.category, i.label, func.count())
            .where(i.state == "live")
            .group_by(i.category, i.label)
            .order_by(i.category, i.label)
        )
        for category, label, count in counts:
            yield f"{category} {label or 'untested or rejected'}: {count}"
        reviewed = connection.scalar(select(func.count()).where(i.state == "live", i.verdict.is_not(None)))
        yield f"reviewed by a person: {reviewed or 0}"
        for one in recipe_sets(connection):
            yield f"set {one.name}: {one.total} composites"
