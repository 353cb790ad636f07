"""The job that indexes footage and adds it to a camera."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from core.errors import SettingsError
from core.jobs.context import JobContext
from core.jobs.settings import AddSettings
from core.media.capture_times import CaptureTimes
from core.media.sequences import split_sequences
from core.media.source import index_source
from core.records.media import SourceTable
from core.store import tables
from core.store.writers.sources import add_source, known_source

_INDEXED = 0.9  # of the progress; writing the table is quick


def run_add(context: JobContext) -> dict[str, Any]:
    """Index the footage, split it into bursts and write its table of frames."""
    settings = context.settings(AddSettings)
    path = settings.path.expanduser().absolute()

    def show(share: float) -> None:
        context.check_stop()
        context.progress(_INDEXED * share, f"Indexing {path.name}")

    capture = CaptureTimes(
        start=_epoch(settings.start) if settings.start else None,
        pattern=settings.pattern or None,
        csv=settings.csv,
        fps=settings.fps,
    )
    table = index_source(path, capture=capture, progress=show)
    sequences = split_sequences(table.frames, settings.burst_gap_s)
    context.progress(_INDEXED, f"Writing {len(table.frames)} frames")
    with context.project.bulk() as bulk:
        camera_id = bulk.run(lambda connection: _camera_for(connection, table, settings.camera.strip()))
        source_id = add_source(context.project, bulk, camera_id, table, sequences)
    for warning in table.warnings:
        context.log(warning)
    return {
        "camera": _camera_name(context, source_id),
        "source": source_id,
        "frames": len(table.frames),
        "bursts": len(sequences),
        "size": f"{table.width}x{table.height}",
        **({"warnings": list(table.warnings)} if table.warnings else {}),
    }


def _camera_for(connection: Connection, table: SourceTable, name: str) -> int:
    """The camera to add footage to: the one named, or the one that hidden footage comes back to.

    Raises:
        EditRefusedError: the footage is in the project already; then no camera is made either.
    """
    known = known_source(connection, table)
    if known is not None and known[1] == "hidden":
        source = tables.source.c
        return int(connection.execute(select(source.camera_id).where(source.id == known[0])).scalar_one())
    return ensure_camera(connection, name or table.path.stem)


def _camera_name(context: JobContext, source_id: int) -> str:
    query = select(tables.camera.c.name).join(tables.source).where(tables.source.c.id == source_id)
    with context.project.read() as connection:
        return str(connection.execute(query).scalar_one())


def ensure_camera(connection: Connection, name: str) -> int:
    """The id of the camera of that name, made if there is none."""
    camera = tables.camera
    found = connection.scalar(select(camera.c.id).where(camera.c.name == name))
    if found is not None:
        return int(found)
    made = connection.execute(insert(camera).values(name=name, utc_offset_s=0.0, created_at=time.time()))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def _epoch(text: str) -> float:
    """Seconds UTC epoch of an ISO time; one without a zone is taken as UTC (see capture_times)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise SettingsError(
            f"{text} is no time of capture.", "Write it like 2026-05-01T14:00:00."
        ) from problem
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
