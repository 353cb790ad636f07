"""Sources of footage, where they lie and how they are found again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, select

from core.records.media import FrameStamp, SourceKind
from core.records.project import SourceRow
from core.store import tables
from core.store.project import Project

_source, _frame, _instance = tables.source, tables.frame, tables.instance


def list_sources(
    connection: Connection,
    project: Project,
    camera_id: int | None = None,
    *,
    counted: bool = True,
    hidden: bool = False,
) -> list[SourceRow]:
    """Sources of a camera, or of all, in the order they were added.

    Args:
        connection, project: what to read; the project says where relative paths begin.
        camera_id: of which camera, or None for all.
        counted: whether to count the instances of each (an index scan; 0 where not asked for).
        hidden: the hidden ones alone, instead of those that are shown.
    """
    query = _rows_query().where(_source.c.state == ("hidden" if hidden else "live")).order_by(_source.c.id)
    if camera_id is not None:
        query = query.where(_source.c.camera_id == camera_id)
    rows = connection.execute(query).all()
    counts = _instance_counts(connection, [row.id for row in rows]) if counted else {}
    return [_record(row, project, counts.get(row.id, 0)) for row in rows]


def source_by_id(
    connection: Connection, project: Project, source_id: int, *, counted: bool = True
) -> SourceRow | None:
    """One source, hidden or not, or None."""
    row = connection.execute(_rows_query().where(_source.c.id == source_id)).first()
    if row is None:
        return None
    counts = _instance_counts(connection, [row.id]) if counted else {}
    return _record(row, project, counts.get(row.id, 0))


def source_by_hash(connection: Connection, content_hash: bytes) -> tuple[int, str] | None:
    """(id, state) of the source with that content, or None: the same footage is added once."""
    row = connection.execute(
        select(_source.c.id, _source.c.state).where(_source.c.content_hash == content_hash)
    ).first()
    return None if row is None else (int(row.id), str(row.state))


def resolve_path(project: Project, relative_path: str, absolute_path: str) -> Path | None:
    """Where footage lies now: by its path relative to the project, else where it was last; None if gone.

    The relative path goes first, so that a folder with the project and its footage can be moved. Both come
    from the file, which may be anybody's: they are only looked at, and what is not what its column says (an
    absolute path as a relative one, or the other way round) is passed over.
    """
    folder = project.path.parent
    places = [Path(absolute_path)] if Path(absolute_path).is_absolute() else []
    if relative_path and not Path(relative_path).is_absolute():
        # ".." is taken off by its letters first, as it was put on; where a link is in the way, by its target
        places = [folder / relative_path, folder.resolve() / relative_path, *places]
    return next((path for path in map(_normal, places) if _is_there(path)), None)


def _normal(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))


def _is_there(path: Path) -> bool:
    """Whether something lies at a path; what may not be looked at, or is no path at all, is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def footage_path(connection: Connection, project: Project, source_id: int) -> Path | None:
    """Where a source's footage lies now, or None where it is missing (or there is no such source)."""
    row = connection.execute(
        select(_source.c.relative_path, _source.c.absolute_path).where(_source.c.id == source_id)
    ).first()
    return None if row is None else resolve_path(project, row.relative_path, row.absolute_path)


def identity_of(connection: Connection, source_id: int) -> tuple[bytes, int, SourceKind, str] | None:
    """(content hash, byte size, kind, file or folder name): what moved footage is searched by."""
    row = connection.execute(select(_source).where(_source.c.id == source_id)).first()
    if row is None:
        return None
    return row.content_hash, row.byte_size, SourceKind(row.kind), Path(row.absolute_path).name


def frame_stamps(connection: Connection, source_id: int) -> Iterable[FrameStamp]:
    """The frames of a source in order of time, as the media stage knows them."""
    query = (
        select(
            _frame.c.pts,
            _frame.c.time_s,
            _frame.c.captured_at,
            _frame.c.content_hash,
            _frame.c.keyframe,
            _frame.c.name,
        )
        .where(_frame.c.source_id == source_id)
        .order_by(_frame.c.pts)
    )
    for row in connection.execute(query):
        yield FrameStamp(row.pts, row.time_s, row.captured_at, row.content_hash, row.keyframe, row.name)


def _rows_query() -> Select[Any]:
    return select(_source)


def _instance_counts(connection: Connection, source_ids: list[int]) -> dict[int, int]:
    query = (
        select(_instance.c.source_id, func.count())
        .where(_instance.c.source_id.in_(source_ids), _instance.c.state == "live")
        .group_by(_instance.c.source_id)
    )
    return {int(source_id): int(count) for source_id, count in connection.execute(query)}


def _record(row: Any, project: Project, instance_count: int) -> SourceRow:
    path = resolve_path(project, row.relative_path, row.absolute_path)
    shown = path if path is not None else Path(row.absolute_path)
    return SourceRow(
        id=row.id,
        camera_id=row.camera_id,
        kind=SourceKind(row.kind),
        name=shown.name,
        path=str(shown),
        found=path is not None,
        width=row.width,
        height=row.height,
        frame_count=row.frame_count,
        duration_s=row.duration_s,
        captured_from=row.captured_from,
        captured_to=row.captured_to,
        instance_count=instance_count,
        recorded=row.recorded,
    )
