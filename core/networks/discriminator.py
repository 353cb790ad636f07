"""Whether a body's pose and shape look like a person's: HMR's discriminator, one judge for each part.

Source: Kanazawa et al., CVPR 2018, as in HMR 2.0 (ALGORITHMS 6.2). A least squares GAN.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_ROTATION = 9
_JOINT_WIDTH, _WHOLE_WIDTH = 32, 1024
_SHAPE_WIDTHS = (10, 5)


class Discriminator(nn.Module):
    """One number each for every joint, for the shape, and for all joints together: 1 is real, 0 is not.

    Args:
        joints: of the pose, without the root: 23 of SMPL. shapes: coefficients of the shape.
    """

    def __init__(self, joints: int = 23, shapes: int = 10) -> None:
        super().__init__()
        self.joints = joints
        # one small network, the same for all joints
        self.of_joints = nn.Sequential(
            nn.Linear(_ROTATION, _JOINT_WIDTH), nn.ReLU(), nn.Linear(_JOINT_WIDTH, _JOINT_WIDTH), nn.ReLU()
        )
        self.joint_weight = nn.Parameter(torch.empty(joints, _JOINT_WIDTH))
        self.joint_bias = nn.Parameter(torch.zeros(joints))
        self.of_shape = nn.Sequential(
            nn.Linear(shapes, _SHAPE_WIDTHS[0]),
            nn.ReLU(),
            nn.Linear(_SHAPE_WIDTHS[0], _SHAPE_WIDTHS[1]),
            nn.ReLU(),
            nn.Linear(_SHAPE_WIDTHS[1], 1),
        )
        self.of_whole = nn.Sequential(
            nn.Linear(joints * _JOINT_WIDTH, _WHOLE_WIDTH),
            nn.ReLU(),
            nn.Linear(_WHOLE_WIDTH, _WHOLE_WIDTH),
            nn.ReLU(),
            nn.Linear(_WHOLE_WIDTH, 1),
        )
        nn.init.uniform_(self.joint_weight, -(_JOINT_WIDTH**-0.5), _JOINT_WIDTH**-0.5)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    @property
    def parts(self) -> int:
        """How many numbers it says: joints + 2."""
        return self.joints + 2

    def forward(self, pose: Tensor, shape: Tensor) -> Tensor:
        """What is said of bodies.

        Args:
            pose: (B, joints, 3, 3) rotations against the parents. shape: (B, shapes).

        Returns:
            (B, joints + 2): each joint, the shape, all joints.
        """
        features = self.of_joints(pose.flatten(2))
        each = (features * self.joint_weight).sum(dim=2) + self.joint_bias
        return torch.cat([each, self.of_shape(shape), self.of_whole(features.flatten(1))], dim=1)


def realism_loss(said: Tensor) -> Tensor:
    """The generator's: sum over parts of (D - 1)^2, mean over bodies. said: (B, parts)."""
    return (said - 1.0).square().sum() / max(len(said), 1)


def judge_loss(of_fake: Tensor, of_real: Tensor) -> Tensor:
    """The discriminator's own: sum of D(fake)^2 and of (D(real) - 1)^2, each a mean over its bodies.

    Args:
        of_fake: (B, parts) of predictions that have no gradient. of_real: (B', parts).
    """
    return of_fake.square().sum() / max(len(of_fake), 1) + realism_loss(of_real)


def judged(discriminator: Discriminator, pose: Tensor, shape: Tensor) -> Tensor:
    """What the discriminator says for the generator's loss: with a gradient to the body, none to itself."""
    frozen = {name: one.detach() for name, one in discriminator.named_parameters()}
    return torch.func.functional_call(discriminator, frozen, (pose, shape))
