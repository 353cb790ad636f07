"""A simulated street as a project: its videos, its cameras calibrated, and its truth as labelled objects."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ProjectError
from core.exchange.coco_segmentation import mask_of
from core.jobs.mine.crops import cut_crop
from core.jobs.settings import MineSettings
from core.jobs.street_footage import add_footage, read_truth
from core.media.open_reader import open_reader
from core.media.source import index_source
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin, OcclusionLabel
from core.records.shapes import KeypointTag
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.schema import files_folder
from core.store.writers.imports import ImportedInstance, write_imported
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from core.store.writers.tracks import track_the_untracked
from core.synthesis.street.clip_writer import ClipFiles, write_clip
from core.synthesis.street.street import StreetCamera

MOST_HIDDEN = 0.02  # of a whole outline; what hides less is no occluder that anybody would name
_DRAWN = 0.8  # of the progress
_CROP_PX: int = MineSettings.model_fields["crop_px"].default

Progress = Callable[[float], None]


def make_street_project(
    path: Path,
    cameras: Sequence[StreetCamera],
    progress: Progress | None = None,
    *,
    keypoints: bool = False,
) -> list[ClipFiles]:
    """Writes each camera's video with its truth beside the project, and the project.

    In it every camera has its calibration in force, and everything of which a pixel is seen is an object
    with its mask, track and label: unoccluded where nothing, the border included, hides more than 2 %.

    Args:
        path: the .amodal file to make. The first camera's video is called like it; the others' end in
            their mount's name.
        cameras: of one street.
        progress: is told the share that is done, 0 to 1.
        keypoints: whether its cars and people also have all their keypoints, as if imported. Without, there
            is something left to do for whoever tries the program on it.

    Returns:
        the files of each camera.

    Raises:
        ProjectError: one of the files is there already, or the folder cannot be used.
        MediaError, DiskFullError: a file cannot be written.
    """
    show = progress or (lambda share: None)
    files = [_files(path, camera, first=camera is cameras[0]) for camera in cameras]
    _require_free([path, *(one for three in files for one in three)])
    # under another name until it is whole, so that a project under its own name holds all the truth
    draft = path.with_name(f"unfinished-{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        Project.create(draft, path.stem).close()
        for number, (camera, three) in enumerate(zip(cameras, files, strict=True)):
            part = _part(show, number / len(cameras), 1 / len(cameras))
            write_clip(camera, three.video, _part(part, 0.0, _DRAWN))
            _add(draft, three, _part(part, _DRAWN, 1 - _DRAWN), keypoints=keypoints)
        _require_free([path])
        draft.rename(path)
    except BaseException:  # also where a person stops it: half a street would stand in the next one's way
        for one in (one for three in files for one in three):
            one.unlink(missing_ok=True)
        raise
    finally:
        _remove(draft)
    show(1.0)
    return files


def _files(path: Path, camera: StreetCamera, *, first: bool) -> ClipFiles:
    return ClipFiles.of(
        path.with_name(f"{path.stem}.mp4" if first else f"{path.stem}-{camera.mount.name}.mp4")
    )


def _require_free(paths: Iterable[Path]) -> None:
    for taken in paths:
        if taken.exists():
            raise ProjectError(f"There is already a file {taken}.", "Choose another name.")


def _add(draft: Path, files: ClipFiles, progress: Progress, *, keypoints: bool) -> None:
    """Adds one camera's footage, its calibration and its truth."""
    truth = read_truth(files)
    source = add_footage(draft, files, truth)
    with Project.open(draft) as project:
        _import_truth(project, source.id, files.video, truth["pictures"], progress, keypoints=keypoints)


def _import_truth(
    project: Project,
    source_id: int,
    video: Path,
    pictures: Sequence[dict[str, Any]],
    progress: Progress,
    *,
    keypoints: bool,
) -> None:
    table = index_source(video)
    with project.read() as connection:
        ids = [frame.id for frame in frames_of(connection, source_id)]
    tracks: dict[int, list[int]] = {}
    with project.bulk() as bulk, open_reader(table.kind, table.path, table.frames) as reader:
        for done, (frame_id, picture, decoded) in enumerate(
            zip(ids, pictures, reader.iterate(), strict=True), start=1
        ):
            # the nearest first, as a person would look at them
            seen = [row for row in reversed(picture["objects"]) if row["box"] is not None]
            items = [_item(row, decoded.image) for row in seen]
            written = bulk.run(partial(write_imported, frame_id=frame_id, items=items))
            for row, instance_id in zip(seen, written.ids, strict=True):
                tracks.setdefault(row["track_id"], []).append(instance_id)
            if keypoints:
                found = _keypoints(seen, written.ids)
                bulk.run(partial(write_keypoints, found=found, origin=LabelOrigin.IMPORT))
            progress(done / len(ids))
        for track in tracks.values():
            bulk.run(partial(track_the_untracked, instance_ids=track))


def _item(row: dict[str, Any], image: NDArray[np.uint8]) -> ImportedInstance:
    """One object of the truth that is seen."""
    box = Box(*row["box"])
    rle, area, _ = mask_of(row["modal"], image.shape[0], image.shape[1])
    clear = row["occlusion"] <= MOST_HIDDEN
    return ImportedInstance(
        FoundInstance(box, Category(row["category"]), 1.0, rle, area, cut_crop(image, box, _CROP_PX)),
        OcclusionLabel.UNOCCLUDED if clear else OcclusionLabel.OCCLUDED,
    )


def _keypoints(seen: Sequence[dict[str, Any]], ids: Sequence[int]) -> list[FoundKeypoints]:
    """The keypoints of a picture's cars and people; a hider that is not seen itself has no id."""
    here = {row["track_id"]: instance_id for row, instance_id in zip(seen, ids, strict=True)}

    def point(pixel: list[float | None], tag: str, hider: dict[str, Any] | None) -> PlacedPoint | None:
        x, y = pixel
        if x is None or y is None:  # behind the camera
            return None
        by = None if hider is None else here.get(hider["track_id"])
        other = tag == KeypointTag.OTHER_OCCLUDED
        return PlacedPoint(x, y, KeypointTag(tag), LabelOrigin.IMPORT, 1.0, by if other else None)

    return [
        FoundKeypoints(
            instance_id,
            KeypointSet(
                template,
                tuple(
                    point(*one)
                    for one in zip(*(said[key] for key in ("pixels", "tags", "hiders")), strict=True)
                ),
            ),
        )
        for row, instance_id in zip(seen, ids, strict=True)
        for template, said in (_named_points(row),)
    ]


def _named_points(row: dict[str, Any]) -> tuple[Template, dict[str, Any]]:
    """What an object of the truth is annotated with."""
    if row["category"] == Category.PERSON:
        return Template.PERSON, row["person_keypoints"]
    return Template.CAR, row["points"]


def _remove(draft: Path) -> None:
    """Removes an unfinished project, and the jobs' scratch folder that stood beside it."""
    for end in ("", "-wal", "-shm"):
        draft.with_name(draft.name + end).unlink(missing_ok=True)
    shutil.rmtree(files_folder(draft), ignore_errors=True)


def _part(show: Progress, start: float, share: float) -> Progress:
    return lambda part: show(start + share * part)
