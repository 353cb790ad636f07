"""A body of SMPL's form posed in torch, for losses that have to reach back through it (Loper et al., 2015).

The same recipe as `core.shapes.body.model`, which jobs and window use; one test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.shapes.body.model import BodyModel


@dataclass(frozen=True, slots=True, eq=False)
class PosedTensors:
    """Bodies in poses.

    Attributes:
        vertices: (B, V, 3), metres.
        joints: (B, J, 3), metres.
    """

    vertices: Tensor
    joints: Tensor


class TorchBody(nn.Module):
    """A body whose parts are buffers, which move with it to a device, and which no checkpoint holds.

    Args:
        model: the body.
        dtype: of its numbers.
    """

    def __init__(self, model: BodyModel, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.parents = [int(parent) for parent in model.parents]
        # joints follow the shape's numbers as straight as the skin does; directions as rows, so that one
        # product of matrices adds them up
        directions = model.shape_directions
        by_shape = np.einsum("jv,vik->jik", model.joint_regressor, directions)
        arrays = {
            "template": model.template,
            "shape_directions": directions.reshape(-1, model.betas).T,
            "rest_joints": model.rest_joints(),
            "joint_directions": by_shape.reshape(-1, model.betas).T,
            "weights": model.weights,
        }
        if model.pose_directions is not None:
            arrays["pose_directions"] = model.pose_directions.reshape(-1, model.pose_directions.shape[2]).T
        self.bends = model.pose_directions is not None
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(array, dtype=dtype), persistent=False)

    def forward(self, rotations: Tensor, betas: Tensor, translation: Tensor | None = None) -> PosedTensors:
        """The body in poses.

        Args:
            rotations: (B, J, 3, 3) of each joint against its parent; the first turns the whole body about its
                pelvis.
            betas: (B, b), b up to the model's.
            translation: (B, 3) metres, added last; zero where None.
        """
        rest = self._shaped("template", "shape_directions", betas)
        joints = self._shaped("rest_joints", "joint_directions", betas)
        if self.bends:
            bends = (rotations[:, 1:] - torch.eye(3).to(rotations)).flatten(1)
            rest = rest + (bends @ self.get_buffer("pose_directions")).unflatten(-1, (-1, 3))
        turned, moved = self._chain(rotations, joints)
        shifts = moved - (turned @ joints[..., None])[..., 0]
        # each joint's motion as three columns of a turn and a shift of the rest pose
        motions = torch.cat([turned.transpose(2, 3).flatten(2), shifts], dim=-1)
        x, y, z, shift = (self.get_buffer("weights") @ motions).split(3, dim=-1)
        vertices = x * rest[..., :1] + y * rest[..., 1:2] + z * rest[..., 2:] + shift
        if translation is not None:
            vertices, moved = vertices + translation[:, None], moved + translation[:, None]
        return PosedTensors(vertices, moved)

    def _shaped(self, mean: str, directions: str, betas: Tensor) -> Tensor:
        """(B, N, 3) points of the mean body, moved along the directions of betas (B, b)."""
        offsets = betas @ self.get_buffer(directions)[: betas.shape[-1]]
        return self.get_buffer(mean) + offsets.unflatten(-1, (-1, 3))

    def _chain(self, rotations: Tensor, joints: Tensor) -> tuple[Tensor, Tensor]:
        """Every joint's turn (B, J, 3, 3) and place (B, J, 3) down the chain from the root."""
        turned, moved = [rotations[:, 0]], [joints[:, 0]]
        for joint, parent in enumerate(self.parents[1:], start=1):
            bone = joints[:, joint] - joints[:, parent]
            moved.append(moved[parent] + (turned[parent] @ bone[..., None])[..., 0])
            turned.append(turned[parent] @ rotations[:, joint])
        return torch.stack(turned, dim=1), torch.stack(moved, dim=1)
