"""Writes which instances are one object over frames; a track keeps its id when it is found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.store import tables

_track, _instance = tables.track, tables.instance
_CHUNK = 500


def write_track(
    connection: Connection,
    source_id: int,
    sequence_id: int,
    instance_ids: Sequence[int],
    *,
    taken: set[int],
    job_id: int | None = None,
) -> int | None:
    """Make instances one track, and return its id; None where none of them is there.

    The track takes the id of the earlier track that most of its instances were of. Written twice, it
    changes nothing more.

    Args:
        connection: of a write transaction.
        source_id, sequence_id: where the track is.
        instance_ids: its instances.
        taken: ids of tracks that this run has written so far; the new one is added.
        job_id: of the job that tracks.
    """
    rows: list[Any] = []
    i = _instance.c
    for chunk in _chunks(instance_ids):
        rows += connection.execute(
            select(i.id, i.track_id, i.time_s, i.category).where(i.id.in_(chunk))
        ).all()
    if not rows:
        return None
    before = Counter(row.track_id for row in rows if row.track_id is not None and row.track_id not in taken)
    values = {
        "source_id": source_id,
        "sequence_id": sequence_id,
        "category": Counter(row.category for row in rows).most_common(1)[0][0],
        "first_time_s": min(row.time_s for row in rows),
        "last_time_s": max(row.time_s for row in rows),
        "instance_count": len(rows),
        "state": "live",
        "job_id": job_id,
    }
    if before:
        track_id = int(min(before.items(), key=lambda item: (-item[1], item[0]))[0])
        connection.execute(update(_track).where(_track.c.id == track_id).values(values))
    else:
        result = connection.execute(insert(_track).values(values))
        assert result.inserted_primary_key is not None
        track_id = int(result.inserted_primary_key[0])
    moved = [row.id for row in rows if row.track_id != track_id]
    for chunk in _chunks(moved):
        connection.execute(update(_instance).where(i.id.in_(chunk)).values(track_id=track_id))
    taken.add(track_id)
    return track_id


def track_the_untracked(
    connection: Connection, instance_ids: Sequence[int], *, job_id: int | None = None
) -> None:
    """Make instances that have no track one track, in each sequence: for imports.

    What was tracked here stays as it is; where some of the group are, the others join the track that most
    of those are of.
    """
    i, f = _instance.c, tables.frame.c
    rows: list[Any] = []
    for chunk in _chunks(instance_ids):
        query = select(i.id, i.track_id, i.source_id, f.sequence_id).join(tables.frame, f.id == i.frame_id)
        rows += connection.execute(query.where(i.id.in_(chunk))).all()
    for place in sorted({(row.source_id, row.sequence_id) for row in rows}):
        group = [row for row in rows if (row.source_id, row.sequence_id) == place]
        if all(row.track_id is not None for row in group):
            continue
        tracked = Counter(row.track_id for row in group if row.track_id is not None)
        joined = tracked.most_common(1)[0][0] if tracked else None
        ids = [row.id for row in group if row.track_id in (None, joined)]
        write_track(connection, *place, ids, taken=set(), job_id=job_id)


def finish_tracks(connection: Connection, sequence_id: int, taken: Iterable[int]) -> None:
    """After all tracks of a sequence are written: mark the others as gone and free their instances."""
    kept = set(taken)
    live = connection.scalars(
        select(_track.c.id).where(_track.c.sequence_id == sequence_id, _track.c.state == "live")
    )
    lost = [track_id for track_id in live if track_id not in kept]
    for chunk in _chunks(lost):
        connection.execute(
            update(_track).where(_track.c.id.in_(chunk)).values(state="gone", instance_count=0)
        )
        connection.execute(update(_instance).where(_instance.c.track_id.in_(chunk)).values(track_id=None))


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
