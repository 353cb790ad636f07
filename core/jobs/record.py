"""The job that records bursts of a live stream and adds each to its camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import EditRefusedError, JobError
from core.jobs.add import ensure_camera
from core.jobs.context import JobCancelled, JobContext
from core.jobs.settings import RecordSettings
from core.media.capture_times import CaptureTimes
from core.media.live import LiveStream
from core.media.live_address import check_address
from core.media.recorder import RecordEvent, RecordingPlan, record
from core.media.recorder_files import Burst
from core.media.source import index_source
from core.store.writers.sources import add_source


def run_record(context: JobContext) -> dict[str, Any]:
    """Record until the plan is done or a person stops it; what was recorded is kept either way."""
    settings = context.settings(RecordSettings)
    camera = settings.camera.strip()
    if not camera:
        raise JobError("A recording needs a camera.", "Name the camera that the stream belongs to.")
    check_address(settings.address)
    done = int(context.checkpoint.get("bursts", 0))
    left = None if settings.bursts is None else settings.bursts - done
    if left == 0:
        return {"bursts": done}
    plan = RecordingPlan(settings.seconds, settings.fps, settings.every_minutes, left)

    def tell(event: RecordEvent) -> None:
        share = done / settings.bursts if settings.bursts else 0.0
        context.progress(share, event.message)
        context.log(event.message)

    folder = media_folder(context.project.files_dir, camera)
    frames = 0
    bursts = record(plan, lambda: LiveStream(settings.address), folder, context.stop_requested, tell)
    for burst in bursts:
        frames += burst.frame_count
        done += not burst.interrupted
        context.checkpoint["bursts"] = done
        _add(context, camera, burst)
    if context.stop_requested() and settings.bursts is not None and done < settings.bursts:
        raise JobCancelled
    return {"bursts": done, "frames": frames, "camera": camera}


def media_folder(files_dir: Path, camera: str) -> Path:
    """Where a camera's recordings go: its name, without what file systems do not like."""
    safe = "".join(letter if letter.isalnum() or letter in "-_ " else "-" for letter in camera).strip()
    return files_dir / "media" / (safe or "camera")


def _add(context: JobContext, camera: str, burst: Burst) -> None:
    table = index_source(burst.path, capture=CaptureTimes(start=burst.started_at))
    with context.project.bulk() as bulk:
        camera_id = bulk.run(lambda connection: ensure_camera(connection, camera))
        try:
            add_source(context.project, bulk, camera_id, table, [range(len(table.frames))], recorded=True)
        except EditRefusedError:
            # a leftover of an earlier attempt that had been added just before the kill
            context.log(f"{burst.path.name} is in the project already")
        bulk.run(context.save)
