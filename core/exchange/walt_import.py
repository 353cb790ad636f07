"""WALT's mined layout into a project: objects to the frames of their clock, medians as backgrounds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from sqlalchemy import Connection, select

from core.errors import ExchangeError
from core.exchange.coco_import import ImportSummary
from core.exchange.coco_sides import SideCheck
from core.exchange.walt_parse import WaltObject, read_walt, scaled
from core.geometry.masks import full_to_patch, patch_area, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.masks import MaskPatch
from core.records.occlusion import OcclusionLabel
from core.store import tables
from core.store.bulk import BulkWriter
from core.store.project import Project
from core.store.queries.backgrounds import background_images, list_backgrounds
from core.store.writers.backgrounds import write_background
from core.store.writers.imports import ImportedInstance, write_imported
from core.store.writers.tracks import track_the_untracked

_frame, _source = tables.frame, tables.source
_MEDIAN = re.compile(r"T(\d\d)-median_image\.(?:jpe?g|png)\Z", re.IGNORECASE)
_STEM = "%Y-%m-%dT%H-%M-%S"
_MOST_BACKGROUND_BYTES = 256 << 20
_Frame = tuple[int, int, int, int, int]  # frame, source, camera, width, height


def import_walt(
    project: Project,
    path: Path,
    *,
    source_id: int | None = None,
    people_labels: Collection[int] = (),
    job_id: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[ImportSummary, int]:
    """Read what WALT found at a camera, and its medians; done twice, it changes nothing more.

    An object goes to the frame whose capture time, or whose picture's name, says its time to the millisecond.
    Those of the mined set are labelled unoccluded; of the others WALT says nothing that it stands for. What a
    person did here is never changed.

    Args:
        project: where the footage is already.
        path: CAMERA.json, or the mined set's npz alone.
        source_id: only frames of this source.
        people_labels: WALT's numbers that mean people; all others are cars.
        job_id: of the job that imports.
        progress: called with 0 to 1; what it raises ends the import, and what is written stays.

    Returns:
        What was read, and how many backgrounds were added.

    Raises:
        ExchangeError: the file is not fit, or none of its times is in the project; nothing was written.
        ProjectError, DiskFullError: as it happens; what is written stays.
    """
    file = read_walt(path)
    times = {_milliseconds(one.clock_s) for one in file.objects}
    with project.read() as connection:
        frames, doubled = _frames_at(connection, times, source_id)
    if file.objects and not frames:
        raise ExchangeError(
            f"None of the {len(times)} times in {path.name} is in the project.",
            "Add the camera's folder of pictures first, and see that the times of its names are read.",
        )
    by_frame: dict[_Frame, list[WaltObject]] = {}
    for one in file.objects:
        frame = frames.get(_milliseconds(one.clock_s))
        if frame is not None:
            by_frame.setdefault(frame, []).append(one)
        elif _milliseconds(one.clock_s) in doubled:
            file.left_out["at a time that several sources have; name one"] += 1
        else:
            file.left_out["at a time that is not in the project"] += 1
    scale = file.scale or _guessed_scale(by_frame)
    totals: Counter[str] = Counter()
    with project.bulk() as bulk:
        _write(bulk, by_frame, scale, people_labels, file.left_out, totals, job_id, progress)
        backgrounds = _write_backgrounds(project, bulk, path.parent, list(by_frame), job_id, file.left_out)
    summary = ImportSummary(
        images=len(times),
        matched_images=len(by_frame),
        added=totals["added"],
        found_again=totals["found again"],
        labelled=totals["labelled"],
        pointed=0,
        left_out=dict(file.left_out),
        sides=SideCheck(),
    )
    return summary, backgrounds


def _milliseconds(clock_s: float) -> int:
    return round(1000 * clock_s)


def _frames_at(
    connection: Connection, times: Collection[int], source_id: int | None
) -> tuple[dict[int, _Frame], set[int]]:
    """Millisecond -> its frame; and the milliseconds that more than one frame has."""
    query = (
        select(
            *(_frame.c.id, _frame.c.captured_at, _frame.c.name, _frame.c.source_id),
            *(_source.c.camera_id, _source.c.width, _source.c.height),
        )
        .join(_source, _source.c.id == _frame.c.source_id)
        .where(_source.c.state == "live")
    )
    if source_id is not None:
        query = query.where(_source.c.id == source_id)
    wanted = set(times)
    found: dict[int, _Frame] = {}
    doubled: set[int] = set()
    for row in connection.execute(query):
        here = {_milliseconds(row.captured_at)} if row.captured_at is not None else set()
        named = _named_time(row.name)
        if named is not None:
            here.add(named)
        for time in here & wanted:
            frame = (row.id, row.source_id, row.camera_id, row.width, row.height)
            if found.setdefault(time, frame) != frame:
                doubled.add(time)
    return {time: frame for time, frame in found.items() if time not in doubled}, doubled


def _named_time(name: str | None) -> int | None:
    """Milliseconds that WALT's way of naming pictures tells: 2021-05-01T00-02-23.775683.jpg."""
    if name is None:
        return None
    stem = PurePosixPath(name).stem
    for pattern in (f"{_STEM}.%f", _STEM):
        try:
            return _milliseconds(datetime.strptime(stem, pattern).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    return None


def _guessed_scale(by_frame: dict[_Frame, list[WaltObject]]) -> int:
    """2, as WALT halves what it mines, unless something lies where no halved picture reaches."""
    for (_, _, _, width, height), objects in by_frame.items():
        if any(one.x + one.w > width / 2 + 1 or one.y + one.h > height / 2 + 1 for one in objects):
            return 1
    return 2


def _write(
    bulk: BulkWriter,
    by_frame: dict[_Frame, list[WaltObject]],
    scale: int,
    people_labels: Collection[int],
    left_out: Counter[str],
    totals: Counter[str],
    job_id: int | None,
    progress: Callable[[float], None] | None,
) -> None:
    tracks: dict[int, list[int]] = {}
    done = 0

    def write(connection: Connection, frames: Sequence[_Frame]) -> None:
        nonlocal done
        for frame in frames:
            chosen = []
            for one in by_frame[frame]:
                item = _item(scaled(one, scale), frame, people_labels)
                if item is None:
                    left_out["without a box inside the picture"] += 1
                else:
                    chosen.append((one, item))
            written = write_imported(connection, frame[0], [item for _, item in chosen], job_id=job_id)
            totals["added"] += written.added
            totals["found again"] += len(written.ids) - written.added
            totals["labelled"] += written.labelled
            for (one, _), instance_id in zip(chosen, written.ids, strict=True):
                if one.track is not None:
                    tracks.setdefault(one.track, []).append(instance_id)
        done += len(frames)

    def followed() -> Iterable[_Frame]:
        for frame in by_frame:
            if progress is not None:
                progress(done / max(1, len(by_frame)))
            yield frame

    bulk.each(followed(), write)

    def track(connection: Connection, groups: Sequence[list[int]]) -> None:
        for ids in groups:
            track_the_untracked(connection, ids, job_id=job_id)

    bulk.each(tracks.values(), track)


def _item(one: WaltObject, frame: _Frame, people_labels: Collection[int]) -> ImportedInstance | None:
    _, _, _, width, height = frame
    left, top = max(one.x, 0.0), max(one.y, 0.0)
    right, bottom = min(one.x + one.w, float(width)), min(one.y + one.h, float(height))
    if right <= left or bottom <= top:
        return None
    mask = _drawn(one, width, height)
    area = patch_area(mask)
    found = FoundInstance(
        box=Box(left, top, right - left, bottom - top),
        category=Category.PERSON if one.label in people_labels else Category.CAR,
        score=one.score,
        rle=patch_to_rle(mask, height, width) if area else None,
        mask_area=area,
    )
    return ImportedInstance(found, OcclusionLabel.UNOCCLUDED if one.unoccluded else None)


def _drawn(one: WaltObject, width: int, height: int) -> MaskPatch:
    """The outline filled as WALT fills it: its points are pixels that belong to the object."""
    canvas = np.zeros((height, width), dtype=np.uint8)
    if len(one.outline):
        cv2.fillPoly(canvas, [one.outline], (1,))
    return full_to_patch(canvas)


def _write_backgrounds(
    project: Project,
    bulk: BulkWriter,
    folder: Path,
    frames: Sequence[_Frame],
    job_id: int | None,
    left_out: Counter[str],
) -> int:
    """Add the medians beside the file as backgrounds of their hours, but those that are there already."""
    if not frames:
        return 0
    camera_id, width, height = Counter(frame[2:] for frame in frames).most_common(1)[0][0]
    added = 0
    for path in sorted(folder.iterdir()):
        named = _MEDIAN.match(path.name)
        if named is None or path.is_symlink() or not path.is_file():
            continue
        hour = int(named[1]) % 24
        image = _read_picture(path)
        if image is None or image.shape[:2] != (height, width):
            left_out["backgrounds that are damaged or of another size than the footage"] += 1
            continue
        png = _png(image)
        with project.read() as connection:
            newest = {row.hour: row.id for row in list_backgrounds(connection, camera_id)}
            there = background_images(connection, newest[hour]) if hour in newest else None
        if there is not None and there[0] == png:
            continue
        support = _png(np.ones((height, width), dtype=np.uint16))

        def write(
            connection: Connection, hour: int = hour, png: bytes = png, support: bytes = support
        ) -> None:
            write_background(
                connection,
                camera_id,
                hour=hour,
                frame_count=1,
                hours=[hour],
                width=width,
                height=height,
                image_png=png,
                support_png=support,
                job_id=job_id,
            )

        bulk.run(write)
        added += 1
    return added


def _read_picture(path: Path) -> Any:
    """BGR, or None where it is no picture."""
    if path.stat().st_size > _MOST_BACKGROUND_BYTES:
        return None
    data = np.frombuffer(path.read_bytes(), np.uint8)
    try:
        return cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION) if data.size else None
    except cv2.error:
        return None


def _png(pixels: Any) -> bytes:
    encoded, data = cv2.imencode(".png", pixels)
    if not encoded:
        raise ValueError("a background could not be encoded")
    return data.tobytes()
