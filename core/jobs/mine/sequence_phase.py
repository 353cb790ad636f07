"""The second phase of mining: follow the objects of a burst; and the last: thin the views of a source.

Both read what is stored and can be done again from the start at any time, so they need no checkpoint
within a burst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from core.geometry.boxes import to_array
from core.jobs.context import JobContext
from core.jobs.settings import MineSettings
from core.mining.standing import way_of
from core.mining.thinning import thin_views
from core.mining.tracking import settle_categories, track_sequence
from core.records.boxes import Box
from core.records.detections import Category, Detection
from core.records.occlusion import Observation
from core.records.project import SourceRow
from core.store import tables
from core.store.bulk import BulkWriter
from core.store.queries.frames import SequenceRow
from core.store.writers.categories import write_categories
from core.store.writers.decisions import mark_stationary_tracks, write_thinning
from core.store.writers.tracks import finish_tracks, write_track

_LONG_ENOUGH_S = 20.0
"""A burst shorter than this does not tell what waits from what only flickers."""


@dataclass(frozen=True, slots=True)
class _SequenceObjects:
    """The live objects of a burst, frame by frame, in order of time."""

    times_s: tuple[float, ...]
    frames: tuple[tuple[Observation, ...], ...]


def follow(context: JobContext, bulk: BulkWriter, source: SourceRow, sequence: SequenceRow) -> list[int]:
    """Tracks a burst's objects and writes the tracks.

    Returns:
        the instances that are no objects after all: what the motion detector found and never moves.
    """
    settings = context.settings(MineSettings)
    objects = _read(context, sequence)
    if not objects.frames:
        bulk.run(lambda connection: finish_tracks(connection, sequence.id, ()))
        return []
    tracks = _track(context, bulk, source, sequence, objects, settings)
    least_way = settings.motion.least_way
    if settings.detector != "motion" or objects.times_s[-1] - objects.times_s[0] < _LONG_ENOUGH_S:
        return []
    return [
        one.instance_id
        for track in tracks
        if way_of(to_array(one.box for one in track)) < least_way
        for one in track
    ]


def objects_of(context: JobContext, sequence: SequenceRow) -> list[Observation]:
    """A burst's objects with their tracks and without their masks, frame by frame, in order of time."""
    return [one for frame in _read(context, sequence).frames for one in frame]


def thin_source(context: JobContext, bulk: BulkWriter, source: SourceRow) -> None:
    """Marks parked objects and thins repeated views over all bursts of a source."""
    settings = context.settings(MineSettings)
    observations = _of_source(context, source)
    result = thin_views(observations, settings.thinning)
    flags = [
        (one.instance_id, one.instance_id in result.stationary, one.instance_id in result.representative)
        for one in observations
    ]
    bulk.each(flags, lambda connection, some: write_thinning(connection, some))
    parked: dict[int, list[bool]] = {}
    for one in observations:
        if one.track_id is not None:
            parked.setdefault(one.track_id, []).append(one.instance_id in result.stationary)
    for still in (True, False):
        ids = [track for track, flags_of in parked.items() if (sum(flags_of) * 2 > len(flags_of)) is still]
        bulk.each(
            ids,
            lambda connection, some, still=still: mark_stationary_tracks(connection, some, still),  # type: ignore[misc]
        )


def _read(context: JobContext, sequence: SequenceRow) -> _SequenceObjects:
    i, f = tables.instance.c, tables.frame.c
    query = (
        select(f.id.label("frame_id"), f.time_s, i.id, i.track_id, i.x, i.y, i.w, i.h, i.category, i.score)
        .join(tables.instance, i.frame_id == f.id)
        .where(f.sequence_id == sequence.id, i.state == "live", ~i.missing)
        .order_by(f.pts, i.id)
    )
    times: list[float] = []
    frames: list[list[Observation]] = []
    with context.project.read() as connection:
        frame_id = None
        for row in connection.execute(query):
            if row.frame_id != frame_id:
                frame_id = row.frame_id
                times.append(row.time_s)
                frames.append([])
            frames[-1].append(_observation(row, len(frames) - 1))
    return _SequenceObjects(tuple(times), tuple(tuple(frame) for frame in frames))


def _of_source(context: JobContext, source: SourceRow) -> list[Observation]:
    i = tables.instance.c
    query = (
        select(i.id, i.track_id, i.time_s, i.x, i.y, i.w, i.h, i.category, i.score)
        .where(i.source_id == source.id, i.state == "live", ~i.missing)
        .order_by(i.time_s, i.id)
    )
    with context.project.read() as connection:
        return [_observation(row, 0) for row in connection.execute(query)]


def _observation(row: object, frame: int) -> Observation:
    return Observation(
        instance_id=row.id,  # type: ignore[attr-defined]
        frame=frame,
        time_s=row.time_s,  # type: ignore[attr-defined]
        track_id=row.track_id,  # type: ignore[attr-defined]
        box=Box(row.x, row.y, row.w, row.h),  # type: ignore[attr-defined]
        category=Category(row.category),  # type: ignore[attr-defined]
        score=row.score,  # type: ignore[attr-defined]
        mask=None,
    )


def _track(
    context: JobContext,
    bulk: BulkWriter,
    source: SourceRow,
    sequence: SequenceRow,
    objects: _SequenceObjects,
    settings: MineSettings,
) -> list[list[Observation]]:
    """Writes the burst's tracks and gives their objects, in order of time."""
    detections = [
        [Detection(one.box, one.category, one.score, None) for one in frame] for frame in objects.frames
    ]
    steps = np.diff(objects.times_s)
    fps = 1.0 / float(np.median(steps)) if steps.size else 1.0
    numbers = track_sequence(
        detections,
        fps,
        settings=settings.tracking,
        across_kinds=settings.detector == "motion",
        times_s=objects.times_s,
    )
    _settle(bulk, objects, settle_categories(detections, numbers))
    members: dict[int, list[Observation]] = {}
    for frame, of_frame in zip(objects.frames, numbers, strict=True):
        for one, number in zip(frame, of_frame, strict=True):
            if number is not None:
                members.setdefault(number, []).append(one)
    taken: set[int] = set()

    def write(connection: Connection, some: Sequence[int]) -> None:
        for number in some:
            ids = [one.instance_id for one in members[number]]
            write_track(connection, source.id, sequence.id, ids, taken=taken, job_id=context.job_id)

    bulk.each(sorted(members), write)
    bulk.run(lambda connection: finish_tracks(connection, sequence.id, taken))
    return [members[number] for number in sorted(members)]


def _settle(bulk: BulkWriter, objects: _SequenceObjects, categories: Sequence[Sequence[Category]]) -> None:
    """Writes the kinds that the tracks agree on where a detection said otherwise."""
    changed = [
        (one.instance_id, category)
        for frame, of_frame in zip(objects.frames, categories, strict=True)
        for one, category in zip(frame, of_frame, strict=True)
        if one.category is not category
    ]
    bulk.each(changed, lambda connection, some: write_categories(connection, some))
