"""Objects as networks of keypoints are shown them: their crops, and what a project knows around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import touch
from core.geometry.masks import rle_to_patch
from core.mining.keypoints.matching import KnownObject
from core.mining.keypoints.protocol import FoundPoints, ObjectCrop
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import Crop
from core.records.masks import MaskPatch
from core.store.queries.instances import masks
from core.store.queries.keypoint_candidates import KeypointCandidate, objects_of_frames

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, eq=False)
class ObjectView:
    """One object with the picture around it; boxes and masks are in the whole picture's pixels.

    Attributes:
        instance_id: which.
        crop: its picture, decoded, with its box in it.
        seen: the part of the whole picture that the crop shows.
        known: its box and mask.
        beside: other objects of its category of which a part is in the crop.
        masks: id -> the mask of every other object of which a part is in the crop.
    """

    instance_id: int
    crop: ObjectCrop
    seen: Box
    known: KnownObject
    beside: tuple[KnownObject, ...]
    masks: dict[int, MaskPatch]

    def in_picture(self, found: FoundPoints) -> FoundPoints:
        """Points of the crop, which may be shrunk, as the whole picture has them."""
        scale = _scale(self.seen, self.crop.image)
        corner = np.array([self.seen.x, self.seen.y])
        pixels = (found.pixels + 0.5) * scale + corner - 0.5
        box = found.box
        if box is not None:
            box = Box(
                box.x * scale[0] + self.seen.x,
                box.y * scale[1] + self.seen.y,
                box.w * scale[0],
                box.h * scale[1],
            )
        return replace(found, pixels=pixels, box=box)


def views_of(
    connection: Connection, candidates: Sequence[KeypointCandidate], category: Category
) -> list[ObjectView]:
    """The candidates that have a crop."""
    frames = objects_of_frames(connection, sorted({one.frame_id for one in candidates}))
    pictures = [(one, image) for one in candidates if (image := _decoded(one.crop)) is not None]
    around = {
        one.instance_id: [
            other
            for other in frames.get(one.frame_id, [])
            if other.instance_id != one.instance_id and touch(other.box, _place(one.crop))
        ]
        for one, _ in pictures
    }
    ids = {one.instance_id for one, _ in pictures}
    ids |= {other.instance_id for others in around.values() for other in others}
    patches = {i: rle_to_patch(rle) for i, rle in masks(connection, sorted(ids)).items()}
    views = []
    for one, image in pictures:
        others, seen = around[one.instance_id], _place(one.crop)
        scale = _scale(seen, image)
        box = Box(
            (one.box.x - seen.x) / scale[0],
            (one.box.y - seen.y) / scale[1],
            one.box.w / scale[0],
            one.box.h / scale[1],
        )
        views.append(
            ObjectView(
                one.instance_id,
                ObjectCrop(image, box),
                seen,
                KnownObject(one.box, patches.get(one.instance_id)),
                tuple(
                    KnownObject(other.box, patches.get(other.instance_id))
                    for other in others
                    if other.category is category
                ),
                {i: patches[i] for other in others if (i := other.instance_id) in patches},
            )
        )
    return views


def _place(crop: Crop | None) -> Box:
    assert crop is not None
    return Box(crop.x, crop.y, crop.w, crop.h)


def _scale(seen: Box, image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(2,) pixels of the whole picture for each of the crop's, along x and y."""
    return np.array([seen.w / image.shape[1], seen.h / image.shape[0]])


def _decoded(crop: Crop | None) -> NDArray[np.uint8] | None:
    """(H, W, 3) uint8 RGB, or None where there is no picture."""
    if crop is None:
        return None
    image = cv2.imdecode(np.frombuffer(crop.data, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)
