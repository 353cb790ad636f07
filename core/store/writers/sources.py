"""Writes a source and its table of frames."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_ignore

from core.errors import EditRefusedError
from core.records.media import FrameStamp, SourceTable
from core.store import tables
from core.store.bulk import BulkWriter
from core.store.edits.sources import relative_to_project
from core.store.project import Project
from core.store.queries.sources import source_by_hash

_source, _sequence, _frame = tables.source, tables.sequence, tables.frame


def add_source(
    project: Project,
    bulk: BulkWriter,
    camera_id: int,
    table: SourceTable,
    sequences: Sequence[range],
    *,
    recorded: bool = False,
) -> int:
    """Write a source with its sequences and frames, and return its id.

    It is on no list until the last frame is in. Called again after a crash, it goes on where it was;
    called for hidden footage, it shows it again.

    Args:
        project, bulk: where.
        camera_id: whose footage it is.
        table: as indexed.
        sequences: ranges of indices into table.frames; together they are all frames, in order.
        recorded: whether this program recorded it.

    Raises:
        EditRefusedError: the same footage is in the project already, or the camera is gone.
    """
    if [index for part in sequences for index in part] != list(range(len(table.frames))):
        raise ValueError("the sequences do not cover the frames")
    source_id, todo = bulk.run(lambda connection: _begin(connection, project, camera_id, table, recorded))
    if not todo:
        return source_id
    for ordinal, part in enumerate(sequences):
        _add_sequence(bulk, source_id, ordinal, table.frames[part.start : part.stop])
    bulk.run(lambda connection: _set_live(connection, source_id))
    return source_id


def known_source(connection: Connection, table: SourceTable) -> tuple[int, str] | None:
    """(id, state) of a source of the same content that is hidden or half added; None where there is none.

    Raises:
        EditRefusedError: the same footage is in the project already, for all to see.
    """
    known = source_by_hash(connection, table.content_hash)
    if known is not None and known[1] == "live":
        raise EditRefusedError(
            f"The footage {table.path.name} is in the project already.", "Choose other footage."
        )
    return known


def _begin(
    connection: Connection, project: Project, camera_id: int, table: SourceTable, recorded: bool
) -> tuple[int, bool]:
    if connection.scalar(select(tables.camera.c.id).where(tables.camera.c.id == camera_id)) is None:
        raise EditRefusedError("That camera is no longer there.", "Choose another camera.")
    known = known_source(connection, table)
    if known is not None:
        source_id, state = known
        moved = _place(project, table) | {"camera_id": camera_id}
        if state == "hidden":
            # its instances know the camera too, so that footage comes back where it was
            del moved["camera_id"]
            moved["state"] = "live"
        connection.execute(update(_source).where(_source.c.id == source_id).values(moved))
        return source_id, state == "adding"
    times = [stamp.captured_at for stamp in table.frames if stamp.captured_at is not None]
    duration = table.frames[-1].time_s - table.frames[0].time_s if table.frames else 0.0
    values: dict[str, Any] = {
        "camera_id": camera_id,
        "kind": table.kind.value,
        "state": "adding",
        **_place(project, table),
        "content_hash": table.content_hash,
        "byte_size": table.byte_size,
        "width": table.width,
        "height": table.height,
        "time_base_num": table.time_base.numerator,
        "time_base_den": table.time_base.denominator,
        "frame_count": len(table.frames),
        "duration_s": duration,
        "captured_from": min(times, default=None),
        "captured_to": max(times, default=None),
        "recorded": recorded,
        "warnings": list(table.warnings),
        "added_at": time.time(),
    }
    result = connection.execute(insert(_source).values(values))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0]), True


def _place(project: Project, table: SourceTable) -> dict[str, Any]:
    path = table.path.absolute()
    return {"absolute_path": str(path), "relative_path": relative_to_project(project.path, path)}


def _add_sequence(bulk: BulkWriter, source_id: int, ordinal: int, stamps: Sequence[FrameStamp]) -> None:
    if not stamps:
        return

    def add_row(connection: Connection) -> int:
        found = connection.scalar(
            select(_sequence.c.id).where(_sequence.c.source_id == source_id, _sequence.c.ordinal == ordinal)
        )
        if found is not None:
            return int(found)
        result = connection.execute(
            insert(_sequence).values(
                source_id=source_id,
                ordinal=ordinal,
                first_pts=stamps[0].pts,
                last_pts=stamps[-1].pts,
                frame_count=len(stamps),
            )
        )
        assert result.inserted_primary_key is not None
        return int(result.inserted_primary_key[0])

    sequence_id = bulk.run(add_row)
    statement = insert_or_ignore(_frame).on_conflict_do_nothing(index_elements=["source_id", "pts"])
    bulk.each(
        _frame_rows(source_id, sequence_id, stamps),
        lambda connection, rows: connection.execute(statement, list(rows)),
    )


def _frame_rows(source_id: int, sequence_id: int, stamps: Iterable[FrameStamp]) -> Iterator[dict[str, Any]]:
    for stamp in stamps:
        yield {
            "source_id": source_id,
            "sequence_id": sequence_id,
            "pts": stamp.pts,
            "time_s": stamp.time_s,
            "captured_at": stamp.captured_at,
            "content_hash": stamp.content_hash,
            "keyframe": stamp.keyframe,
            "name": stamp.name,
        }


def _set_live(connection: Connection, source_id: int) -> None:
    written = connection.scalar(select(func.count()).where(_frame.c.source_id == source_id))
    expected = connection.scalar(select(_source.c.frame_count).where(_source.c.id == source_id))
    if written != expected:
        raise RuntimeError(f"source {source_id} has {written} frames, not {expected}")
    connection.execute(update(_source).where(_source.c.id == source_id).values(state="live"))
