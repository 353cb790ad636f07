"""The second and third phase of mining: follow the objects of a burst, and test which are unoccluded.

Both read what is stored and can be done again from the start at any time, so they need no checkpoint
within a burst.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection, select

from core.geometry.masks import rle_to_patch
from core.jobs.context import JobContext
from core.jobs.mine.static_phase import static_map
from core.jobs.settings import MineSettings
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.static_map import StaticMap
from core.mining.occlusion.walt import decide_walt
from core.mining.thinning import thin_views
from core.mining.tracking import settle_categories, track_sequence
from core.records.boxes import Box
from core.records.detections import Category, Detection
from core.records.occlusion import Observation, OcclusionDecision
from core.records.project import SourceRow
from core.store import tables
from core.store.bulk import BulkWriter
from core.store.queries import instances
from core.store.queries.frames import SequenceRow
from core.store.writers.categories import write_categories
from core.store.writers.decisions import mark_stationary_tracks, write_decisions, write_thinning
from core.store.writers.tracks import finish_tracks, write_track

MOST_TESTED_AT_ONCE = 20_000
"""Instances whose masks are held in memory at a time; a longer burst is tested in parts."""


@dataclass(frozen=True, slots=True)
class _SequenceObjects:
    """The live objects of a burst, frame by frame, in order of time."""

    times_s: tuple[float, ...]
    frames: tuple[tuple[Observation, ...], ...]


def follow_and_test(context: JobContext, bulk: BulkWriter, source: SourceRow, sequence: SequenceRow) -> None:
    """Tracks a burst's objects and writes tracks and decisions."""
    settings = context.settings(MineSettings)
    objects = _read(context, sequence)
    if not objects.frames:
        bulk.run(lambda connection: finish_tracks(connection, sequence.id, ()))
        return
    tracked = _track(context, bulk, source, sequence, objects, settings)
    parts = list(_parts(tracked))
    # a usual burst is one part, whose masks are read once for both looks
    whole = [_with_masks(context, parts[0])] if len(parts) == 1 else None
    static = None
    if settings.rule != "walt":
        seen = whole or (_with_masks(context, part) for part in parts)
        static = static_map(context, source, seen, settings.occlusion)
    for part in whole or (_with_masks(context, part) for part in parts):
        context.check_stop()
        decisions = _decide(part, source, settings, static)
        bulk.each(
            decisions, lambda connection, some: write_decisions(connection, some, job_id=context.job_id)
        )


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
) -> list[Observation]:
    """Writes the burst's tracks; gives its observations with their track ids."""
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
    objects = _settled(bulk, objects, settle_categories(detections, numbers))
    members: dict[int, list[int]] = {}
    for frame, of_frame in zip(objects.frames, numbers, strict=True):
        for one, number in zip(frame, of_frame, strict=True):
            if number is not None:
                members.setdefault(number, []).append(one.instance_id)
    taken: set[int] = set()
    track_ids: dict[int, int | None] = {}

    def write(connection: Connection, some: Sequence[int]) -> None:
        for number in some:
            track_ids[number] = write_track(
                connection, source.id, sequence.id, members[number], taken=taken, job_id=context.job_id
            )

    bulk.each(sorted(members), write)
    bulk.run(lambda connection: finish_tracks(connection, sequence.id, taken))
    return [
        replace(one, track_id=None if number is None else track_ids[number])
        for frame, of_frame in zip(objects.frames, numbers, strict=True)
        for one, number in zip(frame, of_frame, strict=True)
    ]


def _settled(
    bulk: BulkWriter, objects: _SequenceObjects, categories: Sequence[Sequence[Category]]
) -> _SequenceObjects:
    """The objects with the kinds that their tracks agree on; what changes is written."""
    frames = tuple(
        tuple(
            one if one.category is category else replace(one, category=category)
            for one, category in zip(frame, of_frame, strict=True)
        )
        for frame, of_frame in zip(objects.frames, categories, strict=True)
    )
    changed = [
        (new.instance_id, new.category)
        for before, after in zip(objects.frames, frames, strict=True)
        for old, new in zip(before, after, strict=True)
        if old.category is not new.category
    ]
    bulk.each(changed, lambda connection, some: write_categories(connection, some))
    return replace(objects, frames=frames)


def _parts(observations: Sequence[Observation]) -> Iterator[Sequence[Observation]]:
    """The observations in runs of whole frames that fit into memory with their masks."""
    start = 0
    for place in range(1, len(observations) + 1):
        ended = place == len(observations)
        if ended or (
            place - start >= MOST_TESTED_AT_ONCE
            and observations[place].frame != observations[place - 1].frame
        ):
            yield observations[start:place]
            start = place


def _with_masks(context: JobContext, part: Sequence[Observation]) -> list[Observation]:
    with context.project.read() as connection:
        codes = instances.masks(connection, [one.instance_id for one in part])
    return [
        replace(one, mask=rle_to_patch(codes[one.instance_id])) if one.instance_id in codes else one
        for one in part
    ]


def _decide(
    part: Sequence[Observation], source: SourceRow, settings: MineSettings, static: StaticMap | None
) -> list[OcclusionDecision]:
    if settings.rule == "walt":
        return decide_walt(part, settings.walt)
    return decide_occlusion(part, source.width, source.height, settings.occlusion, static)
