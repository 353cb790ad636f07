"""A camera calibrated from upright people alone: focal length, tilt and scale from feet and heads.

Everybody stands upright on one ground, and is as tall as people are: what is far from it in the picture by
less than a head says where the horizon is, what leans says where straight down is, and the mean stature says
how high the camera is (Lv, Zhao and Nevatia, "Self-calibration of a camera from video of a walking human",
2002; Krahnstoever and Mendonca, "Bayesian autocalibration for surveillance", 2005).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.errors import CalibrationError
from core.fitting.calibration.camera_model import CAMERA, FOCAL, RoadCamera
from core.fitting.calibration.people.settle import PeopleSettings, Settled, settle, settle_usual, spread_of
from core.fitting.calibration.people.sightings import PeopleStack, PersonSighting, stack_people
from core.fitting.calibration.people.statures import statures
from core.fitting.calibration.start import FOCAL_SHARES, PITCHES_DEG, ROLLS_DEG
from core.geometry.calibration.least_squares import Solution
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.result import CalibrationResult, View, result_of
from core.geometry.ground_plane import GroundPlane
from core.records.cameras import CalibrationMethod

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

_FREE: Bits = np.ones(CAMERA, dtype=bool)
_KNOWN_LENS: Bits = np.arange(CAMERA) != FOCAL
_STARTS = 6
_SEARCH_ROWS = 200
_WAY_OUT = "Look at what was mined: masks with shadows, and groups taken for one person, say nothing."


def calibrate_from_people(
    sightings: Sequence[PersonSighting], lens: Lens, settings: PeopleSettings = PeopleSettings()
) -> CalibrationResult:
    """The camera and its ground by the people who walk on it.

    Args:
        sightings: many people, near and far, each in several frames where that is so.
        lens: the picture's size, and the intrinsics where they are known.

    Returns:
        Residuals are in pixels: how far too high or low each sighting's head is, and how far beside.

    Raises:
        CalibrationError: where there are too few people, or they do not settle the camera.
    """
    seen = stack_people(sightings, lens)
    if seen.people < settings.least_people:
        who = "One person" if seen.people == 1 else f"{seen.people} people"
        raise CalibrationError(
            f"{who} seen from head to foot: that is too few to calibrate a camera from.",
            f"Mine footage with at least {settings.least_people} people, better twenty, near and far ones.",
        )
    free = _FREE if lens.known is None else _KNOWN_LENS
    found, kept = settle_usual(seen, _best(seen, lens, free, settings).camera, free, settings)
    if kept.people < max(0.5 * seen.people, settings.least_people):
        raise CalibrationError(
            f"By no camera do these people stand upright on one ground: {kept.people} of {seen.people} do.",
            _WAY_OUT,
        )
    return _result(found, seen, kept, lens, free, settings)


def _best(seen: PeopleStack, lens: Lens, free: Bits, settings: PeopleSettings) -> Settled:
    """From the best of a grid of cameras; the one that explains the people best."""
    few = seen.of(np.unique(np.linspace(0, len(seen.person) - 1, _SEARCH_ROWS).astype(np.intp)))
    longer = max(lens.width, lens.height)
    focals = np.array(FOCAL_SHARES) * longer if lens.focal is None else np.array([lens.focal])
    starts = _starts(few, focals, settings)
    if not starts:
        raise CalibrationError("By no camera do these people stand upright on one ground.", _WAY_OUT)
    rough = [settle(few, camera, free, settings) for camera in starts]
    best = min(rough, key=lambda one: one.cost)
    return settle(seen, best.camera, free, settings)


def _starts(few: PeopleStack, focals: Array, settings: PeopleSettings) -> list[RoadCamera]:
    tried: list[tuple[float, RoadCamera]] = []
    for focal in focals.tolist():
        for pitch in np.deg2rad(PITCHES_DEG).tolist():
            for roll in np.deg2rad(ROLLS_DEG).tolist():
                up = np.array([-np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch), -np.sin(pitch)])
                # by a camera one metre high nobody's toes are 14 cm off; without them heights scale with it
                told = statures(RoadCamera(focal, GroundPlane(up, 1.0)), few, toe_m=0.0)
                if not np.isfinite(told.tall_m).all():
                    continue
                height = settings.mean_m / float(np.median(told.tall_m))
                camera = RoadCamera(focal, GroundPlane(up, height))
                off = np.log(told.tall_m * height / settings.mean_m) / settings.spread
                bad = np.minimum(off**2 + (told.lean / settings.lean_rad) ** 2, 100.0)
                tried.append((float(bad.mean()), camera))
    return [camera for _, camera in sorted(tried, key=lambda one: one[0])[:_STARTS]]


def _result(
    found: Settled, seen: PeopleStack, kept: PeopleStack, lens: Lens, free: Bits, settings: PeopleSettings
) -> CalibrationResult:
    camera = found.camera

    def view(values: Array) -> View:
        step = np.zeros(CAMERA)
        step[free] = values
        moved = camera.moved(step)[0]
        return View(moved.focal_px, moved.plane.normal, moved.plane.height)

    covariance = spread_of(kept, found, free, settings)
    if covariance is None:
        raise CalibrationError(
            "These people do not settle the camera: many cameras would see them so.",
            "Mine footage with people nearer and farther, to the left and to the right.",
        )
    solution = _as_solution(covariance[np.ix_(free, free)])
    told = statures(camera, kept)
    tall = np.log(told.tall_m / settings.mean_m) - found.own[kept.person]
    off = np.stack([tall * kept.tall_px, told.lean * kept.tall_px], axis=1)
    result = result_of(
        CalibrationMethod.PEOPLE, lens, solution, view, sigma=1.0, residuals_px=off.ravel()
    )  # fmt: skip
    sure = result.uncertainty
    if sure is not None and sure.focal_percent > settings.most_focal_percent:
        raise CalibrationError(
            f"These people do not settle the focal length: it may be off by {sure.focal_percent:.0f} %.",
            "Draw two directions for the lens first, and keep it; or add footage with nearer people.",
        )
    return replace(result, notes=(*result.notes, *_notes(seen, kept, settings)))


def _as_solution(covariance: Array) -> Solution:
    half = np.linalg.cholesky(np.linalg.inv(covariance)).T
    return Solution(np.zeros(len(half)), np.zeros(0), half)


def _notes(seen: PeopleStack, kept: PeopleStack, settings: PeopleSettings) -> tuple[str, ...]:
    share = 100 * settings.mean_share
    notes = [
        f"From {kept.people} people in {len(kept.person)} sightings, taken to be {settings.mean_m:.2f} m "
        "tall on average. If the people of this place are taller, all distances are larger, in the same "
        f"share; {share:.1f} % is allowed for."
    ]
    lost = len(seen.person) - len(kept.person)
    if lost:
        notes.append(
            f"{lost} of {len(seen.person)} sightings are of nobody who stands upright there, "
            "and were left out."
        )
    return tuple(notes)
