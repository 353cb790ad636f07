"""A body in SMPL's form: template, blend shapes, skeleton and skinning weights, posed in numpy.

The recipe is SMPL's (Loper et al., SIGGRAPH Asia 2015): v = template + shapedirs beta + posedirs (R - I),
joints from the shaped template, forward kinematics, and a blend of the joints' motions by weight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.shapes.body.rotations import matrices

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class PosedBody:
    """A body in a pose.

    Attributes:
        vertices: (..., V, 3), metres.
        joints: (..., J, 3), metres.
    """

    vertices: FloatArray
    joints: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class HandPoses:
    """How hands are usually held, and in what ways they differ (Romero et al., SIGGRAPH Asia 2017).

    Attributes:
        means: (2, 45) of left and right: axis-angle of the fifteen joints of a hand, radians.
        components: (2, 45, 45), a row each, the most usual difference first.
    """

    means: FloatArray
    components: FloatArray

    def pose(self, left: ArrayLike, right: ArrayLike) -> FloatArray:
        """(..., 30, 3) rotations of both hands, the last of a SMPL-X pose, from (..., k) numbers for each."""
        hands = []
        for numbers, mean, components in zip((left, right), self.means, self.components, strict=True):
            parts = np.asarray(numbers, dtype=np.float64)
            turns = mean + parts @ components[: parts.shape[-1]]
            hands.append(turns.reshape(*parts.shape[:-1], -1, 3))
        return np.concatenate(hands, axis=-2)


@dataclass(frozen=True, slots=True, eq=False)
class BodyModel:
    """A body of SMPL's form, J = 24, or SMPL-X's, J = 55 (Pavlakos et al., CVPR 2019).

    Its frame: x to the person's left, y up, z forward; metres; T-pose at rest.

    Attributes:
        template: (V, 3).
        faces: (F, 3), counter-clockwise from outside.
        shape_directions: (V, 3, B).
        pose_directions: (V, 3, 9 (J - 1)), or None where poses change nothing but the skeleton.
        joint_regressor: (J, V).
        parents: (J,), -1 for the root.
        weights: (V, J), each row sums to one.
        expression_directions: (V, 3, E) of the face; None where it has none (SMPL).
        hands: the usual poses of hands; None where they have no joints (SMPL).
    """

    template: FloatArray
    faces: IndexArray
    shape_directions: FloatArray
    pose_directions: FloatArray | None
    joint_regressor: FloatArray
    parents: IndexArray
    weights: FloatArray
    expression_directions: FloatArray | None = None
    hands: HandPoses | None = None

    @property
    def betas(self) -> int:
        """How many numbers describe a shape."""
        return self.shape_directions.shape[2]

    def shaped(self, betas: ArrayLike | None = None, expression: ArrayLike | None = None) -> FloatArray:
        """(..., V, 3) the template in its rest pose, with betas (..., b), b up to B; zero where None.

        An expression (..., e), e up to E, comes on top.
        """
        shape = self.template
        if betas is not None:
            shape = shape + _offsets(self.shape_directions, betas, "betas")
        if expression is not None:
            if self.expression_directions is None:
                raise ValueError("an expression, where the model has none")
            shape = shape + _offsets(self.expression_directions, expression, "an expression")
        return np.asarray(shape)

    def rest_joints(self, betas: ArrayLike | None = None) -> FloatArray:
        """(..., J, 3) joints in the rest pose."""
        return np.asarray(self.joint_regressor @ self.shaped(betas))

    def posed(
        self,
        pose: ArrayLike,
        betas: ArrayLike | None = None,
        translation: ArrayLike | None = None,
        expression: ArrayLike | None = None,
    ) -> PosedBody:
        """The body in poses.

        Args:
            pose: (..., J, 3) axis-angle of each joint against its parent, radians; the first turns the
                whole body about its pelvis.
            betas: (..., b) or (b,); zero where None.
            translation: (..., 3) metres, added last; zero where None.
            expression: (..., e) or (e,); zero where None.
        """
        angles = np.asarray(pose, dtype=np.float64)
        count = len(self.parents)
        if angles.shape[-2:] != (count, 3):
            raise ValueError(f"a pose of shape (..., {count}, 3) expected, not {angles.shape}")
        turns = matrices(angles)
        rest = self.shaped(betas, expression)
        joints = self.joint_regressor @ rest
        if self.pose_directions is not None:
            bends = (turns[..., 1:, :, :] - np.eye(3)).reshape(*angles.shape[:-2], -1)
            rest = rest + np.tensordot(bends, self.pose_directions, axes=([-1], [2]))
        turned, moved = self._chain(turns, joints)
        # each joint's motion as a turn and a shift of the rest pose
        shifts = moved - np.einsum("...jab,...jb->...ja", turned, np.broadcast_to(joints, moved.shape))
        lead = angles.shape[:-2]
        blend = (self.weights @ turned.reshape(*lead, count, 9)).reshape(*lead, -1, 3, 3)
        vertices = np.einsum("...vab,...vb->...va", blend, np.broadcast_to(rest, (*lead, *rest.shape[-2:])))
        vertices += self.weights @ shifts
        if translation is not None:
            offset = np.asarray(translation, dtype=np.float64)[..., None, :]
            vertices, moved = vertices + offset, moved + offset
        return PosedBody(vertices, moved)

    def _chain(self, turns: FloatArray, joints: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Every joint's turn (..., J, 3, 3) and place (..., J, 3) down the chain from the root."""
        turned = np.empty_like(turns)
        moved = np.empty(turns.shape[:-1])
        turned[..., 0, :, :], moved[..., 0, :] = turns[..., 0, :, :], joints[..., 0, :]
        for joint in range(1, len(self.parents)):
            parent = int(self.parents[joint])
            bone = joints[..., joint, :] - joints[..., parent, :]
            turned[..., joint, :, :] = turned[..., parent, :, :] @ turns[..., joint, :, :]
            moved[..., joint, :] = moved[..., parent, :] + np.einsum(
                "...ab,...b->...a",
                turned[..., parent, :, :],
                np.broadcast_to(bone, moved[..., joint, :].shape),
            )
        return turned, moved


def _offsets(directions: FloatArray, numbers: ArrayLike, what: str) -> FloatArray:
    """(..., V, 3) what (..., n) numbers make of the first n of (V, 3, N) directions."""
    parts = np.asarray(numbers, dtype=np.float64)
    if parts.ndim == 0 or parts.shape[-1] > directions.shape[2]:
        raise ValueError(f"{what} of shape {parts.shape}, where the model has {directions.shape[2]}")
    return np.asarray(np.einsum("vik,...k->...vi", directions[..., : parts.shape[-1]], parts))


def bones_of(model: BodyModel) -> BodyModel:
    """A body of nothing but its joints, which move as the whole one's do: for joints without the skin."""
    regressor = np.asarray(model.joint_regressor)
    return replace(
        model,
        template=regressor @ model.template,
        shape_directions=np.einsum("jv,vik->jik", regressor, model.shape_directions),
        pose_directions=None,
        joint_regressor=np.eye(len(regressor)),
        weights=np.eye(len(regressor)),
        expression_directions=None,
    )


def upright(points: ArrayLike) -> FloatArray:
    """(..., 3) from a body's frame (x left, y up, z forward) to x forward, y left, z up, as cars have it."""
    return np.asarray(points, dtype=np.float64)[..., [2, 0, 1]]
