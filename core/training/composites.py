"""Composites as a torch data set: rendered when they are asked for, the same bytes in any worker.

Torch is imported here and nowhere below, so that nothing else needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from core.compositing.piece_source import PieceSource
from core.compositing.render import CACHE_BYTES, Composer, Composite
from core.geometry.boxes import edges_from_centres
from core.geometry.masks import patch_area
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import VehicleFit
from core.records.keypoints import KeypointSet, Template
from core.records.masks import MaskPatch
from core.records.recipes import ObjectLabel, Recipe
from core.records.shapes import KeypointTag

Target = dict[str, Tensor]
Sample = tuple[Tensor, Target]

LABELS = {category: number for number, category in enumerate(Category, start=1)}
"""What a number in `labels` means; 0 is the background, as torchvision has it."""

TAGS = tuple(KeypointTag)
"""What a number in `keypoint_tags` means."""

SHAPE_COMPONENTS = 10
"""How many coefficients of a car's shape are given; those that a fit does not have are 0."""

_POINTS = Template.CAR.size
_UNLABELLED = TAGS.index(KeypointTag.UNLABELLED)
_SEEN, _HIDDEN = 2.0, 1.0  # COCO's v


class CompositeSupply(Protocol):
    """Where a data set's composites come from. It can be pickled, and used in any process after a fork."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def recipe(self, index: int) -> Recipe:
        """The recipe of a place, the same in any process."""
        ...

    def pieces(self) -> PieceSource:
        """What recipes are rendered from."""
        ...


class CompositeDataset(Dataset[Sample]):
    """Pictures with all that is known of the objects in them, in torchvision's format for detection.

    Each is an image, (3, H, W) float32 in 0 to 1, and a dict of tensors about its n objects, far to near:

    - `boxes` (n, 4) float32 left, top, right, bottom on pixel edges, amodal; `labels` (n,) int64, see LABELS;
      `masks` (n, H, W) uint8, amodal; `area` (n,) float32 of these; `iscrowd` (n,) int64, zeros;
      `image_id` (1,) int64, the place in the data set.
    - `modal_boxes` (n, 4), zeros where nothing is seen; `modal_masks` (n, H, W).
    - `occlusion` (n,) float32, the hidden share; `depth_rank` (n,) int64, 0 for the nearest; `hidden_by`
      (n, n) int64, how many pixels of the row's object the column's hides.
    - `keypoints` (n, 12, 3) float32 x, y on pixel edges and COCO's v: 2 seen, 1 hidden, 0 outside the picture
      or not labelled. `keypoint_tags` (n, 12) int64, see TAGS; `keypoint_hiders` (n, 12) int64, which of the
      n objects hides it, or -1.
    - `has_fit` (n,) bool; where it has one, `rotation` (n, 3, 3) and `translation` (n, 3) float32 from its
      own frame to the camera's, metres; `shape` (n, 10) in standard deviations; `size` (n, 3) metres.
    - `instance_ids`, `piece_ids` (n,) int64.
    - `ignored` (m, H, W) uint8: what stands in the background without a label: no object, but no road either.

    Args:
        supply: of recipes.
        transform: of a sample, after all; it must be picklable where workers are spawned.
        cache_bytes: what the composer keeps, in each process.
    """

    def __init__(
        self,
        supply: CompositeSupply,
        transform: Callable[[Sample], Sample] | None = None,
        *,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._supply = supply
        self._transform = transform
        self._cache_bytes = cache_bytes
        self._composer: Composer | None = None

    def __len__(self) -> int:
        return len(self._supply)

    def __getitem__(self, index: int) -> Sample:
        """The sample of a place.

        Raises:
            IndexError: there is none.
            CompositeError: something that its recipe names is missing.
        """
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"there are {len(self)} composites, and none at {index}")
        sample = sample_of(self.composite(place), place)
        return sample if self._transform is None else self._transform(sample)

    def composite(self, index: int) -> Composite:
        """The composite of a place before it is made into tensors."""
        if self._composer is None:
            self._composer = Composer(self._supply.pieces(), self._cache_bytes)
        return self._composer.render(self._supply.recipe(index))

    def __reduce__(self) -> tuple[Callable[..., CompositeDataset], tuple[object, ...]]:
        # a composer's memory stays in its process
        return _again, (type(self), self._supply, self._transform, self._cache_bytes)


def collate(batch: Sequence[Sample]) -> tuple[list[Tensor], list[Target]]:
    """A DataLoader's `collate_fn`: lists of images and targets, as torchvision's detectors take them."""
    return [image for image, _ in batch], [target for _, target in batch]


def sample_of(composite: Composite, image_id: int) -> Sample:
    """A composite as tensors; see `CompositeDataset`."""
    height, width = composite.picture.shape[:2]
    labels = composite.labels
    pixels = np.ascontiguousarray(composite.picture.transpose(2, 0, 1))
    image = torch.from_numpy(pixels).to(torch.float32).div_(255.0)
    whole = [one.amodal for one in labels]
    target: Target = {
        "boxes": _floats([_corners(one.amodal_box) for one in labels], (-1, 4)),
        "labels": _whole([LABELS[one.category] for one in labels]),
        "masks": _stack(whole, height, width),
        "area": _floats([patch_area(mask) for mask in whole], (-1,)),
        "iscrowd": torch.zeros(len(labels), dtype=torch.int64),
        "image_id": _whole([image_id]),
        "modal_boxes": _floats([_corners(one.modal_box) for one in labels], (-1, 4)),
        "modal_masks": _stack([one.modal for one in labels], height, width),
        "occlusion": _floats([one.occlusion_permille / 1000 for one in labels], (-1,)),
        "depth_rank": _whole([one.depth_rank for one in labels]),
        "hidden_by": _hiding(labels),
        "instance_ids": _whole([one.instance_id for one in labels]),
        "piece_ids": _whole([one.piece_id for one in labels]),
        "ignored": _stack(composite.ignored, height, width),
    }
    return image, target | _keypoints(labels) | _fits([one.fit for one in labels])


def _again(
    kind: type[CompositeDataset],
    supply: CompositeSupply,
    transform: Callable[[Sample], Sample] | None,
    cache_bytes: int,
) -> CompositeDataset:
    return kind(supply, transform, cache_bytes=cache_bytes)


def _keypoints(labels: Sequence[ObjectLabel]) -> Target:
    places = np.zeros((len(labels), _POINTS, 3), np.float32)
    tags = np.full((len(labels), _POINTS), _UNLABELLED, np.int64)
    hiders = np.full((len(labels), _POINTS), -1, np.int64)
    # of an object that is there twice, the nearer one is in front
    index_of = {one.instance_id: index for index, one in enumerate(labels)}
    for row, one in enumerate(labels):
        _fill(one.keypoints, places[row], tags[row], hiders[row], index_of)
    return {
        "keypoints": torch.from_numpy(places),
        "keypoint_tags": torch.from_numpy(tags),
        "keypoint_hiders": torch.from_numpy(hiders),
    }


def _fill(
    keypoints: KeypointSet | None,
    places: NDArray[np.float32],
    tags: NDArray[np.int64],
    hiders: NDArray[np.int64],
    index_of: dict[int, int],
) -> None:
    if keypoints is None or keypoints.template is not Template.CAR:
        return
    for number, point in enumerate(keypoints.points):
        if point is None:
            continue
        places[number, :2] = edges_from_centres((point.x, point.y))
        if point.tag is not KeypointTag.TRUNCATED:
            places[number, 2] = _SEEN if point.tag is KeypointTag.VISIBLE else _HIDDEN
        tags[number] = TAGS.index(point.tag)
        if point.hider is not None:
            hiders[number] = index_of.get(point.hider, -1)


def _fits(fits: Sequence[VehicleFit | None]) -> Target:
    known = np.array([fit is not None for fit in fits], np.bool_)
    rotation = np.zeros((len(fits), 3, 3), np.float32)
    translation = np.zeros((len(fits), 3), np.float32)
    shape = np.zeros((len(fits), SHAPE_COMPONENTS), np.float32)
    size = np.zeros((len(fits), 3), np.float32)
    for row, fit in enumerate(fits):
        if fit is None:
            continue
        rotation[row] = np.reshape(fit.rotation, (3, 3))
        translation[row] = fit.translation
        given = fit.shape[:SHAPE_COMPONENTS]
        shape[row, : len(given)] = given
        size[row] = fit.size_m
    return {
        "has_fit": torch.from_numpy(known),
        "rotation": torch.from_numpy(rotation),
        "translation": torch.from_numpy(translation),
        "shape": torch.from_numpy(shape),
        "size": torch.from_numpy(size),
    }


def _hiding(labels: Sequence[ObjectLabel]) -> Tensor:
    pixels = np.zeros((len(labels), len(labels)), np.int64)
    for row, one in enumerate(labels):
        for column, count in one.hidden_by:
            pixels[row, column] = count
    return torch.from_numpy(pixels)


def _stack(patches: Sequence[MaskPatch], height: int, width: int) -> Tensor:
    out = np.zeros((len(patches), height, width), np.uint8)
    for row, patch in enumerate(patches):
        h, w = patch.bits.shape
        out[row, patch.y : patch.y + h, patch.x : patch.x + w] = patch.bits
    return torch.from_numpy(out)


def _corners(box: Box | None) -> tuple[float, float, float, float]:
    return (0.0, 0.0, 0.0, 0.0) if box is None else (box.x, box.y, box.right, box.bottom)


def _floats(rows: Sequence[object], shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(np.asarray(rows, np.float32).reshape(shape))


def _whole(values: Sequence[int]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.int64))
