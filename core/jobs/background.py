"""The job that makes the median backgrounds of a camera."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.compositing.pixels import png_size
from core.errors import FootageMissingError, JobError, MediaError
from core.geometry.masks import box_to_patch, patch_to_full, rle_to_patch
from core.jobs.context import JobCancelled, JobContext
from core.jobs.footage import CameraFootage, chosen_footage, open_source
from core.jobs.settings import BackgroundSettings
from core.media.background import BackgroundSample, median_background
from core.media.background_samples import choose_samples, hour_of_day
from core.media.reader import FrameReader
from core.records.media import Background
from core.records.project import SourceRow
from core.store.project import Project
from core.store.queries import frames as frame_queries
from core.store.queries import instances
from core.store.queries.backgrounds import background_for, background_images
from core.store.writers.backgrounds import write_background


@dataclass(frozen=True, slots=True)
class _Moment:
    """A frame that may go into a background."""

    source: SourceRow
    pts: int
    clock_s: float
    hour: int | None


def run_background(context: JobContext) -> dict[str, Any]:
    """Make a background for each camera, and for each hour of its day where that is asked for."""
    settings = context.settings(BackgroundSettings)
    footage = chosen_footage(context.project, settings.camera)
    made = 0
    for number, one in enumerate(footage):

        def show(share: float, words: str, number: int = number) -> None:
            context.progress((number + share) / len(footage), words)

        made += make_backgrounds(context, one, settings, show)
    return {"backgrounds": made}


def make_backgrounds(
    context: JobContext,
    footage: CameraFootage,
    settings: BackgroundSettings,
    show: Callable[[float, str], None],
) -> int:
    """Make one camera's backgrounds and write each as a new version; gives how many.

    Raises:
        JobCancelled: a person asked the job to stop; what was made before is kept.
    """
    width, height = Counter((row.width, row.height) for row in footage.sources).most_common(1)[0][0]
    moments = _moments(context.project, footage)
    hours = sorted({m.hour for m in moments if m.hour is not None}) if settings.per_hour else []
    wanted: list[int | None] = [*hours] if hours else [None]
    done = context.checkpoint.setdefault("backgrounds", [])
    made = 0
    for number, hour in enumerate(wanted):
        key = [footage.camera.id, hour]
        if key in done:
            continue
        words = f"Background of {footage.camera.name}" + (f" at {hour}:00" if hour is not None else "")

        def step(share: float, number: int = number, words: str = words) -> None:
            show((number + share) / len(wanted), words)

        chosen = _choose(moments, settings.samples, hour)
        background = median_background(
            _samples(context, chosen, settings.use_objects),
            width=width,
            height=height,
            hour=hour,
            scratch=context.project.files_dir / "scratch",
            progress=step,
            should_stop=context.stop_requested,
            expected_count=len(chosen),
        )
        if background is None:
            raise JobCancelled
        done.append(key)
        _write(context, footage.camera.id, background)
        made += 1
    return made


def read_background(project: Project, camera_id: int, hour: int | None) -> NDArray[np.uint8] | None:
    """The newest (H, W, 3) uint8 RGB background for that hour, or over all hours, or None."""
    with project.read() as connection:
        row = background_for(connection, camera_id, hour)
        images = None if row is None else background_images(connection, row.id)
    return None if images is None else decode_png(images[0])


def decode_png(data: bytes) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a PNG.

    Raises:
        JobError: it is damaged, or larger than any picture.
    """
    is_fit = png_size(data) is not None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if is_fit else None
    if image is None:
        raise JobError("A background in the project cannot be read.", "Make it again.")
    return np.ascontiguousarray(image[..., ::-1])


def _moments(project: Project, footage: CameraFootage) -> list[_Moment]:
    """Every frame of the camera on one clock; sources without capture times follow one another."""
    moments: list[_Moment] = []
    start_s = 0.0
    with project.read() as connection:
        for source in footage.sources:
            for frame in frame_queries.frames_of(connection, source.id):
                known = frame.captured_at is not None
                clock_s = frame.captured_at if frame.captured_at is not None else start_s + frame.time_s
                hour = hour_of_day(clock_s, footage.camera.utc_offset_s) if known else None
                moments.append(_Moment(source, frame.pts, clock_s, hour))
            start_s += source.duration_s + 1.0
    return sorted(moments, key=lambda m: (m.clock_s, m.source.id, m.pts))


def _choose(moments: list[_Moment], count: int, hour: int | None) -> list[_Moment]:
    hours = [m.hour for m in moments]
    chosen = choose_samples([m.clock_s for m in moments], count, hours=hours, hour=hour)
    return sorted((moments[i] for i in chosen), key=lambda m: (m.source.id, m.pts))


def _samples(context: JobContext, chosen: list[_Moment], use_objects: bool) -> Iterator[BackgroundSample]:
    readers: dict[int, FrameReader] = {}
    with ExitStack() as stack:
        for moment in chosen:
            context.check_stop()
            source = moment.source
            if source.id not in readers:
                reader, _ = open_source(context.project, source)
                readers[source.id] = stack.enter_context(reader)
            try:
                image = readers[source.id].read(moment.pts).image
            except FootageMissingError:
                raise
            except MediaError as problem:
                # one frame less among many; the log says which
                context.log(f"{source.name}, frame at {moment.pts}: {problem.problem}")
                continue
            mask = (
                _object_mask(context.project, source.id, moment.pts, image.shape[:2]) if use_objects else None
            )
            yield BackgroundSample(image, mask, None, moment.hour)


def _object_mask(
    project: Project, source_id: int, pts: int, shape: tuple[int, ...]
) -> NDArray[np.bool_] | None:
    """(H, W) bool of the objects already found in a frame; None where none was."""
    height, width = int(shape[0]), int(shape[1])
    with project.read() as connection:
        frame = frame_queries.frame_at(connection, source_id, pts)
        found = [] if frame is None else instances.of_frame(connection, frame.id)
        codes = instances.masks(connection, [row.id for row in found])
    if not found:
        return None
    covered = np.zeros((height, width), np.bool_)
    for row in found:
        code = codes.get(row.id)
        patch = box_to_patch(row.box, height, width) if code is None else rle_to_patch(code)
        if patch is not None:
            covered |= patch_to_full(patch, height, width)
    return covered


def _write(context: JobContext, camera_id: int, background: Background) -> None:
    image = _png(background.image[..., ::-1])
    support = _png(background.support)
    height, width = background.image.shape[:2]

    def write(connection: Connection) -> None:
        write_background(
            connection,
            camera_id,
            hour=background.hour,
            frame_count=background.frame_count,
            hours=background.hours,
            width=width,
            height=height,
            image_png=image,
            support_png=support,
            job_id=context.job_id,
        )
        context.save(connection)

    with context.project.bulk() as bulk:
        bulk.run(write)


def _png(pixels: NDArray[Any]) -> bytes:
    encoded, data = cv2.imencode(".png", np.ascontiguousarray(pixels))
    if not encoded:
        raise ValueError("a background could not be encoded")
    return data.tobytes()
