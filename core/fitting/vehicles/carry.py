"""A fit taken along its track to another frame: the same car, moved as its box in the picture moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fit_mesh import fit_keypoints, fit_pose, fit_proxy
from core.fitting.vehicles.fitter import VehicleFitter
from core.geometry.ground_plane import pose_on_ground
from core.geometry.poses import Pose
from core.records.boxes import Box
from core.records.fits import FitMethod, FitVerdict, VehicleFit
from core.shapes.keypoints import COUNT

Array = NDArray[np.float64]

_ROUNDS = 8
_STEP_M = 0.01
_FARTHEST_STEP_M = 25.0
# a way on the ground of which half is believed to show the heading: boxes slip by some decimetres
_TELLING_WAY_M = 2.0


def carried(fitter: VehicleFitter, fit: VehicleFit, box_then: Box, box_now: Box) -> VehicleFit | None:
    """The fit's car where its box says that it is in another frame.

    The car keeps its shape. On the ground it is moved until its outline's box lies to the new box as the
    old one's lay to the old box, and turned towards where it went; without a ground it keeps its rotation
    and its distance follows the box's size.

    Args:
        fitter: of the same camera.
        fit: in the frame before.
        box_then, box_now: of the object in that frame, and in this one.

    Returns:
        a fit by the track without evidence of its own, or None where the boxes lead out of sight.
    """
    if min(box_then.w, box_then.h, box_now.w, box_now.h) <= 0:
        return None
    seen = _middle_of(fitter, fit)
    if seen is None:
        return None
    # what the box has beside the car, such as its shadow, it has in the next frame too
    growth = np.array([box_now.w / box_then.w, box_now.h / box_then.h])
    goal = _middle(box_now) + (seen - _middle(box_then)) * growth
    if fitter.plane is None or fit.place_m is None or fit.heading_rad is None:
        return _carried_free(fitter, fit, goal, float(np.sqrt(growth.prod())))
    moved = _placed(fitter, fit, goal, fit.heading_rad)
    if moved is None or moved.place_m is None:
        return None
    heading = _towards(fit.heading_rad, np.subtract(moved.place_m, fit.place_m))
    return _placed(fitter, moved, goal, heading) or moved


def settled(fitter: VehicleFitter, fit: VehicleFit, evidence: KeypointEvidence) -> VehicleFit:
    """A carried fit moved until it meets the few points that are placed in its own frame.

    Shape and heading stay: two points or one cannot hold them. On the ground it moves on the ground, without
    one across the line of sight.
    """
    there = evidence.used
    if not there.any():
        return fit
    goal, weights = evidence.pixels[there], 1 / evidence.sigma_px[there]

    def away(candidate: VehicleFit) -> Array | None:
        pixels = fitter.camera.project(fit_keypoints(candidate, fitter.space))[there]
        off = (pixels - goal) * weights[:, None]
        return off.reshape(-1) if np.isfinite(off).all() else None

    moved = _moved(fitter, fit, away)
    return fit if moved is None else _with_residuals(fitter, moved, evidence)


def _placed(fitter: VehicleFitter, fit: VehicleFit, goal: Array, heading_rad: float) -> VehicleFit | None:
    """The car with a heading, where the middle of its outline's box is at a pixel."""

    def away(candidate: VehicleFit) -> Array | None:
        middle = _middle_of(fitter, candidate)
        return None if middle is None else middle - goal

    assert fit.place_m is not None
    return _moved(fitter, _standing(fitter, fit, np.array(fit.place_m), heading_rad), away)


def _moved(
    fitter: VehicleFitter, fit: VehicleFit, away: Callable[[VehicleFit], Array | None]
) -> VehicleFit | None:
    """The car moved so that what `away` gives is least: Gauss and Newton's steps with differences."""
    best, off = fit, away(fit)
    if off is None:
        return None
    for _ in range(_ROUNDS):
        columns = [away(_shifted(fitter, best, unit)) for unit in _STEP_M * np.eye(2)]
        known = [column for column in columns if column is not None]
        if len(known) < 2:
            break
        slope = np.stack([(column - off) / _STEP_M for column in known], axis=1)
        step = -np.linalg.lstsq(slope, off, rcond=None)[0].astype(np.float64)
        step *= min(1.0, _FARTHEST_STEP_M / max(float(np.linalg.norm(step)), 1e-12))
        for _ in range(4):  # shorter where the whole step overshoots, as near the horizon
            candidate = _shifted(fitter, best, step)
            there = away(candidate)
            if there is not None and there @ there < off @ off:
                break
            step = step / 2
        else:
            break
        best, off = candidate, there
        if float(np.linalg.norm(step)) < 1e-3:
            break
    return best


def _shifted(fitter: VehicleFitter, fit: VehicleFit, step: Array) -> VehicleFit:
    """Moved by metres: on the ground's x and y, or without a ground along the camera's x and y."""
    if fitter.plane is not None and fit.place_m is not None and fit.heading_rad is not None:
        return _standing(fitter, fit, np.add(fit.place_m, step), fit.heading_rad)
    x, y, z = fit.translation
    return replace(fit, translation=(x + float(step[0]), y + float(step[1]), z))


def _standing(fitter: VehicleFitter, fit: VehicleFit, place: Array, heading_rad: float) -> VehicleFit:
    assert fitter.plane is not None
    heading = float((heading_rad + np.pi) % (2 * np.pi) - np.pi)
    pose = pose_on_ground(fitter.plane, place, heading)
    return _without_evidence(
        replace(_with_pose(fit, pose), place_m=(float(place[0]), float(place[1])), heading_rad=heading)
    )


def _carried_free(fitter: VehicleFitter, fit: VehicleFit, goal: Array, growth: float) -> VehicleFit | None:
    """Nearer as the box grew, and aside until the outline's middle is at the goal."""
    pose = fit_pose(fit)
    nearer = _without_evidence(_with_pose(fit, Pose(pose.rotation, pose.translation / growth)))

    def away(candidate: VehicleFit) -> Array | None:
        middle = _middle_of(fitter, candidate)
        return None if middle is None else middle - goal

    return _moved(fitter, nearer, away)


def _with_pose(fit: VehicleFit, pose: Pose) -> VehicleFit:
    x, y, z = pose.translation.tolist()
    return replace(fit, rotation=tuple(pose.rotation.reshape(-1).tolist()), translation=(x, y, z))


def _without_evidence(fit: VehicleFit) -> VehicleFit:
    return replace(
        fit,
        method=FitMethod.TRACK,
        verdict=FitVerdict.GOOD,
        reason="",
        rms_px=0.0,
        residuals_px=(None,) * COUNT,
        outliers=(),
        used=0,
        swapped=False,
    )


def _with_residuals(fitter: VehicleFitter, fit: VehicleFit, evidence: KeypointEvidence) -> VehicleFit:
    pixels = fitter.camera.project(fit_keypoints(fit, fitter.space))
    distances = np.linalg.norm(pixels - evidence.pixels, axis=1)
    told = tuple(
        float(value) if used and np.isfinite(value) else None
        for value, used in zip(distances, evidence.used, strict=True)
    )
    known = [value for value in told if value is not None]
    rms = float(np.sqrt(np.mean(np.square(known)))) if known else 0.0
    return replace(fit, residuals_px=told, rms_px=rms, used=len(known), sigma_px=evidence.sharp_px)


def _middle_of(fitter: VehicleFitter, fit: VehicleFit) -> Array | None:
    """(2,) the middle of the outline's box, pixels; None where a part is behind the camera."""
    pixels = fitter.camera.project(fit_proxy(fit, fitter.space).vertices)
    if not np.isfinite(pixels).all():
        return None
    return np.asarray((pixels.min(axis=0) + pixels.max(axis=0)) / 2)


def _middle(box: Box) -> Array:
    """(2,) in pixels whose first centre is (0, 0)."""
    return np.array([box.x + box.w / 2 - 0.5, box.y + box.h / 2 - 0.5])


def _towards(heading_rad: float, way: Array) -> float:
    """The heading after a way on the ground: a car goes where it points, forward or in reverse."""
    length = float(np.linalg.norm(way))
    if length < 1e-9:
        return heading_rad
    turn = float(np.arctan2(way[1], way[0])) - heading_rad
    turn = (turn + np.pi / 2) % np.pi - np.pi / 2  # in reverse it goes the other way
    return heading_rad + turn * length**2 / (length**2 + _TELLING_WAY_M**2)
