"""A car's shape, and its pose by PnP from its heat maps (WALT3D, equation 1; ALGORITHMS 2.3 and 5.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.networks.amodal_rcnn.lenses import Lenses
from core.networks.amodal_rcnn.point_head import PointLogits, expected_places
from core.networks.amodal_rcnn.settings import points_of
from core.networks.losses.counted import Counted
from core.networks.losses.vehicles import VehicleLossWeights, VehicleTargets, vehicle_losses
from core.networks.pnp.layer import solve_pnp
from core.networks.precision import exact
from core.networks.projection import moved, project
from core.records.keypoints import Template
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space

COMPONENTS = 5
"""Coefficients of a shape (WALT3D, section 4)."""

_CELL = 1 / 56  # of a heat map: no place is known better
_TRUNCATED = 3  # among the tags
_SIDE = 7
_WIDTHS = (64, 128)


@dataclass(frozen=True, slots=True, eq=False)
class Vehicles:
    """What is said of n cars.

    Attributes:
        shape: (n, 5) standard deviations.
        rotation: (n, 3, 3), translation: (n, 3) metres: from the car's frame to the camera's.
        held: (n,) bool: poses that PnP stands by.
        projected: (n, 12, 2) the shape in the pose, through the lens, pixels on pixel edges; NaN behind the
            camera.
    """

    shape: Tensor
    rotation: Tensor
    translation: Tensor
    held: Tensor
    projected: Tensor


class VehicleHead(nn.Module):
    """From a car's features, (n, C, 14, 14), to its shape; with its points' heat maps to its pose.

    Args:
        channels: C. space: of shapes; its numbers are kept with the weights.
    """

    def __init__(self, channels: int, space: CarShapeSpace | None = None) -> None:
        super().__init__()
        known = space or default_space()
        steps = known.directions[:COMPONENTS] * known.sigmas[:COMPONENTS, None, None]
        self.register_buffer("mean", torch.from_numpy(np.array(known.mean)).float())
        self.register_buffer("steps", torch.from_numpy(steps).float())
        self.shape = nn.Sequential(
            nn.Conv2d(channels, _WIDTHS[0], 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(_WIDTHS[0] * _SIDE**2, _WIDTHS[1]),
            nn.ReLU(),
            nn.Linear(_WIDTHS[1], COMPONENTS),
        )
        last = self.shape[-1]
        assert isinstance(last, nn.Linear)
        # the mean car at first
        nn.init.normal_(last.weight, std=0.01)
        nn.init.zeros_(last.bias)

    def forward(self, features: Tensor, points: PointLogits, boxes: Tensor, lenses: Lenses) -> Vehicles:
        """What is said of n cars.

        Args:
            features: (n, C, 14, 14). points: of the same n boxes.
            boxes: (n, 4), pixels. lenses: of their n cameras, all known.
        """
        own = points_of(Template.CAR)
        places, spread = expected_places(points.heat[:, own], boxes)
        # poses are found in the picture of an ideal lens
        places, there = lenses.straightened(places)
        weights = there / (spread.detach() + _CELL**2)
        if points.tags is not None:
            # nothing is looked for outside of the box
            cut = points.tags[:, own].detach().float().softmax(dim=2)[..., _TRUNCATED]
            weights = weights * (1 - cut)
        weights = weights / weights.amax(dim=1, keepdim=True).clamp(min=1e-9)
        space = self.get_buffer("mean"), self.get_buffer("steps")
        return _posed(self.shape(features).float(), *space, places, weights, lenses)


@exact
def _posed(
    shape: Tensor, mean: Tensor, steps: Tensor, places: Tensor, weights: Tensor, lenses: Lenses
) -> Vehicles:
    points = mean + torch.einsum("nk,kpc->npc", shape, steps)
    pose = solve_pnp(places, points, lenses.matrix, weights)
    pixels = lenses.bent(project(moved(points, pose.rotation, pose.translation), lenses.matrix))
    return Vehicles(shape, pose.rotation, pose.translation, pose.held, pixels)


def car_losses(
    said: Vehicles, target: dict[str, Tensor], boxes: Tensor, weights: VehicleLossWeights
) -> dict[str, Counted]:
    """Equation 1 over n cars; zeros, with gradients, where there is none, or nothing is known.

    Args:
        target: of each car `keypoints` and `point_tags`, `has_fit`, `shape`, `rotation`, `translation`.
        boxes: (n, 4), pixels.
    """
    own = points_of(Template.CAR)
    targets = VehicleTargets(
        points=target["keypoints"][:, own, :2],
        labelled=target["point_tags"][:, own] >= 0,
        size_px=(boxes[:, 2:] - boxes[:, :2]).amax(dim=1),
        shape=target["shape"][:, :COMPONENTS],
        rotation=target["rotation"],
        translation=target["translation"],
        has_fit=target["has_fit"],
    )
    losses = vehicle_losses(
        said.projected, said.shape, said.rotation, said.translation, said.held, targets, weights
    )
    return {f"loss_car_{name}": loss for name, loss in losses.items()}
