"""Reviewed frames for the detector: what people say is unoccluded is whole, and teaches; the rest is ignored.

An object that something hides is never background, and how far it reaches nobody has said: its region
teaches neither. So a frame counts only once somebody has looked at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from core.evaluation.keypoints import TAGS
from core.geometry.boxes import edges_from_centres
from core.geometry.distortion import padded
from core.geometry.masks import rle_to_patch
from core.networks.amodal_rcnn.settings import POINTS, points_of
from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import KeypointSet
from core.records.masks import Rle
from core.records.shapes import KeypointTag
from core.training.composites import Sample
from core.training.data.detection import on_edges, sorted_out, without_fits


@dataclass(frozen=True, slots=True)
class RealObject:
    """One object of a frame that a person has looked at, and found unoccluded.

    Attributes:
        category, box: what and where: the whole of it is seen.
        mask: likewise, or None where none is known.
        keypoints: or None.
        instance_id: of the project, where it is one of its objects.
    """

    category: Category
    box: Box
    mask: Rle | None
    keypoints: KeypointSet | None
    instance_id: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RealFrame:
    """A frame that is reviewed.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        objects: that teach.
        others: boxes of all else that stands there: occluded, unsure, or nobody has looked at it.
        matrix: (3, 3) of the camera for pixels with (0, 0) the centre of the first, or None.
        distortion: of its lens, OpenCV's order.
    """

    picture: NDArray[np.uint8]
    objects: tuple[RealObject, ...]
    others: tuple[Box, ...]
    matrix: NDArray[np.float64] | None = None
    distortion: tuple[float, ...] = ()


class FrameSupply(Protocol):
    """Where a data set's reviewed frames come from. It can be pickled, and used in any process."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def frame(self, index: int) -> RealFrame:
        """The frame of a place, the same in any process."""
        ...


class ReviewedFrames(Dataset[Sample]):
    """Reviewed frames as samples of `core.training.data.detection`.

    Args:
        supply: of frames. categories: what is looked for, in the order of the network's labels.
    """

    def __init__(self, supply: FrameSupply, categories: Sequence[Category]) -> None:
        self._supply, self._categories = supply, tuple(categories)

    def __len__(self) -> int:
        return len(self._supply)

    def __getitem__(self, index: int) -> Sample:
        """The sample of a place.

        Raises:
            IndexError: there is none.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} frames, and none at {index}")
        return of_frame(self._supply.frame(index), self._categories)


def of_frame(frame: RealFrame, categories: Sequence[Category]) -> Sample:
    """A frame's sample; objects of other categories are ignored."""
    height, width = frame.picture.shape[:2]
    pixels = np.ascontiguousarray(frame.picture.transpose(2, 0, 1))
    count = len(frame.objects)
    labels = [
        categories.index(one.category) + 1 if one.category in categories else 0 for one in frame.objects
    ]
    masks = _masks(frame.objects, height, width)
    points, tags = torch.zeros(count, POINTS, 3), torch.full((count, POINTS), -1)
    for row, one in enumerate(frame.objects):
        if one.keypoints is not None:
            _fill(one.keypoints, points[row], tags[row])
    target = {
        "boxes": _corners([one.box for one in frame.objects]),
        "labels": torch.tensor(labels, dtype=torch.int64),
        "masks": masks,
        "modal_masks": masks.clone(),
        "keypoints": points,
        "point_tags": tags,
        "ignored_boxes": _corners(frame.others),
        "intrinsics": on_edges(frame.matrix),
        "distortion": torch.from_numpy(padded(frame.distortion)).float(),
    }
    image = torch.from_numpy(pixels).float().div_(255.0)
    return image, sorted_out(target | without_fits(count), target["labels"] > 0, (height, width))


def _fill(keypoints: KeypointSet, points: Tensor, tags: Tensor) -> None:
    start = points_of(keypoints.template).start
    for number, point in enumerate(keypoints.points, start=start):
        if point is None:
            continue
        points[number, :2] = torch.from_numpy(edges_from_centres((point.x, point.y)))
        tags[number] = TAGS.index(point.tag)
        if point.tag is not KeypointTag.TRUNCATED:
            points[number, 2] = 2.0 if point.tag is KeypointTag.VISIBLE else 1.0


def _masks(objects: Sequence[RealObject], height: int, width: int) -> Tensor:
    """(n, H, W) uint8; an empty one is not known."""
    out = np.zeros((len(objects), height, width), np.uint8)
    for row, one in enumerate(objects):
        if one.mask is not None:
            patch = rle_to_patch(one.mask)
            h, w = patch.bits.shape
            out[row, patch.y : patch.y + h, patch.x : patch.x + w] = patch.bits
    return torch.from_numpy(out)


def _corners(boxes: Sequence[Box]) -> Tensor:
    rows = [(box.x, box.y, box.right, box.bottom) for box in boxes]
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 4)
