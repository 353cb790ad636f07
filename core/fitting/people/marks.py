"""The few points of a body that a fit looks at: COCO's seventeen, soles, crown, and the outermost skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.degrees import JOINTS
from core.shapes.body.coco import COCO_JOINTS
from core.shapes.body.model import BodyModel
from core.shapes.body.placed import NamedBody
from core.shapes.body.skeleton import Joint

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

MOST_BETAS = 10
"""Shape coefficients that are fitted: what points of one view can hold of a body, and more."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Points of a body that each move with one joint.

    Attributes:
        joint: (P,) which; of the first 22.
        rest: (P, 3) at rest, metres; steps: (P, 3, B) what each beta adds.
    """

    joint: Indices
    rest: Array
    steps: Array

    def of(self, rows: slice) -> Marks:
        """Some of them."""
        return Marks(self.joint[rows], self.rest[rows], self.steps[rows])


@dataclass(frozen=True, eq=False)
class BodyMarks:
    """A body as the fit's inner loop knows it.

    Attributes:
        parents: (22,) joints' parents.
        joints: (22, 3) at rest; joint_steps: (22, 3, B) what each beta adds.
        marks: COCO's 17 points, then the soles (6 left, 6 right), then the crown (3).
        skin: what is outermost of each joint's skin: tells how tall and wide a posed body is.
    """

    parents: tuple[int, ...]
    joints: Array
    joint_steps: Array
    marks: Marks
    skin: Marks

    @property
    def betas(self) -> int:
        """How many shape coefficients there are."""
        return self.joint_steps.shape[2]


POINTS, SOLES, CROWN = slice(0, 17), slice(17, 29), slice(29, 32)
LEFT_SOLE, RIGHT_SOLE = slice(17, 23), slice(23, 29)


def body_marks(body: NamedBody) -> BodyMarks:
    """Picks them on a body.

    What poses do to the skin beyond turning it with its joint (SMPL's pose blend shapes, and skin that two
    joints share) is a few millimetres at these points, and left out here.
    """
    model = body.model
    betas = min(MOST_BETAS, model.betas)
    steps = model.shape_directions[..., :betas]
    joints = model.rest_joints()[:JOINTS]
    joint_steps = np.einsum("jv,vik->jik", model.joint_regressor[:JOINTS], steps)
    owner = _owners(model)
    named = np.array(COCO_JOINTS, dtype=np.int64)
    of_skin = np.concatenate([np.array(body.face.vertices), _soles(model, owner), _crown(model, owner)])
    points = Marks(
        np.concatenate([owner[of_skin[:5]], named, owner[of_skin[5:]]]),
        np.concatenate([model.template[of_skin[:5]], joints[named], model.template[of_skin[5:]]]),
        np.concatenate([steps[of_skin[:5]], joint_steps[named], steps[of_skin[5:]]]),
    )
    outer = _outermost(model, owner)
    parents = tuple(int(parent) for parent in model.parents[:JOINTS])
    return BodyMarks(
        parents, joints, joint_steps, points, Marks(owner[outer], model.template[outer], steps[outer])
    )


def _owners(model: BodyModel) -> Indices:
    """(V,) which of the first 22 joints moves each vertex most."""
    parents = np.array(model.parents)
    ancestor = np.arange(len(parents))
    while (ancestor >= JOINTS).any():
        ancestor = np.where(ancestor >= JOINTS, parents[ancestor], ancestor)
    weights = np.zeros((len(model.template), JOINTS))
    np.add.at(weights.T, ancestor, model.weights.T)
    return np.asarray(weights.argmax(axis=1), dtype=np.int64)


def _soles(model: BodyModel, owner: Indices) -> Indices:
    """(12,) of each foot, left first: what is lowest of it when heel or toes are lifted or it leans aside."""
    ways = np.array([[x, -1.0, z] for x in (-0.2, 0.2) for z in (-0.4, 0.2, 1.0)])
    picked = []
    for side in ("LEFT", "RIGHT"):
        foot = np.flatnonzero(np.isin(owner, [Joint[f"{side}_ANKLE"], Joint[f"{side}_FOOT"]]))
        picked.append(foot[(model.template[foot] @ ways.T).argmax(axis=0)])
    return np.concatenate(picked)


def _crown(model: BodyModel, owner: Indices) -> Indices:
    """(3,) the top of the head, and what is highest when it is seen from before and from behind."""
    head = np.flatnonzero(owner == Joint.HEAD)
    place = model.template[head]
    ways = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.6], [0.0, 1.0, -0.6]])
    return np.asarray(head[(place @ ways.T).argmax(axis=0)], dtype=np.int64)


def _outermost(model: BodyModel, owner: Indices) -> Indices:
    """Vertices that are farthest out of all that move with their joint, along 14 ways."""
    ways = np.array([[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], dtype=np.float64)
    ways = ways[np.isin(np.abs(ways).sum(axis=1), (1, 3))]
    found: list[int] = []
    for joint in range(JOINTS):
        of_joint = np.flatnonzero(owner == joint)
        if len(of_joint):
            found += of_joint[(model.template[of_joint] @ ways.T).argmax(axis=0)].tolist()
    return np.unique(np.array(found, dtype=np.int64))
