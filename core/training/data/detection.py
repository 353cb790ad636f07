"""Samples for the detector: pictures with whole objects, and what in them is to be ignored.

Each is an image, (3, H, W) float32 in 0 to 1, and a dict of tensors about its n objects, as
`core.networks.amodal_rcnn` takes it:

- `boxes` (n, 4) float32 left, top, right, bottom on pixel edges, whole, within the picture; `labels` (n,)
  int64; `masks` and `modal_masks` (n, H, W) uint8.
- `keypoints` (n, 29, 3) float32 x, y on pixel edges and COCO's v, 0 where a point has no place in the
  picture; `point_tags` (n, 29) int64, places in `core.evaluation.keypoints.TAGS`, -1 where unlabelled.
- `ignored_boxes` (m, 4) float32.
- `intrinsics` (3, 3) float32 for places on pixel edges; zeros where the camera is not known. `distortion`
  (14,) float32 of its lens (`core.networks.lens`), zeros where it does not bend. Places are as it sees them.
- `has_fit` (n,) bool; where a car has one, `rotation` (n, 3, 3), `translation` (n, 3) metres and `shape`
  (n, 10). `has_body` (n,) bool; where a person has one, `body_rotation` (n, 3, 3), `body_translation` (n, 3),
  `body_pose` (n, 23, 3) and `body_betas` (n, 10). All as `core.training.composites` has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.ops import masks_to_boxes

from core.compositing.render import CACHE_BYTES, Composite
from core.evaluation.keypoints import TAGS as NETWORK_TAGS
from core.geometry.boxes import HALF_PIXEL
from core.geometry.distortion import padded
from core.networks.amodal_rcnn.settings import POINTS, points_of
from core.records.detections import Category
from core.records.fits import BodyFit
from core.records.keypoints import Template
from core.records.recipes import ObjectLabel, Recipe
from core.shapes.body.labels import is_same_body
from core.training.composites import (
    LABELS,
    TAGS,
    CompositeDataset,
    CompositeSupply,
    Sample,
    Target,
    sample_of,
)

LEAST_SIDE_PX = 2.0
"""Objects with a box less wide or high are ignored: nobody could tell what they are."""

MOST_HIDDEN = 0.95
"""Likewise those of which more is hidden (ALGORITHMS 2.4: labels of such are noise)."""

PER_OBJECT = (
    *("boxes", "labels", "masks", "modal_masks", "keypoints", "point_tags"),
    *("has_fit", "rotation", "translation", "shape"),
    *("has_body", "body_rotation", "body_translation", "body_pose", "body_betas"),
)
"""What of a target is about its objects, one after another."""

# what a tag's number in composites is to the network
_TAG_OF = torch.tensor([NETWORK_TAGS.index(tag) if tag in NETWORK_TAGS else -1 for tag in TAGS])


class Cameras(Protocol):
    """What is known of the cameras of composites. It can be pickled."""

    def matrix(self, recipe: Recipe) -> NDArray[np.float64] | None:
        """(3, 3) intrinsics of a recipe's camera, pixels; None where it is not known."""
        ...

    def distortion(self, recipe: Recipe) -> Sequence[float]:
        """Coefficients of its lens in OpenCV's order, as `Camera` has them; none where it does not bend."""
        ...


@dataclass(frozen=True, slots=True)
class Spaces:
    """What fits have to be made with to teach: coefficients of one space say nothing in another.

    Spaces are linear, and none of two holds the other's shapes; so nothing is converted. The hash that ends a
    label counts, as files are called otherwise elsewhere.

    Attributes:
        cars, people: labels of the shape space and the body model, as fits have them.
    """

    cars: str
    people: str

    def holds(self, label: ObjectLabel) -> bool:
        """Whether an object's fit is one of these."""
        made_with = label.shape_space
        if made_with is None:
            return False
        if isinstance(label.fit, BodyFit):
            return is_same_body(made_with, self.people)
        return made_with.split()[-1:] == self.cars.split()[-1:]

    def sifted(self, composite: Composite) -> Composite:
        """The composite without the fits that are of others."""
        labels = tuple(one if self.holds(one) else replace(one, fit=None) for one in composite.labels)
        return replace(composite, labels=labels)


class DetectionComposites(Dataset[Sample]):
    """Composites for the detector; see the module.

    Args:
        supply: of recipes. categories: what is looked for. cameras: None where no camera is known.
        spaces: whose fits teach; None: there are no others.
    """

    def __init__(
        self,
        supply: CompositeSupply,
        categories: Sequence[Category],
        cameras: Cameras | None = None,
        spaces: Spaces | None = None,
        *,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._supply, self._categories, self._cameras = supply, tuple(categories), cameras
        self._spaces = spaces
        self._composites = CompositeDataset(supply, cache_bytes=cache_bytes)

    def __len__(self) -> int:
        return len(self._composites)

    def __getitem__(self, index: int) -> Sample:
        """The sample of a place; raises as `CompositeDataset` does."""
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} composites, and none at {index}")
        composite = self._composites.composite(index)
        sample = sample_of(composite if self._spaces is None else self._spaces.sifted(composite), index)
        if self._cameras is None:
            return of_composite(sample, self._categories)
        recipe = self._supply.recipe(index)
        matrix, distortion = self._cameras.matrix(recipe), self._cameras.distortion(recipe)
        return of_composite(sample, self._categories, matrix, distortion)


def of_composite(
    sample: Sample,
    categories: Sequence[Category],
    matrix: ArrayLike | None = None,
    distortion: Sequence[float] = (),
) -> Sample:
    """A composite's sample as the detector learns from it.

    Args:
        sample: of `CompositeDataset`.
        categories: what is looked for, in the order of the network's labels. Others are ignored.
        matrix: (3, 3) of the camera, for pixels with (0, 0) the centre of the first; None: not known.
        distortion: of its lens, OpenCV's order.
    """
    image, made = sample
    labels = torch.zeros_like(made["labels"])
    for number, category in enumerate(categories, start=1):
        labels[made["labels"] == LABELS[category]] = number
    known = made | {"labels": labels} | _points(made)
    target = {name: known[name] for name in PER_OBJECT}
    target["ignored_boxes"] = _boxes_of(made["ignored"])
    target["intrinsics"] = on_edges(matrix)
    target["distortion"] = torch.from_numpy(padded(tuple(distortion))).float()
    return image, sorted_out(target, (labels > 0) & (made["occlusion"] <= MOST_HIDDEN), image.shape[-2:])


def on_edges(matrix: ArrayLike | None) -> Tensor:
    """(3, 3) intrinsics for places on pixel edges, from those for pixels' centres; zeros for None."""
    if matrix is None:
        return torch.zeros(3, 3)
    moved = np.array(matrix, dtype=np.float64)
    moved[:2] += HALF_PIXEL * moved[2]
    return torch.from_numpy(moved).float()


def sorted_out(target: Target, wanted: Tensor, size: Sequence[int]) -> Target:
    """A target with the boxes ending at the picture's edges, and objects that nobody could tell ignored.

    Args:
        target: see the module; its boxes may reach beyond the picture.
        wanted: (n,) bool, the objects to learn. The others become regions to ignore.
        size: height and width of the picture.
    """
    boxes, ignored = (_within(target[name], size) for name in ("boxes", "ignored_boxes"))
    kept = kept_objects(target["boxes"], wanted, size)
    rest = torch.cat([ignored, boxes[~kept]])
    out = dict(target) | {"boxes": boxes}
    for name in PER_OBJECT:
        out[name] = out[name][kept]
    return out | {"ignored_boxes": rest[(_sides(rest) > 0).all(dim=1)]}


def kept_objects(boxes: Tensor, wanted: Tensor, size: Sequence[int]) -> Tensor:
    """(n,) bool, which objects of a picture `sorted_out` keeps; see there."""
    return wanted & (_sides(_within(boxes, size)) >= LEAST_SIDE_PX).all(dim=1)


def without_fits(count: int) -> Target:
    """What a target says of the 3D of objects where nothing is known."""
    return {
        "has_fit": torch.zeros(count, dtype=torch.bool),
        "rotation": torch.zeros(count, 3, 3),
        "translation": torch.zeros(count, 3),
        "shape": torch.zeros(count, 10),
        "has_body": torch.zeros(count, dtype=torch.bool),
        "body_rotation": torch.zeros(count, 3, 3),
        "body_translation": torch.zeros(count, 3),
        "body_pose": torch.zeros(count, 23, 3),
        "body_betas": torch.zeros(count, 10),
    }


def _points(made: Target) -> Target:
    """Both templates' points in one row."""
    count = len(made["labels"])
    points, tags = torch.zeros(count, POINTS, 3), torch.full((count, POINTS), -1)
    for template, name in ((Template.CAR, "keypoint"), (Template.PERSON, "person_keypoint")):
        points[:, points_of(template)] = made[f"{name}s"]
        tags[:, points_of(template)] = _TAG_OF[made[f"{name}_tags"]]
    return {"keypoints": points, "point_tags": tags}


def _boxes_of(masks: Tensor) -> Tensor:
    """(m, 4) on pixel edges, of masks (m, H, W) with something in them."""
    some = masks[masks.flatten(1).amax(dim=1) > 0] if len(masks) else masks
    boxes = masks_to_boxes(some) if len(some) else torch.zeros(0, 4)
    return boxes + torch.tensor([0.0, 0.0, 1.0, 1.0])  # the last pixel belongs to them


def _within(boxes: Tensor, size: Sequence[int]) -> Tensor:
    height, width = size
    limits = torch.tensor([width, height, width, height], dtype=torch.float32)
    return boxes.clamp(min=0).minimum(limits)


def _sides(boxes: Tensor) -> Tensor:
    return boxes[:, 2:] - boxes[:, :2]
