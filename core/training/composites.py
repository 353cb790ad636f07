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
from core.records.fits import BodyFit, Fit, VehicleFit
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
"""How many coefficients of a car's or a body's shape are given; those that a fit does not have are 0."""

BODY_JOINTS = 23
"""SMPL's joints but its root, whose rotations are given."""

_SHARED_JOINTS = 21  # that SMPL and SMPL-X number alike: all but hands and face
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
    - Of cars, `keypoints` (n, 12, 3) float32 x, y on pixel edges and COCO's v: 2 seen, 1 hidden, 0 outside
      the picture or not labelled; a guess is no label. `keypoint_tags` (n, 12) int64, see TAGS;
      `keypoint_hiders` (n, 12) int64, which of the n objects hides it, or -1.
    - Of people, the same of COCO's 17 points: `person_keypoints` (n, 17, 3), `person_keypoint_tags` and
      `person_keypoint_hiders` (n, 17).
    - `has_fit` (n,) bool, of cars; where one has, `rotation` (n, 3, 3) and `translation` (n, 3) float32 from
      its own frame to the camera's, metres; `shape` (n, 10) in standard deviations; `size` (n, 3) metres.
    - `has_body` (n,) bool, of people; where one has, `body_rotation` (n, 3, 3) float32 of the root, from the
      body's frame to the camera's; `body_translation` (n, 3), the pelvis joint in the camera's frame, metres;
      `body_pose` (n, 23, 3), axis times angle of SMPL's other joints against their parents, where a fit of
      SMPL-X says nothing of the hands (0); `body_betas` (n, 10) of the body model that it was fitted with.
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
    fits = [one.fit for one in labels]
    return image, (
        target
        | _keypoints(labels, Template.CAR, "keypoint")
        | _keypoints(labels, Template.PERSON, "person_keypoint")
        | _cars([one if isinstance(one, VehicleFit) else None for one in fits])
        | _bodies([one if isinstance(one, BodyFit) else None for one in fits])
    )


def _again(
    kind: type[CompositeDataset],
    supply: CompositeSupply,
    transform: Callable[[Sample], Sample] | None,
    cache_bytes: int,
) -> CompositeDataset:
    return kind(supply, transform, cache_bytes=cache_bytes)


def _keypoints(labels: Sequence[ObjectLabel], template: Template, name: str) -> Target:
    """The points of the objects that have a template's; of the others none is labelled."""
    places = np.zeros((len(labels), template.size, 3), np.float32)
    tags = np.full((len(labels), template.size), _UNLABELLED, np.int64)
    hiders = np.full((len(labels), template.size), -1, np.int64)
    # of an object that is there twice, the nearer one is in front
    index_of = {one.instance_id: index for index, one in enumerate(labels)}
    for row, one in enumerate(labels):
        if one.keypoints is not None and one.keypoints.template is template:
            _fill(one.keypoints, places[row], tags[row], hiders[row], index_of)
    return {
        f"{name}s": torch.from_numpy(places),
        f"{name}_tags": torch.from_numpy(tags),
        f"{name}_hiders": torch.from_numpy(hiders),
    }


def _fill(
    keypoints: KeypointSet,
    places: NDArray[np.float32],
    tags: NDArray[np.int64],
    hiders: NDArray[np.int64],
    index_of: dict[int, int],
) -> None:
    for number, point in enumerate(keypoints.points):
        if point is None or point.guessed:
            continue
        places[number, :2] = edges_from_centres((point.x, point.y))
        if point.tag is not KeypointTag.TRUNCATED:
            places[number, 2] = _SEEN if point.tag is KeypointTag.VISIBLE else _HIDDEN
        tags[number] = TAGS.index(point.tag)
        if point.hider is not None:
            hiders[number] = index_of.get(point.hider, -1)


def _cars(fits: Sequence[VehicleFit | None]) -> Target:
    rotation, translation, shape = _poses(fits)
    size = np.zeros((len(fits), 3), np.float32)
    for row, fit in enumerate(fits):
        if fit is not None:
            size[row] = fit.size_m
    return {
        "has_fit": _known(fits),
        "rotation": rotation,
        "translation": translation,
        "shape": shape,
        "size": torch.from_numpy(size),
    }


def _bodies(fits: Sequence[BodyFit | None]) -> Target:
    rotation, translation, betas = _poses(fits)
    pose = np.zeros((len(fits), BODY_JOINTS, 3), np.float32)
    for row, fit in enumerate(fits):
        if fit is not None:
            given = np.reshape(fit.pose, (-1, 3))
            count = BODY_JOINTS if len(given) == BODY_JOINTS else _SHARED_JOINTS
            pose[row, :count] = given[:count]
    return {
        "has_body": _known(fits),
        "body_rotation": rotation,
        "body_translation": translation,
        "body_pose": torch.from_numpy(pose),
        "body_betas": betas,
    }


def _known(fits: Sequence[Fit | None]) -> Tensor:
    return torch.from_numpy(np.array([fit is not None for fit in fits], np.bool_))


def _poses(fits: Sequence[Fit | None]) -> tuple[Tensor, Tensor, Tensor]:
    """Rotation (n, 3, 3), translation (n, 3) and shape (n, SHAPE_COMPONENTS), zeros where there is no fit."""
    rotation = np.zeros((len(fits), 3, 3), np.float32)
    translation = np.zeros((len(fits), 3), np.float32)
    shape = np.zeros((len(fits), SHAPE_COMPONENTS), np.float32)
    for row, fit in enumerate(fits):
        if fit is None:
            continue
        rotation[row] = np.reshape(fit.rotation, (3, 3))
        translation[row] = fit.translation
        given = fit.shape[:SHAPE_COMPONENTS]
        shape[row, : len(given)] = given
    return torch.from_numpy(rotation), torch.from_numpy(translation), torch.from_numpy(shape)


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
