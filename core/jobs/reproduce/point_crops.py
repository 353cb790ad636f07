"""Cars with keypoints out of the reproduction's streets: what the pre-labeller learns from, and its test.

What is learned from is cut while a street is staged (`arms.stage_street`): out of the same frames what a
person would label who places what is seen, and out of the composites with all that these know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import patch_area
from core.jobs.reproduce.placed import PlacedView
from core.records.boxes import Box
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.synthesis.street.truth import StreetFrame
from core.training.data.crops import PackedCrop, cut_sample, packed
from core.training.data.detection import MOST_HIDDEN
from core.training.data.street_frames import KnownFrame
from core.training.tasks.prelabeller import cars_with_points

LEAST_PX, LEAST_SHORT_PX = 22.0, 8.0
"""Cars of which less is seen, along the longer and the shorter side of that box, are left out."""

_FOLDER = "points"


class PointSource(StrEnum):
    """A kind of crops that is cut out of a street which is learned from."""

    SEEN = "seen"  # frames, and of each car the points that are seen
    WALT2D = "walt2d"
    WALT2D_SAME = "walt2d-same"
    WALT3D = "walt3d"


def street_shard(folder: Path, source: PointSource, seed: int) -> Path:
    """Where the crops of one kind and street lie."""
    return folder / _FOLDER / f"{source.value}-{seed}.npz"


def shard_of_test(folder: Path, number: int) -> Path:
    """Where the cars of one of the test's streets lie."""
    return folder / _FOLDER / f"test-{number}.npz"


def large_enough(box: Box | None) -> bool:
    """Whether enough is seen of a car to place points on it."""
    return box is not None and box.size >= LEAST_PX and min(box.w, box.h) >= LEAST_SHORT_PX


def seen_crops(frame: StreetFrame, name: str) -> Iterator[PackedCrop]:
    """The cars of a frame as somebody labels them who places only points that are seen."""
    for item in frame.objects:
        if item.category is not Category.CAR or item.box is None or not large_enough(item.box):
            continue
        tags = [tag if tag is KeypointTag.VISIBLE else KeypointTag.UNLABELLED for tag in item.points.tags]
        if KeypointTag.VISIBLE not in tags:
            continue
        beside = [one.modal for one in frame.objects if one is not item and patch_area(one.modal)]
        yield packed(
            cut_sample(
                frame.picture, item.box, item.modal, beside, item.points.pixels, tags,
                item.box.size, np.nan, item.category,
            ),
            f"{name}/{frame.index}/{item.track_id}",
        )  # fmt: skip


def crops_of_test(view: PlacedView, frames: Iterable[KnownFrame], name: str) -> list[PackedCrop]:
    """The cars of a camera of the test with all truth; they are named camera, picture, track.

    Args:
        frames: its pictures, as many as the view has.
    """
    crops = []
    for number, (placed, frame) in enumerate(zip(view.frames, frames, strict=True)):
        for one in placed:
            wanted = one.category is Category.CAR and large_enough(one.seen_box)
            if not wanted or one.hidden > MOST_HIDDEN:
                continue
            sample = cut_sample(
                frame.picture, one.seen_box, None, [], one.points, one.tags, one.size_px, one.hidden,
                one.category,
            )  # fmt: skip
            crops.append(packed(sample, f"{name}/{number}/{one.track}"))
    return cars_with_points(crops)


def tracks_of(crops: Sequence[PackedCrop]) -> NDArray[np.int64]:
    """(n,) which track of a camera each car of the test is, from 0."""
    keys = []
    for one in crops:
        camera, _, track = one.name.rsplit("/", 2)
        keys.append((camera, track))
    order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[key] for key in keys], dtype=np.int64)
