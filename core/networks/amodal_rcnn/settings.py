"""What an Amodal R-CNN is made of: enough to build it anew."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from core.networks.backbones import STRIDES, BackboneName
from core.records.detections import Category
from core.records.seen import POINTS as POINTS
from core.records.seen import TEMPLATES as TEMPLATES
from core.records.seen import points_of as points_of

_MAY_BE_NOTHING = ("trained_stages", "least_score")
_MOST_STAGES = 5
_MOST_CONVOLUTIONS = 64


class MaskKind(StrEnum):
    """Which masks are told of an object."""

    NONE = "none"
    WHOLE = "whole"  # one branch, as Mask R-CNN's
    AMODAL = "amodal"  # WALT's: what is hidden, then the whole; what is seen beside both


class PointKind(StrEnum):
    """What is told of an object's keypoints."""

    NONE = "none"
    PLACES = "places"  # as Keypoint R-CNN does
    TAGGED = "tagged"  # and whether each is seen, and if not, why


@dataclass(frozen=True, slots=True)
class AmodalRcnnSettings:
    """The network's parts and sizes. The defaults are torchvision's, as far as it has them.

    Attributes:
        backbone, frozen_norms, trained_stages: see `feature_pyramid`.
        channels, finest_px: of the pyramid: of every level, and pixels a cell of the finest one covers.
        anchor_px: side of the anchors of the finest level; each further one's are twice as large.
        categories: what there is to find: label 1 is the first, 0 the background.
        min_side_px, max_side_px: pictures are scaled so that the shorter side has the former, unless the
            longer one came to have more than the latter.
        proposals, proposals_in_training: how many a picture are looked at.
        sampled: how many of them a picture teaches the heads.
        representation: numbers by which the box head knows an object.
        masks, points: which heads there are.
        vehicles: whether cars' shapes and poses are told; it needs points.
        bodies, body_width: whether people's are, and numbers of the decoder's token.
        adversarial: whether a discriminator says which bodies are real; it needs bodies.
        mask_convolutions, mask_channels, point_convolutions, point_channels: of their stacks.
        least_score, most_objects: of what is found in a picture.
    """

    backbone: BackboneName = BackboneName.RESNET50
    frozen_norms: bool = False
    trained_stages: int = 5
    channels: int = 256
    finest_px: int = 4
    anchor_px: int = 32
    categories: tuple[Category, ...] = tuple(Category)
    min_side_px: int = 800
    max_side_px: int = 1333
    proposals: int = 1000
    proposals_in_training: int = 2000
    sampled: int = 512
    representation: int = 1024
    masks: MaskKind = MaskKind.AMODAL
    points: PointKind = PointKind.TAGGED
    vehicles: bool = False
    bodies: bool = False
    body_width: int = 256
    adversarial: bool = False
    mask_convolutions: int = 4
    mask_channels: int = 256
    point_convolutions: int = 8
    point_channels: int = 512
    least_score: float = 0.05
    most_objects: int = 100

    def __post_init__(self) -> None:
        """What no network could be built of.

        Raises:
            TypeError, ValueError: a value lies outside what is possible.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "bool" and not isinstance(value, bool):
                raise TypeError(f"{field.name} is {value!r}")
            if field.type not in ("int", "float"):
                continue
            if type(value) is not int and not (field.type == "float" and isinstance(value, float)):
                raise TypeError(f"{field.name} is {value!r}")
            if not value >= (0 if field.name in _MAY_BE_NOTHING else 1):
                raise ValueError(f"{field.name} is {value}")
        if self.finest_px not in STRIDES[:-1] or self.trained_stages > _MOST_STAGES:
            raise ValueError(f"finest_px is {self.finest_px}, trained_stages {self.trained_stages}")
        if max(self.mask_convolutions, self.point_convolutions) > _MOST_CONVOLUTIONS:
            raise ValueError(f"stacks of {self.mask_convolutions} and {self.point_convolutions}")
        if (self.vehicles and self.points is PointKind.NONE) or (self.adversarial and not self.bodies):
            raise ValueError("vehicles need points, and a discriminator bodies")
        if not self.categories or len(set(self.categories)) != len(self.categories):
            raise ValueError("categories are missing or twice there")

    def label_of(self, category: Category) -> int:
        """The number of a category; 0, the background's, where it is not looked for."""
        return self.categories.index(category) + 1 if category in self.categories else 0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"categories": [one.value for one in self.categories]}

    @staticmethod
    def from_json(values: dict[str, Any]) -> AmodalRcnnSettings:
        """What `as_json` gave.

        Raises:
            KeyError, TypeError, ValueError: a value is missing, strange or none that there is.
        """
        missing = {field.name for field in fields(AmodalRcnnSettings)} - set(values)
        if missing:
            raise KeyError(sorted(missing)[0])
        kinds: dict[str, Any] = {
            "backbone": BackboneName(values["backbone"]),
            "categories": tuple(Category(one) for one in values["categories"]),
            "masks": MaskKind(values["masks"]),
            "points": PointKind(values["points"]),
        }
        return AmodalRcnnSettings(**(values | kinds))


def small(**more: Any) -> AmodalRcnnSettings:
    """The variant for a CPU: a light backbone, pictures of 360 lines, few proposals, thin heads."""
    values: dict[str, Any] = {
        "backbone": BackboneName.RESNET18,
        "channels": 96,
        "anchor_px": 16,
        "min_side_px": 360,
        "max_side_px": 640,
        "proposals": 200,
        "proposals_in_training": 400,
        "sampled": 128,
        "representation": 256,
        "body_width": 128,
        "mask_convolutions": 2,
        "mask_channels": 96,
        "point_convolutions": 3,
        "point_channels": 128,
    }
    return AmodalRcnnSettings(**(values | more))
