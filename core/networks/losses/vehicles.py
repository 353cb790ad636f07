"""WALT3D's losses of a car's points, shape and pose (its equation 1).

L_reproj = |pi(R X(alpha) + T) - p*|^2, L_shape = |alpha - alpha*|^2, L_pose = |R - R*|^2 + |T - T*|^2, with
the pose by PnP from predicted points. The paper's norm and weights are lost: squares, means over the batch
and all weights here are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.networks.losses.counted import Counted, mean_over


@dataclass(frozen=True, slots=True)
class VehicleLossWeights:
    """Ours: WALT3D's are lost. Each is chosen so that an error that matters as much costs as much.

    Attributes:
        reprojection: of squared shares of the box's size, of which 0.1 is where PCK@0.1 gives up.
        shape: of squared standard deviations.
        rotation: of |R - R*|^2, which is 8 sin^2 of half the angle.
        translation: of squared shares of the distance.
    """

    reprojection: float = 10.0
    shape: float = 0.02
    rotation: float = 0.5
    translation: float = 5.0


@dataclass(frozen=True, eq=False)
class VehicleTargets:
    """What is known of cars: pseudo ground truth of fits.

    Attributes:
        points: (B, K, 2) pixels. labelled: (B, K) bool: points whose place is known.
        size_px: (B,) L of the box, max(w, h).
        shape: (B, k) coefficients. rotation: (B, 3, 3), translation: (B, 3) metres: car to camera.
        has_fit: (B,) bool: cars whose shape and pose are known.
    """

    points: Tensor
    labelled: Tensor
    size_px: Tensor
    shape: Tensor
    rotation: Tensor
    translation: Tensor
    has_fit: Tensor


def vehicle_losses(
    projected: Tensor,
    shape: Tensor,
    rotation: Tensor,
    translation: Tensor,
    held: Tensor,
    targets: VehicleTargets,
    weights: VehicleLossWeights,
) -> dict[str, Counted]:
    """The losses by name, each times its weight: means over the points or the cars that they are of.

    Args:
        projected: (B, K, 2) pixels of the shape in the pose; NaN behind the camera.
        shape: (B, k). rotation: (B, 3, 3), translation: (B, 3) metres.
        held: (B,) bool: poses that PnP stands by (`PnPResult.held`); others teach the shape only.
    """
    posed = targets.has_fit & held
    turn, place = pose_errors(rotation, translation, targets)
    return {
        "reprojection": reprojection_loss(projected, targets, held).times(weights.reprojection),
        "shape": mean_over(_squares(shape, targets.shape, targets.has_fit), targets.has_fit).times(
            weights.shape
        ),
        "rotation": mean_over(turn, posed).times(weights.rotation),
        "translation": mean_over(place, posed).times(weights.translation),
    }


def reprojection_loss(projected: Tensor, targets: VehicleTargets, held: Tensor) -> Counted:
    """Squared distance from the labelled points over the box's size squared, mean over these points."""
    which = targets.labelled & held[:, None] & projected.isfinite().all(dim=2)
    off = torch.where(which[..., None], projected - targets.points, 0.0) / targets.size_px[:, None, None]
    return mean_over(off.square().sum(dim=2), which)


def pose_errors(rotation: Tensor, translation: Tensor, targets: VehicleTargets) -> tuple[Tensor, Tensor]:
    """(B,) |R - R*|^2, and (B,) |T - T*|^2 over the square of the distance |T*|; 0 without a fit."""
    turn = _squares(rotation, targets.rotation, targets.has_fit)
    place = _squares(translation, targets.translation, targets.has_fit)
    # a car without a fit has no distance
    return turn, place / torch.where(targets.has_fit, targets.translation.square().sum(dim=1), 1.0)


def _squares(said: Tensor, target: Tensor, which: Tensor) -> Tensor:
    """(B,) sum of squared differences, 0 for those (B,) that are not meant, whatever stands there."""
    off = (said - target).flatten(1)
    # before it is squared: no number times 0 is still no number
    return torch.where(which[:, None], off, 0.0).square().sum(dim=1)
