"""Standard deviations of a person's fit, from its own Jacobian at the optimum and the noise that it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.fitting.people import degrees
from core.fitting.people.chain import PLACE, ROOT, TURN
from core.fitting.people.degrees import SHARES, STILL_RAD, TURNS
from core.fitting.vehicles.uncertainty import covariance
from core.geometry.poses import Pose
from core.records.fits import FitSigmas
from core.shapes.body.skeleton import COUNT, Joint, twin

Array = NDArray[np.float64]

KERB_M = 0.06
"""How far the ground under a person may be from the plane: half a kerb. Feet are put on the plane anyway."""


@dataclass(frozen=True, eq=False)
class Spread:
    """How well one person is held.

    Attributes:
        sigmas: of place, heading and shape. joints: of each joint's turn but the root's, radians.
    """

    sigmas: FitSigmas
    joints: tuple[float, ...]


def spread_of(
    information: Array, turn: Array, place: Array, betas: int, noise: float, frame: Pose | None, joints: int
) -> Spread | None:
    """From the normal equations of a fit.

    Args:
        information: (K, K) J^T W J plus priors.
        turn: (3, 3) the root's. place: (3,) the pelvis', camera frame.
        noise: how many times the assumed variance the residuals show.
        frame: the ground's, or None without one: then along and across are about the line of sight.
        joints: how many the body has.

    Returns:
        None where some direction is not held at all.
    """
    held = covariance(information)
    if held is None:
        return None
    at = ROOT + betas
    shape = np.minimum(1.0, np.sqrt(np.diag(held)[ROOT:at] * noise))
    spot, turning = held[PLACE, PLACE] * noise, held[TURN, TURN] * noise
    if frame is None:
        along = place / max(float(np.linalg.norm(place)), 1e-9)
        beside = np.eye(3) - np.outer(along, along)
        sigmas = FitSigmas(
            along_m=_root(along @ spot @ along),
            across_m=_root(np.linalg.eigvalsh(beside @ spot @ beside)[-1]),
            place=None,
            heading_rad=_root(np.trace(turning) / 3),
            shape=tuple(shape.tolist()),
        )
    else:
        axes = frame.rotation[:, :2]
        ground = axes.T @ spot @ axes
        here = frame.inverse().apply(place)[:2]
        away = float(np.hypot(*here))
        along = here / away if away > 0 else np.array([1.0, 0.0])
        across = np.array([-along[1], along[0]])
        # the plane's height is the length of the way from the camera to the ground's origin
        kerb = KERB_M * away / max(float(np.linalg.norm(frame.translation)), 1e-9)
        ground = ground + kerb**2 * np.outer(along, along)
        by_turn = _heading_slope(turn, frame)
        sigmas = FitSigmas(
            along_m=_root(along @ ground @ along),
            across_m=_root(across @ ground @ across),
            place=(float(ground[0, 0]), float(ground[0, 1]), float(ground[1, 1])),
            heading_rad=_root(by_turn @ turning @ by_turn),
            shape=tuple(shape.tolist()),
        )
    return Spread(sigmas, _joints(held[at:, at:] * noise, joints))


def _heading_slope(turn: Array, frame: Pose) -> Array:
    """(3,) how the heading on the ground changes with a small turn about the camera's axes."""
    forward = turn[:, 2]
    ahead, left = frame.rotation[:, 0], frame.rotation[:, 1]
    x, y = float(forward @ ahead), float(forward @ left)
    # d forward = w x forward
    by_x, by_y = np.cross(forward, ahead), np.cross(forward, left)
    return np.asarray((x * by_y - y * by_x) / max(x * x + y * y, 1e-9))


def _joints(pose: Array, joints: int) -> tuple[float, ...]:
    """(J - 1,) root mean square over the axes of each joint's turn, what is not fitted included."""
    turns = SHARES @ pose @ SHARES.T
    square = np.zeros((joints, 3))
    for row, (turning, axis) in enumerate(TURNS):
        square[turning, axis] += turns[row, row]
    for joint in range(min(joints, COUNT)):
        still = STILL_RAD.get(Joint(joint)) or STILL_RAD.get(Joint(twin(joint)))
        # beyond the wrists SMPL-X's joints are another body's parts, and nothing is known of them
        if still is not None and (joint < degrees.JOINTS or joints == COUNT):
            square[joint] += np.square(still)
    if joints > COUNT:
        square[degrees.JOINTS :] = 0.3**2
    return tuple(np.sqrt(square[1:].mean(axis=1)).tolist())


def _root(square: Any) -> float:
    return float(np.sqrt(max(float(square), 0.0)))
