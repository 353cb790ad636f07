"""The truth of a car or a person, or what a network said of it, as one more version of its fit.

It is drawn beside the one in force.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.evaluation.poses import place_errors, rotation_errors
from core.fitting.vehicles.fit_mesh import sizes_m
from core.geometry.ground_plane import GroundPlane
from core.records.evaluations import Pose3D
from core.records.fits import BodyFit, Fit, FitMethod, FitRow, FitVerdict, VehicleFit
from core.shapes.body.placed import NamedBody
from core.shapes.space import CarShapeSpace

TRUTH_ID = 0
"""Stands for the truth where else the id of a fit does: those begin with 1."""

SAID_ID = -1
"""Stands likewise for what a network said."""

NO_VERSIONS = frozenset({TRUTH_ID, SAID_ID})
"""What can be compared with, but is nothing to put in force."""

TOLD = frozenset({"Distance", "Place", "Heading", "Length", "Width", "Height", "Stature", "Shape"})
"""The facts of a fit that its truth and what was said have, too."""

_FORWARD = {False: (1.0, 0.0, 0.0), True: (0.0, 0.0, 1.0)}  # of a car's frame, and of a person's


def told_version(
    instance_id: int,
    pose: Pose3D,
    plane: GroundPlane | None,
    space: CarShapeSpace | None,
    body: NamedBody | None,
    stands_for: int = TRUTH_ID,
) -> FitRow | None:
    """A pose that was told as a version; None where what it is told in is not given, or has other numbers.

    Args:
        pose: as an evaluation has kept it; of a person with the joints.
        plane: the ground, for place and heading.
        space, body: that poses are told in: the program's own.
        stands_for: `TRUTH_ID` or `SAID_ID`.
    """
    is_person = bool(pose.pose)
    turn, (x, y, z) = np.reshape(pose.rotation, (3, 3)), pose.translation
    place = heading = None
    if plane is not None:
        to_ground = plane.frame().inverse()
        ahead, left, _ = to_ground.apply([x, y, z]).tolist()
        place = ahead, left
        to_x, to_y, _ = to_ground.rotate(turn @ _FORWARD[is_person]).tolist()
        heading = math.atan2(to_y, to_x)
    common: dict[str, Any] = {
        "verdict": FitVerdict.GOOD,
        "reason": "",
        "rotation": pose.rotation,
        "translation": (x, y, z),
        "place_m": place,
        "heading_rad": heading,
        "shape": pose.shape,
        "rms_px": 0.0,
        "sigma_px": 1.0,
        "residuals_px": (),
        "outliers": (),
        "used": 0,
        "swapped": False,
        "sigmas": None,
    }
    fit: Fit
    if is_person:
        if body is None or (size := _size_of_body(pose, body)) is None:
            return None
        label = body.label
        fit = BodyFit(
            method=FitMethod.BODY,
            size_m=size,
            pose=pose.pose,
            contacts=(),
            height_ratio=None,
            pose_sigmas_rad=None,
            **common,
        )
    else:
        if space is None:
            return None
        label = space.label
        length, width, height = sizes_m(space, [pose.shape[: space.components]])[0].tolist()
        fit = VehicleFit(method=FitMethod.FREE, size_m=(length, width, height), **common)
    return FitRow(
        id=stands_for,
        instance_id=instance_id,
        version=stands_for,
        fit=fit,
        keypoint_set_id=None,
        mask_id=None,
        calibration_id=None,
        shape_space=label,
        review=None,
        review_reason=None,
        reviewer=None,
        annotator=None,
        created_at=0.0,
        in_force=False,
        stale=False,
    )


def off_words(fit: Fit, other: Fit) -> str:
    """How far a fit is off another or the truth, such as "0.34 m, turned 3.1°"."""
    away = float(place_errors([fit.translation], [other.translation])[0])
    turns = (np.reshape(one.rotation, (1, 3, 3)) for one in (fit, other))
    return f"{away:.2f} m, turned {math.degrees(float(rotation_errors(*turns)[0])):.1f}°"


def _size_of_body(pose: Pose3D, body: NamedBody) -> tuple[float, float, float] | None:
    """How deep, wide and tall a person is; None where the numbers are not of this body."""
    model = body.model
    if len(pose.pose) != 3 * (len(model.parents) - 1) or len(pose.shape) > model.betas:
        return None
    joints = np.zeros((len(model.parents), 3))
    joints[1:] = np.reshape(pose.pose, (-1, 3))
    shape = np.array(pose.shape)
    wide, _, deep = np.ptp(model.posed(joints, shape).vertices, axis=0).tolist()
    return deep, wide, float(np.ptp(model.shaped(shape)[:, 1]))
