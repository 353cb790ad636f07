"""The mining job: detect, follow, test and thin, source by source (docs/decisions/0003)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from core.errors import JobError
from core.jobs.background import make_backgrounds, read_background
from core.jobs.context import JobContext
from core.jobs.footage import CameraFootage, chosen_footage
from core.jobs.mine.detect_phase import detect_source
from core.jobs.mine.judge_phase import judge_camera
from core.jobs.mine.own_detector import chosen_run, own_detector
from core.jobs.mine.plan import SourcePlan, plan_source
from core.jobs.mine.sequence_phase import follow, thin_source
from core.jobs.models import settled_model
from core.jobs.settings import BackgroundSettings, MineSettings
from core.mining.detectors.ground_scale import GroundScale
from core.mining.detectors.protocol import Detector, GroundSize
from core.mining.detectors.registry import create_detector
from core.mining.tracking import load_packages
from core.records.cameras import CalibrationRecord
from core.records.runs import Purpose
from core.store import tables
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.frames import sequences_of
from core.store.queries.runs import model_of_job
from core.store.queries.sources import list_sources
from core.store.writers.detections import drop_instances

_DETECTED = 0.85  # of the job's progress; the rest is for the tests


def run_mine(context: JobContext) -> dict[str, Any]:
    """Mine every chosen source; what an earlier attempt finished is not done again."""
    settings = context.settings(MineSettings)
    footage = chosen_footage(context.project, settings.camera, settings.source)
    cv2.setNumThreads(1)  # its pool gains nothing on small pictures and takes the decoder's processors
    detector = _detector(context, settings)
    plans = [
        (one, plan_source(context.project, source, settings)) for one in footage for source in one.sources
    ]
    frames = sum(len(plan.frames) for _, plan in plans)
    if not frames:
        raise JobError("No frame lies between those times.", "Choose other times.")
    threading.Thread(target=load_packages, name="load packages", daemon=True).start()
    done = 0
    for one, plan in plans:
        _mine_source(context, one, plan, detector, done / frames, len(plan.frames) / frames)
        done += len(plan.frames)
    for number, one in enumerate(footage):
        _judge(context, one, number / len(footage), 1 / len(footage))
    result = _result(context, [plan for _, plan in plans]) | {"frames": frames}
    damaged = context.checkpoint.get("damaged", 0)
    return result | ({"frames that could not be read": damaged} if damaged else {})


def _mine_source(
    context: JobContext,
    footage: CameraFootage,
    plan: SourcePlan,
    detector: Detector,
    before: float,
    share: float,
) -> None:
    finished = context.checkpoint.setdefault("sources", [])
    name = plan.source.name
    if plan.source.id in finished or not plan.frames:
        return
    if detector.needs_background:
        _ensure_background(context, footage)

    @lru_cache(maxsize=2)
    def background(hour: int | None) -> NDArray[np.uint8] | None:
        return read_background(context.project, footage.camera.id, hour)

    def show(part: float) -> None:
        context.progress(_DETECTED * (before + share * part), f"Finding objects in {name}")

    calibration = _calibration(context, footage, plan)
    if calibration is not None:  # networks know what they see
        detector = _detector(context, context.settings(MineSettings), GroundScale(calibration))
    detect_source(context, plan, detector, background, footage.camera.utc_offset_s, show, calibration)
    with context.project.bulk() as bulk:
        with context.project.read() as connection:
            sequences = sequences_of(connection, plan.source.id)
        context.progress(_DETECTED * (before + share), f"Following objects in {name}")
        standing: list[int] = []
        for sequence in sequences:
            context.check_stop()
            standing += follow(context, bulk, plan.source, sequence)

        def finish(connection: Connection) -> None:
            # with the checkpoint, for what is followed anew must find the same objects
            drop_instances(connection, standing)
            finished.append(plan.source.id)
            context.checkpoint["pts"] = None
            context.save(connection)

        bulk.run(finish)


def _judge(context: JobContext, footage: CameraFootage, before: float, share: float) -> None:
    """Tests and thins what was found of one camera, once all of it has been followed."""
    judged = context.checkpoint.setdefault("judged", [])
    if footage.camera.id in judged:
        return

    def show(part: float) -> None:
        done = _DETECTED + (1 - _DETECTED) * (before + share * part)
        context.progress(done, f"Testing what hides objects of {footage.camera.name}")

    with context.project.read() as connection:
        every = list_sources(connection, context.project, footage.camera.id, counted=False)
    mined = {source.id for source in footage.sources}
    others = [source for source in every if source.id not in mined]
    with context.project.bulk() as bulk:
        judge_camera(context, context.settings(MineSettings), bulk, footage.sources, others, show)
        for source in footage.sources:
            context.check_stop()
            thin_source(context, bulk, source)

        def finish(connection: Connection) -> None:
            judged.append(footage.camera.id)
            context.save(connection)

        bulk.run(finish)


def _calibration(context: JobContext, footage: CameraFootage, plan: SourcePlan) -> CalibrationRecord | None:
    """What tells cars from people by their size on the ground, where the camera has it and it is needed."""
    if context.settings(MineSettings).detector != "motion":
        return None
    with context.project.read() as connection:
        row = calibration_in_force(connection, footage.camera.id)
    if row is None or row.record.normal is None:
        return None
    same = (row.record.width, row.record.height) == (plan.source.width, plan.source.height)
    return row.record if same else None


def _detector(context: JobContext, settings: MineSettings, ground_size: GroundSize | None = None) -> Detector:
    if settings.detector == "own":
        return _own_detector(context, settings)
    own = {
        "motion": settings.motion,
        "onnx": settings.onnx,
        "torchvision": settings.torchvision,
        "rfdetr": settings.rfdetr,
    }[settings.detector]

    def show(share: float, message: str) -> None:
        context.check_stop()
        context.progress(0.0, f"{message} ({share:.0%})")

    return create_detector(settings.detector, progress=show, ground_size=ground_size, **own.model_dump())


def _own_detector(context: JobContext, settings: MineSettings) -> Detector:
    """The one in use when the job began, also where it goes on after another came into use."""
    with context.project.read() as connection:
        known = model_of_job(connection, context.job_id, Purpose.DETECTOR)
    run = chosen_run(context.project, settings.own.run if known is None else known.run_id)
    detector = own_detector(context.project, settings.own.model_copy(update={"run": run.id}))
    settled_model(context, Purpose.DETECTOR, run)
    return detector


def _ensure_background(context: JobContext, footage: CameraFootage) -> None:
    """Makes backgrounds where the camera has none; the person can make better ones at any time."""
    if read_background(context.project, footage.camera.id, None) is not None:
        return
    context.log(f"The camera {footage.camera.name} has no background yet: making one first.")
    make_backgrounds(context, footage, BackgroundSettings(samples=60, per_hour=True), context.progress)


def _result(context: JobContext, plans: Sequence[SourcePlan]) -> dict[str, Any]:
    """What there is now in the frames that this job looked at; those of earlier jobs beside them are not."""
    i = tables.instance.c
    categories: Counter[str] = Counter()
    labels: Counter[str | None] = Counter()
    tracks: set[int] = set()
    with context.project.read() as connection:
        for plan in plans:
            mined = {frame.id for frame in plan.frames}
            query = select(i.frame_id, i.category, i.label, i.track_id)
            found = connection.execute(query.where(i.source_id == plan.source.id, i.state == "live"))
            for frame_id, category, label, track_id in found:
                if frame_id in mined:
                    categories[category] += 1
                    labels[label] += 1
                    tracks.add(track_id)
    return {
        "objects": categories.total(),
        **dict(sorted(categories.items())),
        "tracks": len(tracks - {None}),
        "unoccluded": labels["unoccluded"],
        "occluded": labels["occluded"],
    }
