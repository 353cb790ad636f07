"""Which turns of a body's joints are fitted: 28 degrees of freedom that seventeen points can hold.

Axes are the body's at rest (x to the person's left, y up, z forward). The spine's joints share its turns, and
neck and head share theirs. Knees, elbows and ankles are hinges. Arms are counted from hanging down. What is
not here (hands, feet's tips, the forearm's own turn) stays at rest and is told with a standard deviation set
by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.poses import rotation_from_vector, vector_from_rotation
from core.shapes.body.skeleton import Joint

Array = NDArray[np.float64]

ARMS_DOWN_RAD = 1.33
JOINTS = 22
"""SMPL's and SMPL-X's joints are the same up to the wrists; what is beyond moves with its parent."""


@dataclass(frozen=True, slots=True)
class Degree:
    """One degree of freedom.

    Attributes:
        parts: the joints that turn, and by which part of it.
        axis: 0, 1 or 2 of the body at rest.
        low, high: between these people can turn it, radians.
        spread_rad: how far people turn it in a street beyond what walking does, standard deviation.
        usual_rad: where people who do more than walk have it, against the walk's mean.
    """

    parts: tuple[tuple[Joint, float], ...]
    axis: int
    low: float
    high: float
    spread_rad: float
    usual_rad: float = 0.0


def _middle(
    parts: tuple[tuple[Joint, float], ...], *rows: tuple[int, float, float, float, float]
) -> list[Degree]:
    return [Degree(parts, *row) for row in rows]


def _sides(name: str, *rows: tuple[int, float, float, float, float]) -> list[Degree]:
    """The same for left and right; turns about y and z are mirrored. Ranges are the left side's."""
    found = []
    for axis, low, high, spread, usual in rows:
        left, right = Joint[f"LEFT_{name}"], Joint[f"RIGHT_{name}"]
        found.append(Degree(((left, 1.0),), axis, low, high, spread, usual))
        ends = (low, high) if axis == 0 else (-high, -low)
        found.append(Degree(((right, 1.0),), axis, *ends, spread, usual if axis == 0 else -usual))
    return found


_SPINE = ((Joint.SPINE1, 0.4), (Joint.SPINE2, 0.4), (Joint.SPINE3, 0.2))
_HEAD = ((Joint.NECK, 0.5), (Joint.HEAD, 0.5))

DEGREES: tuple[Degree, ...] = (
    *_middle(_SPINE, (0, -0.4, 1.3, 0.20, 0.05), (1, -0.7, 0.7, 0.15, 0.0), (2, -0.5, 0.5, 0.12, 0.0)),
    *_middle(_HEAD, (0, -0.9, 0.9, 0.30, 0.0), (1, -1.3, 1.3, 0.40, 0.0), (2, -0.6, 0.6, 0.15, 0.0)),
    *_sides("COLLAR", (1, -0.35, 0.35, 0.10, 0.0), (2, -0.25, 0.5, 0.10, 0.0)),
    *_sides("SHOULDER", (0, -2.9, 0.9, 0.55, -0.15), (1, -1.4, 1.4, 0.50, 0.0), (2, -0.5, 2.6, 0.40, 0.15)),
    *_sides("ELBOW", (1, -2.6, 0.0, 0.60, -0.30)),
    *_sides("HIP", (0, -2.1, 0.6, 0.35, -0.10), (1, -0.7, 0.9, 0.20, 0.0), (2, -0.4, 0.9, 0.13, 0.0)),
    *_sides("KNEE", (0, 0.0, 2.5, 0.40, 0.15)),
    *_sides("ANKLE", (0, -0.5, 0.8, 0.20, 0.0)),
)
"""All degrees of freedom, in the order of every array of 28."""

COUNT = len(DEGREES)
LOW: Array = np.array([one.low for one in DEGREES])
HIGH: Array = np.array([one.high for one in DEGREES])
SPREAD: Array = np.array([one.spread_rad for one in DEGREES])
USUAL: Array = np.array([one.usual_rad for one in DEGREES])

TURNS: tuple[tuple[Joint, int], ...] = tuple((joint, one.axis) for one in DEGREES for joint, _ in one.parts)
"""The joints' single turns that the degrees are made of."""

SHARES: Array = np.zeros((len(TURNS), COUNT))
"""(S, 28) how much of each degree goes into each turn."""
_row = 0
for _number, _degree in enumerate(DEGREES):
    for _joint, _part in _degree.parts:
        SHARES[_row, _number] = _part
        _row += 1

_LEFT_DOWN: Array = rotation_from_vector(np.array([0.0, 0.0, -ARMS_DOWN_RAD]))
BASES: dict[Joint, Array] = {Joint.LEFT_SHOULDER: _LEFT_DOWN, Joint.RIGHT_SHOULDER: _LEFT_DOWN.T}
"""What joints are turned by before their degrees count: arms hang down."""

STILL_RAD: dict[Joint, tuple[float, float, float]] = {
    Joint.LEFT_HIP: (0.0, 0.0, 0.0),
    Joint.LEFT_KNEE: (0.0, 0.10, 0.05),
    Joint.LEFT_ANKLE: (0.0, 0.15, 0.10),
    Joint.LEFT_FOOT: (0.15, 0.03, 0.03),
    Joint.LEFT_COLLAR: (0.08, 0.0, 0.0),
    Joint.LEFT_ELBOW: (0.60, 0.0, 0.10),
    Joint.LEFT_WRIST: (0.15, 0.30, 0.30),
    Joint.LEFT_HAND: (0.10, 0.20, 0.30),
    Joint.SPINE1: (0.06, 0.05, 0.05),
    Joint.SPINE2: (0.06, 0.05, 0.05),
    Joint.SPINE3: (0.06, 0.05, 0.05),
    Joint.NECK: (0.08, 0.10, 0.06),
    Joint.HEAD: (0.08, 0.10, 0.06),
}
"""Standard deviations of what is not fitted, set by hand; the left side's count for the right, too."""


def degrees_of(pose: Array) -> Array:
    """(..., J, 3) axis-angle of each joint -> (..., 28): the degrees that come nearest to a pose."""
    turns = np.zeros((*pose.shape[:-2], len(TURNS)))
    based = {
        joint: vector_from_rotation(rotation_from_vector(pose[..., joint, :]) @ base.T)
        for joint, base in BASES.items()
    }
    for row, (joint, axis) in enumerate(TURNS):
        turns[..., row] = based[joint][..., axis] if joint in based else pose[..., joint, axis]
    # shared turns add up
    return turns @ (SHARES > 0)


def pose_of_degrees(values: Array, joints: int) -> Array:
    """(..., 28) -> (..., J, 3) axis-angle of each joint, the root's zero."""
    vectors = np.zeros((*values.shape[:-1], joints, 3))
    turns = values @ SHARES.T
    for row, (joint, axis) in enumerate(TURNS):
        vectors[..., joint, axis] += turns[..., row]
    for joint, base in BASES.items():
        vectors[..., joint, :] = vector_from_rotation(rotation_from_vector(vectors[..., joint, :]) @ base)
    return vectors
