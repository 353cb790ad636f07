"""The heads behind the box's: what is told of each object from the features of its box."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.networks.amodal_rcnn.body_head import BodyHead
from core.networks.amodal_rcnn.lenses import Lenses, lenses_of
from core.networks.amodal_rcnn.mask_head import AmodalMaskHead, WholeMaskHead, mask_losses
from core.networks.amodal_rcnn.point_head import PointHead, PointLogits, places_of, point_losses
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, MaskKind, PointKind
from core.networks.amodal_rcnn.transform import in_mask_pixels
from core.networks.amodal_rcnn.vehicle_head import VehicleHead, car_losses
from core.networks.losses.counted import Counted
from core.networks.losses.vehicles import VehicleLossWeights
from core.records.detections import Category
from core.shapes.body.model import BodyModel

Targets = list[dict[str, Tensor]]

_OF_CARS = ("keypoints", "point_tags", "has_fit", "shape", "rotation", "translation")
_OF_PEOPLE = (
    *("keypoints", "point_tags"),
    *("has_body", "body_rotation", "body_translation", "body_pose", "body_betas"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """Boxes that teach the heads, and which objects they are of.

    Attributes:
        boxes: for each picture (k, 4), pixels of the scaled picture.
        objects: for each picture (k,), which of its target's.
        targets: of the scaled pictures.
    """

    boxes: list[Tensor]
    objects: list[Tensor]
    targets: Targets

    def of(self, name: str) -> Tensor:
        """What the targets say of all the boxes' objects, one after another."""
        pairs = zip(self.targets, self.objects, strict=True)
        return torch.cat([target[name][objects] for target, objects in pairs])


class ObjectHeads(nn.Module):
    """All heads that look at an object's features, (n, C, 14, 14).

    Args:
        settings: which. channels: C.
        body: whose shapes people's betas are; None: the stand-in.
    """

    def __init__(self, settings: AmodalRcnnSettings, channels: int, body: BodyModel | None = None) -> None:
        super().__init__()
        sizes = channels, settings.mask_convolutions, settings.mask_channels
        self.masks: AmodalMaskHead | WholeMaskHead | None = None
        if settings.masks is MaskKind.AMODAL:
            self.masks = AmodalMaskHead(*sizes)
        elif settings.masks is MaskKind.WHOLE:
            self.masks = WholeMaskHead(*sizes)
        self.points: PointHead | None = None
        if settings.points is not PointKind.NONE:
            self.points = PointHead(
                channels,
                settings.point_convolutions,
                settings.point_channels,
                tagged=settings.points is PointKind.TAGGED,
            )

        self.vehicles = VehicleHead(channels) if settings.vehicles else None
        self.bodies = (
            BodyHead(channels, settings.body_width, body=body, adversarial=settings.adversarial)
            if settings.bodies
            else None
        )
        self._car, self._person = (settings.label_of(one) for one in (Category.CAR, Category.PERSON))

    @property
    def any(self) -> bool:
        """Whether there is a head at all."""
        return any(one is not None for one in (self.masks, self.points, self.vehicles, self.bodies))

    def losses(self, features: Tensor, taught: Taught) -> dict[str, Counted]:
        """The losses by name; zeros, with gradients, where nothing teaches."""
        losses: dict[str, Counted] = {}
        if self.masks is not None:
            logits = self.masks(features)
            pairs = zip(taught.boxes, taught.targets, strict=True)
            losses |= mask_losses(
                logits,
                [in_mask_pixels(box, target) for box, target in pairs],
                taught.objects,
                [target["masks"] for target in taught.targets],
                None if logits.modal is None else [target["modal_masks"] for target in taught.targets],
            )
        boxes = torch.cat(taught.boxes)
        if self.points is not None:
            points = self.points(features)
            losses |= point_losses(points, boxes, taught.of("keypoints"), taught.of("point_tags"))
            if self.vehicles is not None:
                rows, lenses = self._of(self._car, taught)
                said = self.vehicles(features[rows], _rows_of(points, rows), boxes[rows], lenses)
                target = {name: taught.of(name)[rows] for name in _OF_CARS}
                losses |= car_losses(said, target, boxes[rows], VehicleLossWeights())
        if self.bodies is not None:
            rows, lenses = self._of(self._person, taught)
            people = self.bodies(features[rows], boxes[rows], lenses)
            target = {name: taught.of(name)[rows] for name in _OF_PEOPLE}
            losses |= self.bodies.losses(people, target, boxes[rows], lenses)
        return losses

    def found(self, features: Tensor, boxes: Tensor, labels: Tensor, lenses: Lenses) -> dict[str, Tensor]:
        """What is told of n objects; see `AmodalRcnn`.

        Args:
            features: (n, C, 14, 14).
            boxes: (n, 4) of scaled pictures. labels: (n,).
            lenses: of their cameras.
        """
        told: dict[str, Tensor] = {}
        if self.masks is not None:
            masks = self.masks(features)
            told["whole_masks"] = masks.whole.float().sigmoid()
            if masks.modal is not None:
                told["modal_masks"] = masks.modal.float().sigmoid()
        if self.points is not None:
            points = self.points(features)
            places, sure = places_of(points.heat, boxes)
            told["keypoints"] = torch.cat([places, sure[:, :, None]], dim=2)
            if points.tags is not None:
                told["point_tags"] = points.tags.float().softmax(dim=2)
            if self.vehicles is not None:
                told |= self._cars(features, points, boxes, labels, lenses)
        if self.bodies is not None:
            told |= self._people(features, boxes, labels, lenses)
        return told

    def _of(self, label: int, taught: Taught) -> tuple[Tensor, Lenses]:
        """Which of the taught boxes are of a category and of a camera that is known, and these cameras."""
        lenses = lenses_of(taught.targets, taught.boxes)
        rows = torch.where((taught.of("labels") == label) & lenses.known)[0]
        return rows, lenses.of(rows)

    def _cars(
        self, features: Tensor, points: PointLogits, boxes: Tensor, labels: Tensor, lenses: Lenses
    ) -> dict[str, Tensor]:
        assert self.vehicles is not None
        rows = torch.where((labels == self._car) & lenses.known)[0]
        said = self.vehicles(features[rows], _rows_of(points, rows), boxes[rows], lenses.of(rows))
        count = len(boxes)
        return {
            "car_held": _spread(said.held, rows, count),
            "car_shape": _spread(said.shape, rows, count),
            "car_rotation": _spread(said.rotation, rows, count),
            "car_translation": _spread(said.translation, rows, count),
        }

    def _people(self, features: Tensor, boxes: Tensor, labels: Tensor, lenses: Lenses) -> dict[str, Tensor]:
        assert self.bodies is not None
        rows = torch.where((labels == self._person) & lenses.known)[0]
        said = self.bodies(features[rows], boxes[rows], lenses.of(rows))
        count = len(boxes)
        return {
            "body_held": _spread(torch.ones_like(rows, dtype=torch.bool), rows, count),
            "body_rotations": _spread(said.rotations, rows, count),
            "body_betas": _spread(said.betas, rows, count),
            "body_translation": _spread(said.translation, rows, count),
        }


def _rows_of(points: PointLogits, rows: Tensor) -> PointLogits:
    return PointLogits(points.heat[rows], None if points.tags is None else points.tags[rows])


def _spread(values: Tensor, rows: Tensor, count: int) -> Tensor:
    """Values at some rows of so many, zeros elsewhere."""
    out = values.new_zeros(count, *values.shape[1:])
    out[rows] = values
    return out
