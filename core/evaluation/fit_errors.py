"""How far a fit of a car or a person is off from where the object stands: place, turn, heading, points.

All in the camera's frame, metres. Of a car the points are its twelve keypoints, of a person the joints, the
pelvis first. Source: ALGORITHMS 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.joints import PCK_LIMIT_M, aligned_joint_errors, correct_joints, joint_errors
from core.evaluation.poses import add_errors, place_errors, rotation_errors

Floats = NDArray[np.float64]

CAR_SHARE = 0.1
"""A car's point is right if it is off by less than this share of the car's length."""

_FORWARD_AXIS = {False: 0, True: 2}  # of a car's frame, and of a person's
_LEVEL = 1e-9  # what faces straight up has no heading
_KNEE_M = 1.0  # how far off is as bad as it gets by half


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where and how an object stands.

    Attributes:
        is_person: or a car.
        rotation: (3, 3) from its frame to the camera's: a car's is x forward, y left, z up, a person's x to
            the own left, y up, z forward, turned as the pelvis is.
        place: (3,) of a car the ground below its middle, of a person the pelvis.
        points: (n, 3) its named points, or None where a fit does not tell them.
    """

    is_person: bool
    rotation: Floats
    place: Floats
    points: Floats | None

    @property
    def forward(self) -> Floats:
        """(3,) where it faces."""
        return self.rotation[:, _FORWARD_AXIS[self.is_person]]


@dataclass(frozen=True, slots=True)
class FitErrors:
    """How far one fit is off.

    Attributes:
        place_m, rotation_rad: between the places and the rotations.
        heading_rad: between where both face, seen from above; None of what faces straight up or down.
        add_m: of cars ADD, over the twelve keypoints of the true car; None of people.
        joints_m, aligned_m: of people MPJPE and PA-MPJPE; None of cars, and where the joints are not told.
        right, placed: how many points are right, of how many; None where they are not told. A car's are
            right within a tenth of its length, a person's about the pelvis within 15 cm; the pelvis itself
            is not counted.
        apart_m: how far the whole is off where it stands: ADD; of people the mean over joints, or where they
            are not told the place.
    """

    place_m: float
    rotation_rad: float
    heading_rad: float | None
    add_m: float | None
    joints_m: float | None
    aligned_m: float | None
    right: int | None
    placed: int | None
    apart_m: float

    @property
    def badness(self) -> float:
        """0 to below 1: rises with `apart_m`, a metre is one half."""
        return self.apart_m / (self.apart_m + _KNEE_M)


def fit_errors(known: Standing, said: Standing, up: Floats) -> FitErrors:
    """How far what a fit says is off from what is so.

    Args:
        known: as it is, with its points. said: as the fit has it.
        up: (3,) the ground's normal, for the heading.

    Raises:
        ValueError: one is a car and the other a person, or the truth has no points.
    """
    if known.is_person is not said.is_person or known.points is None:
        raise ValueError("a fit is compared with the truth of its own kind, with its points")
    place = float(place_errors(said.place[None], known.place[None])[0])
    turned = float(rotation_errors(said.rotation[None], known.rotation[None])[0])
    points = None if said.points is None or said.points.shape != known.points.shape else said.points[None]
    truth = known.points[None]
    add = joints = aligned = shares = None
    if known.is_person:
        apart = place
        if points is not None:
            apart = float(np.linalg.norm(points - truth, axis=2).mean())
            joints = float(joint_errors(points, truth)[0])
            aligned = float(aligned_joint_errors(points, truth)[0])
            shares = correct_joints(points, truth, PCK_LIMIT_M)
    else:
        own = (known.points - known.place) @ known.rotation
        poses = (said.rotation[None], said.place[None], known.rotation[None], known.place[None])
        add = apart = float(add_errors(*poses, own[None])[0])
        if points is not None:
            shares = correct_joints(points, truth, CAR_SHARE * float(np.ptp(own[:, 0])), root=None)
    placed = None if shares is None else truth.shape[1] - known.is_person
    right = None if shares is None or placed is None else round(float(shares[0]) * placed)
    heading = heading_error(said.forward, known.forward, up)
    return FitErrors(place, turned, heading, add, joints, aligned, right, placed, apart)


def heading_error(found: Floats, truth: Floats, up: Floats) -> float | None:
    """The angle between two directions seen from above, 0 to pi; None where one has none.

    Args:
        found, truth: (3,). up: (3,) unit.
    """
    said, known = (one - (one @ up) * up for one in (found, truth))
    if min(np.linalg.norm(said), np.linalg.norm(known)) < _LEVEL:
        return None
    return abs(math.atan2(float(np.cross(said, known) @ up), float(said @ known)))
