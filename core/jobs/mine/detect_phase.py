"""The first phase of mining: what is in each frame. Each frame stands alone, so it resumes anywhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.errors import MediaError
from core.jobs.ahead import ahead
from core.jobs.context import JobContext
from core.jobs.footage import decoded_frames
from core.jobs.mine.find_wire import FinderSettings
from core.jobs.mine.finding import Task, find_beside, find_here
from core.jobs.mine.plan import SourcePlan
from core.jobs.settings import MineSettings
from core.media.background_samples import hour_of_day
from core.mining.detectors.protocol import Detector
from core.records.cameras import CalibrationRecord
from core.records.finds import FoundFrame, FoundInstance
from core.records.keypoints import Template
from core.records.media import DecodedFrame
from core.records.occlusion import LabelOrigin
from core.records.project import FrameRow
from core.store.bulk import SLICE_S, BulkWriter
from core.store.queries.instances import by_ids
from core.store.writers.detections import write_frames
from core.store.writers.keypoints import FoundKeypoints, write_keypoints

AHEAD_FRAMES = 8
_MOST_PROCESSES = 6  # more than these, decoding and writing do not keep up with
_WORTH_PROCESSES = 100  # frames
Backgrounds = Callable[[int | None], NDArray[np.uint8] | None]


@dataclass(frozen=True, slots=True)
class _ReadyFrame:
    """A frame's finds, ready to be written."""

    frame: FrameRow
    found: tuple[FoundInstance, ...]


def detect_source(
    context: JobContext,
    plan: SourcePlan,
    detector: Detector,
    backgrounds: Backgrounds,
    utc_offset_s: float,
    show: Callable[[float], None],
    calibration: CalibrationRecord | None = None,
) -> int:
    """Finds objects in the frames of a source and writes them, from where an earlier attempt stopped.

    Decoding and writing each run in a thread of their own; detecting too, or in several processes.

    Args:
        backgrounds: hour of day (or None) -> background, or None where there is none.
        utc_offset_s: camera's local time minus UTC.
        show: is told the share of this source that is done.
        calibration: with a ground, of pictures of this size; what the detector knows of it already.

    Returns:
        how many objects were found now.
    """
    settings = context.settings(MineSettings)
    done_pts = context.checkpoint.get("pts")
    todo = [frame for frame in plan.frames if done_pts is None or frame.pts > done_pts]
    if not todo:
        return 0
    ready = ahead(
        _found_frames(context, plan, todo, detector, backgrounds, utc_offset_s, settings, calibration),
        AHEAD_FRAMES,
    )
    total, written = 0, len(plan.frames) - len(todo)
    with context.project.bulk() as bulk:
        for chunk in _slices(ready, bulk, lambda some: _write(context, bulk, some, detector.name)):
            context.check_stop()
            total += sum(len(one.found) for one in chunk)
            written += len(chunk)
            show(written / len(plan.frames))
    return total


def _found_frames(
    context: JobContext,
    plan: SourcePlan,
    todo: Sequence[FrameRow],
    detector: Detector,
    backgrounds: Backgrounds,
    utc_offset_s: float,
    settings: MineSettings,
    calibration: CalibrationRecord | None,
) -> Iterator[_ReadyFrame]:
    rows = {frame.pts: frame for frame in todo}

    def tasks() -> Iterator[Task[FrameRow]]:
        for picture in ahead(_decoded(context, plan, todo), AHEAD_FRAMES):
            frame = rows[picture.pts]
            hour = None if frame.captured_at is None else hour_of_day(frame.captured_at, utc_offset_s)
            yield Task(frame, picture.image, backgrounds(hour))

    processes = _processes(settings, len(todo))
    if processes > 1:
        own = settings.motion.model_dump(mode="json")
        told = FinderSettings(settings.detector, own, settings.crop_px, calibration)
        found = find_beside(tasks(), told, processes)
    else:
        found = find_here(tasks(), detector, settings.crop_px, _least_score(settings))
    for frame, instances in found:
        yield _ReadyFrame(frame, instances)


def _processes(settings: MineSettings, frames: int) -> int:
    """How many processes look for objects; a few frames are done before one has even started."""
    if settings.detector != "motion":
        return 1
    if settings.processes is not None:
        return settings.processes
    return min(os.cpu_count() or 1, _MOST_PROCESSES) if frames >= _WORTH_PROCESSES else 1


def _least_score(settings: MineSettings) -> float | None:
    """The least score that a network's finds have; what moves has none that says how sure a find is."""
    if settings.detector == "motion":
        return None
    networks = {
        "onnx": settings.onnx.min_score,
        "torchvision": settings.torchvision.min_score,
        "rfdetr": settings.rfdetr.min_score,
        "own": settings.own.min_score,
    }
    return networks[settings.detector]


def _decoded(context: JobContext, plan: SourcePlan, todo: Sequence[FrameRow]) -> Iterator[DecodedFrame]:
    return decoded_frames(
        context.project, plan.source, [frame.pts for frame in todo], partial(_note_damage, context, plan)
    )


def _note_damage(context: JobContext, plan: SourcePlan, pts: int, problem: MediaError) -> None:
    """A frame that cannot be read costs that frame alone, and the log and the result say so."""
    context.log(f"{plan.source.name}, frame at {pts}: {problem.problem}")
    context.checkpoint["damaged"] = int(context.checkpoint.get("damaged", 0)) + 1


def _slices(
    ready: Iterator[_ReadyFrame], bulk: BulkWriter, write: Callable[[Sequence[_ReadyFrame]], float]
) -> Iterator[list[_ReadyFrame]]:
    """Writes the frames in chunks that are grown or shrunk to hold the lock for one slice."""
    chunk: list[_ReadyFrame] = []
    size = 1.0
    for one in ready:
        chunk.append(one)
        if len(chunk) < int(size):
            continue
        held_s = write(chunk)
        yield chunk
        fitting = len(chunk) * SLICE_S / max(held_s, 1e-6)
        size = min(max((size + fitting) / 2, 1.0), 64.0)
        chunk = []
    if chunk:
        write(chunk)
        yield chunk


def _propose(
    connection: Connection, chunk: Sequence[_ReadyFrame], ids: Sequence[Sequence[int]], job_id: int
) -> None:
    """The keypoints of what was found enter the queue of proposals; never over a person's or imported ones.

    What a person has called something else keeps what it has: these points are not its own.
    """
    said = {
        instance_id: one.keypoints
        for frame, of_frame in zip(chunk, ids, strict=True)
        for one, instance_id in zip(frame.found, of_frame, strict=True)
        if one.keypoints is not None
    }
    found = [
        FoundKeypoints(row.id, said[row.id])
        for row in by_ids(connection, list(said))
        if said[row.id].template is Template.of(row.category)
    ]
    write_keypoints(connection, found, origin=LabelOrigin.NETWORK, job_id=job_id)


def _write(context: JobContext, bulk: BulkWriter, chunk: Sequence[_ReadyFrame], detector: str) -> float:
    origin = LabelOrigin.HEURISTIC if detector == "motion" else LabelOrigin.NETWORK
    held_s = 0.0

    def step(connection: Connection) -> None:
        nonlocal held_s
        started = time.perf_counter()
        ids = write_frames(
            connection,
            [FoundFrame(one.frame.id, one.found) for one in chunk],
            detector=detector,
            origin=origin,
            job_id=context.job_id,
        )
        _propose(connection, chunk, ids, context.job_id)
        context.checkpoint["pts"] = chunk[-1].frame.pts
        context.save(connection)
        held_s = time.perf_counter() - started

    bulk.run(step)
    return held_s
