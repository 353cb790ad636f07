"""What the loop's benchmark is measured by: later frames of the same camera, whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray
from sqlalchemy import select

from core.geometry.masks import empty_patch, patch_area, patch_box, patch_to_rle, rle_to_patch
from core.jobs.mine.own_detector import own_detector
from core.jobs.reproduce.known_and_found import LEAST_SIDE_PX, Found, Known
from core.mining.detectors.settings import Device, OwnSettings
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.records.seen import SeenObject
from core.store import tables
from core.store.project import Project
from core.training.data.detection import MOST_HIDDEN
from core.training.tasks.seen import said_objects

Picture = NDArray[np.uint8]


def later_frames(video: Path, frames: Sequence[int]) -> Iterator[Picture]:
    """The pictures, (H, W, 3) uint8 RGB, of some frames, in their order."""
    wanted = set(frames)
    with av.open(str(video)) as opened:
        for place, frame in enumerate(opened.decode(video=0)):
            if place in wanted:
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def true_objects(truth: dict[str, Any], frames: Sequence[int]) -> list[list[Known]]:
    """What there is in some frames of a clip."""
    return [[one for row in truth["pictures"][place]["objects"] for one in _known(row)] for place in frames]


def found_by_run(path: Path, run: int, pictures: Sequence[Picture]) -> list[list[Found]]:
    """All that a run's detector says of some pictures."""
    with Project.open(path, read_only=True) as project:
        own = own_detector(project, OwnSettings(run=run, min_score=0.0, device=Device.CPU))
    found: list[list[Found]] = []
    for picture in pictures:
        height, width = picture.shape[:2]
        tensor = torch.from_numpy(picture.transpose(2, 0, 1).copy()).float() / 255
        with torch.inference_mode():
            [said] = own.network([tensor])
        objects = said_objects(said, own.network.settings, (height, width))
        found.append([_found(one, height, width) for one in objects])
    return found


def found_by_motion(path: Path, frames: Sequence[int]) -> list[list[Found]]:
    """What mining by motion found in some frames: what is seen of each object, taken for all of it."""
    i, m, f = tables.instance.c, tables.mask.c, tables.frame.c
    query = (
        select(f.pts, i.category, i.score, i.x, i.y, i.w, i.h, m.height, m.width, m.counts)
        .join(tables.frame, f.id == i.frame_id)
        .join(tables.mask, m.id == i.mask_id)
        .where(i.state == "live")
    )
    with Project.open(path, read_only=True) as project, project.read() as connection:
        places = {pts: place for place, pts in enumerate(connection.scalars(select(f.pts).order_by(f.pts)))}
        found: list[list[Found]] = [[] for _ in places]
        for row in connection.execute(query):
            mask = Rle(row.height, row.width, bytes(row.counts))
            box = Box(row.x, row.y, row.w, row.h)
            found[places[row.pts]].append(Found(Category(row.category), row.score, box, mask, mask))
    return [found[place] for place in frames]


def _known(row: dict[str, Any]) -> Iterator[Known]:
    whole, seen = _mask(row["amodal"]), _mask(row["modal"])
    patch = rle_to_patch(whole)
    area = patch_area(patch)
    if not area:
        return
    box, hidden = patch_box(patch), 1 - patch_area(rle_to_patch(seen)) / area
    ignored = hidden > MOST_HIDDEN or min(box.w, box.h) < LEAST_SIDE_PX
    yield Known(Category(row["category"]), box, whole, seen, hidden, ignored)


def _mask(row: dict[str, Any]) -> Rle:
    height, width = row["size"]
    return Rle(height, width, row["counts"].encode())


def _found(one: SeenObject, height: int, width: int) -> Found:
    whole, seen = (
        patch_to_rle(empty_patch() if patch is None else patch, height, width)
        for patch in (one.whole, one.modal)
    )
    return Found(one.category, one.score, one.box, whole, seen)
