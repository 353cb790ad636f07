"""A body in SMPL's form: template, blend shapes, skeleton and skinning weights, posed in numpy.

The recipe is SMPL's (Loper et al., SIGGRAPH Asia 2015): v = template + shapedirs beta + posedirs (R - I),
joints from the shaped template, forward kinematics, and a blend of the joints' motions by weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.shapes.body.rotations import matrices
from core.shapes.body.skeleton import COUNT

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class PosedBody:
    """A body in a pose.

    Attributes:
        vertices: (..., V, 3), metres.
        joints: (..., 24, 3), metres.
    """

    vertices: FloatArray
    joints: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class BodyModel:
    """A body of SMPL's form. Its frame: x to the person's left, y up, z forward; metres; T-pose at rest.

    Attributes:
        template: (V, 3).
        faces: (F, 3), counter-clockwise from outside.
        shape_directions: (V, 3, B).
        pose_directions: (V, 3, 207), or None where poses change nothing but the skeleton.
        joint_regressor: (24, V).
        parents: (24,), -1 for the root.
        weights: (V, 24), each row sums to one.
    """

    template: FloatArray
    faces: IndexArray
    shape_directions: FloatArray
    pose_directions: FloatArray | None
    joint_regressor: FloatArray
    parents: IndexArray
    weights: FloatArray

    @property
    def betas(self) -> int:
        """How many numbers describe a shape."""
        return self.shape_directions.shape[2]

    def shaped(self, betas: ArrayLike | None = None) -> FloatArray:
        """(..., V, 3) the template in its rest pose, with betas (..., b), b up to B; zero where None."""
        if betas is None:
            return self.template
        numbers = np.asarray(betas, dtype=np.float64)
        if numbers.ndim == 0 or numbers.shape[-1] > self.betas:
            raise ValueError(f"betas of shape {numbers.shape}, where the model has {self.betas}")
        directions = self.shape_directions[..., : numbers.shape[-1]]
        return np.asarray(self.template + np.einsum("vik,...k->...vi", directions, numbers))

    def rest_joints(self, betas: ArrayLike | None = None) -> FloatArray:
        """(..., 24, 3) joints in the rest pose."""
        return np.asarray(self.joint_regressor @ self.shaped(betas))

    def posed(
        self, pose: ArrayLike, betas: ArrayLike | None = None, translation: ArrayLike | None = None
    ) -> PosedBody:
        """The body in poses.

        Args:
            pose: (..., 24, 3) axis-angle of each joint against its parent, radians; the first turns the
                whole body about its pelvis.
            betas: (..., b) or (b,); zero where None.
            translation: (..., 3) metres, added last; zero where None.
        """
        angles = np.asarray(pose, dtype=np.float64)
        if angles.shape[-2:] != (COUNT, 3):
            raise ValueError(f"a pose of shape (..., 24, 3) expected, not {angles.shape}")
        turns = matrices(angles)
        rest = self.shaped(betas)
        joints = self.joint_regressor @ rest
        if self.pose_directions is not None:
            bends = (turns[..., 1:, :, :] - np.eye(3)).reshape(*angles.shape[:-2], -1)
            rest = rest + np.einsum("vik,...k->...vi", self.pose_directions, bends)
        turned, moved = self._chain(turns, joints)
        # each joint's motion as a turn and a shift of the rest pose
        shifts = moved - np.einsum("...jab,...jb->...ja", turned, np.broadcast_to(joints, moved.shape))
        lead = angles.shape[:-2]
        blend = (self.weights @ turned.reshape(*lead, COUNT, 9)).reshape(*lead, -1, 3, 3)
        vertices = np.einsum("...vab,...vb->...va", blend, np.broadcast_to(rest, (*lead, *rest.shape[-2:])))
        vertices += self.weights @ shifts
        if translation is not None:
            offset = np.asarray(translation, dtype=np.float64)[..., None, :]
            vertices, moved = vertices + offset, moved + offset
        return PosedBody(vertices, moved)

    def _chain(self, turns: FloatArray, joints: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Every joint's turn (..., 24, 3, 3) and place (..., 24, 3) down the chain from the root."""
        turned = np.empty_like(turns)
        moved = np.empty(turns.shape[:-1])
        turned[..., 0, :, :], moved[..., 0, :] = turns[..., 0, :, :], joints[..., 0, :]
        for joint in range(1, COUNT):
            parent = int(self.parents[joint])
            bone = joints[..., joint, :] - joints[..., parent, :]
            turned[..., joint, :, :] = turned[..., parent, :, :] @ turns[..., joint, :, :]
            moved[..., joint, :] = moved[..., parent, :] + np.einsum(
                "...ab,...b->...a",
                turned[..., parent, :, :],
                np.broadcast_to(bone, moved[..., joint, :].shape),
            )
        return turned, moved


def upright(points: ArrayLike) -> FloatArray:
    """(..., 3) from a body's frame (x left, y up, z forward) to x forward, y left, z up, as cars have it."""
    return np.asarray(points, dtype=np.float64)[..., [2, 0, 1]]
