"""HMR 2.0's losses of a person's points, pose and shape, which WALT3D's equation 2 takes over.

Source: ALGORITHMS 6.2. Sums over the batch, as published: the weights were found with 48 people a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.networks.discriminator import realism_loss


@dataclass(frozen=True, slots=True)
class PersonLossWeights:
    """HMR 2.0's published values. WALT3D's own are lost.

    Attributes:
        keypoints_3d: of L1 in metres. keypoints_2d: of L1 in crops' widths.
        global_orientation, body_pose: of squared rotation matrices. shape: of squared coefficients.
        adversarial: of what the discriminator says.
    """

    keypoints_3d: float = 0.05
    keypoints_2d: float = 0.01
    global_orientation: float = 0.001
    body_pose: float = 0.001
    shape: float = 0.0005
    adversarial: float = 0.0005


@dataclass(frozen=True, eq=False)
class PersonPrediction:
    """What a network says of people.

    Attributes:
        keypoints_2d: (B, N, 2) in crops' widths about the crop's middle, -0.5 to 0.5 within.
        keypoints_3d: (B, N, 3) metres.
        global_orientation: (B, 1, 3, 3), body_pose: (B, J, 3, 3) rotations. shape: (B, k).
    """

    keypoints_2d: Tensor
    keypoints_3d: Tensor
    global_orientation: Tensor
    body_pose: Tensor
    shape: Tensor


@dataclass(frozen=True, eq=False)
class PersonTargets:
    """What is known of people; as PersonPrediction, with how sure.

    Attributes:
        sure_2d, sure_3d: (B, N), 0 where nothing is known.
        has_orientation, has_pose, has_shape: (B,) bool.
    """

    keypoints_2d: Tensor
    sure_2d: Tensor
    keypoints_3d: Tensor
    sure_3d: Tensor
    global_orientation: Tensor
    body_pose: Tensor
    shape: Tensor
    has_orientation: Tensor
    has_pose: Tensor
    has_shape: Tensor


def person_losses(
    said: PersonPrediction,
    targets: PersonTargets,
    weights: PersonLossWeights,
    *,
    root: int,
    realism: Tensor | None = None,
) -> dict[str, Tensor]:
    """The losses by name, each times its weight.

    Args:
        root: which of the N keypoints those in 3D are taken about: the pelvis.
        realism: (B, parts) what the discriminator says of the prediction; None without one.
    """
    losses = {
        "keypoints_3d": weights.keypoints_3d
        * keypoints_3d_loss(said.keypoints_3d, targets.keypoints_3d, targets.sure_3d, root),
        "keypoints_2d": weights.keypoints_2d
        * keypoints_2d_loss(said.keypoints_2d, targets.keypoints_2d, targets.sure_2d),
        "global_orientation": weights.global_orientation
        * parameter_loss(said.global_orientation, targets.global_orientation, targets.has_orientation),
        "body_pose": weights.body_pose * parameter_loss(said.body_pose, targets.body_pose, targets.has_pose),
        "shape": weights.shape * parameter_loss(said.shape, targets.shape, targets.has_shape),
    }
    if realism is not None:
        losses["adversarial"] = weights.adversarial * realism_loss(realism)
    return losses


def keypoints_2d_loss(said: Tensor, target: Tensor, sure: Tensor) -> Tensor:
    """L1 distance times how sure the target is, summed over points and people.

    Args:
        said, target: (B, N, 2). sure: (B, N), 0 where the target is not known, whatever stands there.
    """
    off = torch.where(sure[..., None] > 0, said - target, 0.0)
    return (off.abs() * sure[..., None]).sum()


def keypoints_3d_loss(said: Tensor, target: Tensor, sure: Tensor, root: int) -> Tensor:
    """As `keypoints_2d_loss`, of (B, N, 3) about each one's own root."""
    return keypoints_2d_loss(said - said[:, root, None], target - target[:, root, None], sure)


def parameter_loss(said: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Squared differences, summed over all numbers of the people (B,) of whom they are known."""
    shape = (-1, *[1] * (said.dim() - 1))
    return torch.where(known.reshape(shape), said - target, 0.0).square().sum()
