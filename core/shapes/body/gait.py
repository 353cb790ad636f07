"""A walk: the poses of one cycle and how far the body gets in it, so that feet do not slide.

Joint angles follow the usual curves of level walking (Winter, Biomechanics and Motor Control of Human
Movement): hips swing like a cosine, knees bend a little in stance and much in swing, arms go against legs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.shapes.body.model import BodyModel, PosedBody
from core.shapes.body.rotations import axis_angles, matrices
from core.shapes.body.skeleton import COUNT, Joint

FloatArray = NDArray[np.float64]

_ARMS_DOWN_RAD = 1.33
_STANCE = 0.6
"""The part of a cycle that a foot is on the ground."""


@dataclass(frozen=True, slots=True)
class Gait:
    """How a person walks.

    Attributes:
        swing: 1 for an ordinary stride, less for a stroll, 0 for standing.
        arm_swing: 1 for ordinary, 0 for hands held still.
    """

    swing: float = 1.0
    arm_swing: float = 1.0


def walking_pose(phase: ArrayLike, gait: Gait | None = None) -> FloatArray:
    """The pose at a phase of the cycle.

    Args:
        phase: (...,) in cycles; at 0 the left heel meets the ground, at 0.5 the right one.
        gait: how the person walks.

    Returns:
        (..., 24, 3) axis-angle, radians, for `BodyModel.posed`.
    """
    how = gait or Gait()
    cycles = np.asarray(phase, dtype=np.float64)
    pose = np.zeros((*cycles.shape, COUNT, 3))
    for side, name, offset in ((1.0, "LEFT", 0.0), (-1.0, "RIGHT", 0.5)):
        turn = 2 * np.pi * (cycles + offset)
        hip, knee, ankle = _leg(turn, how.swing)
        pose[..., Joint[f"{name}_HIP"], 0] = -hip
        pose[..., Joint[f"{name}_HIP"], 2] = 0.02 * side
        pose[..., Joint[f"{name}_KNEE"], 0] = knee
        pose[..., Joint[f"{name}_ANKLE"], 0] = -ankle
        reach = -0.38 * how.swing * how.arm_swing * np.cos(turn) + 0.06
        down = matrices(_about(2, -side * _ARMS_DOWN_RAD, cycles.shape))
        forward = matrices(_about(0, -reach, cycles.shape))
        pose[..., Joint[f"{name}_SHOULDER"], :] = axis_angles(forward @ down)
        bend = 0.28 + 0.20 * how.swing * how.arm_swing * np.clip(-np.cos(turn), -0.5, 1)
        pose[..., Joint[f"{name}_ELBOW"], 1] = -side * bend
        pose[..., Joint[f"{name}_COLLAR"], 2] = -0.06 * side
    sway = np.cos(2 * np.pi * cycles) * how.swing
    # the pelvis turns with the leg in front, the chest against it
    pose[..., Joint.PELVIS, 1] = -0.07 * sway
    pose[..., Joint.SPINE2, 1] = 0.10 * sway
    pose[..., Joint.SPINE1, 0] = 0.03 + 0.02 * how.swing
    pose[..., Joint.PELVIS, 2] = 0.03 * how.swing * np.sin(2 * np.pi * cycles)
    pose[..., Joint.SPINE1, 2] = -pose[..., Joint.PELVIS, 2]
    pose[..., Joint.NECK, 0] = -0.03
    return pose


def _leg(turn: FloatArray, swing: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Flexion of hip, knee and ankle, radians; the heel meets the ground at 0 turns."""
    hip = swing * (0.09 + 0.40 * np.cos(turn) - 0.05 * np.cos(2 * turn))
    # one small bend after the heel meets the ground, one large while the leg swings through
    stance = 0.22 * np.exp(-0.5 * (_from(turn, 0.14) / 0.075) ** 2)
    through = 0.98 * np.exp(-0.5 * (_from(turn, 0.725) / 0.10) ** 2)
    knee = 0.05 + swing * (stance + through)
    push = -0.33 * np.exp(-0.5 * (_from(turn, 0.62) / 0.055) ** 2)
    lift = 0.14 * np.exp(-0.5 * (_from(turn, 0.45) / 0.12) ** 2)
    return hip, knee, swing * (push + lift)


def _from(turn: FloatArray, cycle: float) -> FloatArray:
    """Signed distance along the cycle, in cycles, the short way round."""
    return np.asarray((turn / (2 * np.pi) - cycle + 0.5) % 1.0 - 0.5)


def _about(axis: int, angle: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    vectors = np.zeros((*shape, 3))
    vectors[..., axis] = angle
    return vectors


def cycle_length_m(model: BodyModel, betas: ArrayLike | None = None, gait: Gait | None = None) -> float:
    """How far a walker gets in one cycle: as far as a foot on the ground moves back, metres."""
    phases = np.linspace(0.05, _STANCE - 0.1, 12)
    joints = model.posed(walking_pose(phases, gait), betas).joints
    ankle = joints[:, Joint.LEFT_ANKLE, 2]
    speed = -np.polyfit(phases, ankle, 1)[0]
    return float(max(speed, 0.0))


def on_ground(body: PosedBody) -> PosedBody:
    """The body (or bodies) moved up or down so that its lowest point is at height zero."""
    lowest = body.vertices[..., 1].min(axis=-1)[..., None]
    vertices, joints = body.vertices.copy(), body.joints.copy()
    vertices[..., 1] -= lowest
    joints[..., 1] -= lowest
    return PosedBody(vertices, joints)
