"""A camera calibrated from its cars alone: focal length, road and scale from many cars' keypoints.

The cars of the shape space are the measure: their sizes are its mean's, by the unit Gaussian on each car's
shape, and all stand on one road. No lens, tilt or height needs to be known before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import CalibrationError
from core.fitting.calibration.bundle import FREE, KNOWN_LENS, Bundle, Refined, refine
from core.fitting.calibration.camera_model import HEIGHT, RoadCamera
from core.fitting.calibration.sightings import CarSighting, Stack, stack
from core.fitting.calibration.start import FOCAL_SHARES, guesses, placed
from core.fitting.vehicles.ground_model import POSE
from core.fitting.vehicles.levenberg_marquardt import HUBER_SIGMAS
from core.fitting.vehicles.shape_basis import ShapeBasis, basis_of
from core.geometry.calibration.least_squares import Solution
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.result import CalibrationResult, View, result_of
from core.records.cameras import CalibrationMethod
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

_WAY_OUT = "Check that left and right are not exchanged, and that all points of a car are that car's."


@dataclass(frozen=True, slots=True)
class CarsSettings:
    """How a camera is calibrated from cars.

    Attributes:
        components: how many numbers describe a car's shape.
        least_cars: fewer different cars are refused: their sizes are the only measure.
        fleet_share: standard deviation, as a share, of how much larger or smaller the cars of one street are
            than the shape space's mean car; no number of cars makes the scale surer than this.
        search_rows: how many of the best seen rows the search for a start looks at.
        worst_rms: a car whose points are off by more than this many sigmas (root mean square) is left out.
        most_noise: how many times the noise assumed the cars at large may show before they are refused:
            people place the points of real cars two to four times as far off as 1 % of the car.
        most_focal_percent: an uncertainty of the focal length above this is refused.
    """

    components: int = 5
    least_cars: int = 5
    fleet_share: float = 0.02
    search_rows: int = 60
    worst_rms: float = 3.0
    most_noise: float = 4.0
    most_focal_percent: float = 30.0


def calibrate_from_cars(
    sightings: Sequence[CarSighting],
    lens: Lens,
    space: CarShapeSpace,
    settings: CarsSettings = CarsSettings(),
) -> CalibrationResult:
    """The camera and its road by the cars that stand on it.

    Args:
        sightings: keypoints of many cars, near ones among them, where they may be in several frames.
        lens: the picture's size, and the intrinsics where they are known.
        space: what cars look like.

    Returns:
        Residuals are in pixels, x and y of each point used.

    Raises:
        CalibrationError: where there are too few cars, or they do not settle the camera.
    """
    seen = stack(sightings, lens)
    if seen.cars < settings.least_cars:
        raise CalibrationError(
            f"{seen.cars} cars with keypoints are too few to calibrate a camera from.",
            f"Place the keypoints of at least {settings.least_cars} cars, better of thirty; "
            "near ones, and ones that face different ways.",
        )
    basis = basis_of(space, settings.components)
    refined, kept = _settle(seen, basis, lens, settings)
    return _result(refined, seen, kept, lens, settings)


def refined_from(
    seen: Stack, basis: ShapeBasis, start: Bundle, free: Bits, worst_rms: float
) -> tuple[Refined, Stack]:
    """A bundle refined, and again without the cars that do not fit; the rows that are left."""
    found = refine(seen, basis, start, free)
    for _ in range(3):
        good = _fitting(seen, found, worst_rms)
        if good.all() or good.sum() < 3:
            break
        less = seen.of(good)
        shapes = found.bundle.shapes[np.unique(seen.car[good])]
        start, seen = Bundle(found.bundle.camera, found.bundle.poses[good], shapes), less
        found = refine(seen, basis, start, free)
    return found, seen


def _settle(seen: Stack, basis: ShapeBasis, lens: Lens, settings: CarsSettings) -> tuple[Refined, Stack]:
    """Searches, refines a few of the best, then all cars from the best of those."""
    best_rows = np.argsort(-seen.worth)[: settings.search_rows]
    few = seen.of(np.sort(best_rows))
    free = FREE if lens.known is None else KNOWN_LENS
    longer = max(lens.width, lens.height)
    focals = np.array(FOCAL_SHARES) * longer if lens.focal is None else np.array([lens.focal])
    starts = _apart([guess.camera for guess in guesses(few, basis, focals)])
    if not starts:
        raise CalibrationError(
            "By no camera do these cars stand on one road.",
            _WAY_OUT,
        )
    rough = [refine(few, basis, placed(few, basis, camera), free, rounds=25) for camera in starts]
    best = min(rough, key=lambda one: one.cost).bundle.camera
    found = refine(seen, basis, placed(seen, basis, best), free, rounds=20)
    seen = seen.noisier(row_noise(seen, found, settings.most_noise))
    # cars that began the wrong way round get a second chance with the better camera
    again = placed(seen, basis, found.bundle.camera)
    found, kept = refined_from(seen, basis, again, free, settings.worst_rms)
    fitting = int(_fitting(kept, found, settings.worst_rms).sum())
    if fitting < max(0.5 * len(seen.car), settings.least_cars):
        raise CalibrationError(
            f"By no camera do these cars stand on one road: {fitting} of {len(seen.car)} sightings fit one.",
            _WAY_OUT,
        )
    return found, kept


def _apart(cameras: Sequence[RoadCamera], most: int = 6) -> list[RoadCamera]:
    """The first cameras, leaving out near twins of earlier ones."""
    found: list[RoadCamera] = []
    for camera in cameras:
        twins = [
            abs(np.log(camera.focal_px / other.focal_px)) < 0.4
            and float(camera.plane.normal @ other.plane.normal) > np.cos(np.deg2rad(11.0))
            for other in found
        ]
        if not any(twins):
            found.append(camera)
        if len(found) == most:
            break
    return found


def row_noise(seen: Stack, found: Refined, most: float) -> float:
    """How many times the noise assumed most rows show, from 1 up to a limit."""
    return float(np.clip(np.median(_row_rms(seen, found)), 1.0, most))


def _fitting(seen: Stack, found: Refined, worst_rms: float) -> Bits:
    """(b,) whether a row's points are within a few sigmas of the car, by and large."""
    return np.asarray(_row_rms(seen, found) <= worst_rms)


def _row_rms(seen: Stack, found: Refined) -> Array:
    """(b,) root mean square of a row's residuals, in sigmas; each point has two coordinates of one each."""
    count = np.maximum((seen.seen.weights > 0).sum(axis=1), 1)
    return np.asarray(np.sqrt(found.squares.sum(axis=1) / (2 * count)), dtype=np.float64)


def _result(
    refined: Refined, seen: Stack, kept: Stack, lens: Lens, settings: CarsSettings
) -> CalibrationResult:
    free = FREE if lens.known is None else KNOWN_LENS
    camera = refined.bundle.camera

    def view(values: Array) -> View:
        step = np.zeros(len(free))
        step[free] = values
        moved, _ = camera.moved(step)
        return View(moved.focal_px, moved.plane.normal, moved.plane.height)

    information = refined.information[np.ix_(free, free)]
    spread = noise_times(refined, kept)
    covariance = _covariance(information / spread**2, free, settings.fleet_share)
    result = result_of(
        CalibrationMethod.CARS, lens, _as_solution(covariance), view,
        sigma=1.0, residuals_px=refined.residuals_px(kept),
    )  # fmt: skip
    sure = result.uncertainty
    if sure is not None and sure.focal_percent > settings.most_focal_percent:
        raise CalibrationError(
            f"These cars do not settle the focal length: it may be off by {sure.focal_percent:.0f} %.",
            "Add nearer cars, and cars that face other ways, or keep the lens of another calibration.",
        )
    return replace(result, notes=(*result.notes, *_notes(seen, kept, spread * kept.allowed, settings)))


def noise_times(refined: Refined, seen: Stack) -> float:
    """How many times the noise assumed the residuals show; 1 at least."""
    return max(1.0, noise_ratio(refined, seen, HUBER_SIGMAS))


def noise_ratio(refined: Refined, seen: Stack, huber: float = np.inf) -> float:
    """Residuals over the noise assumed; beyond some sigmas they count by their root."""
    squares = refined.squares
    if np.isfinite(huber):
        squares = np.minimum(squares, huber * np.sqrt(squares))
    # each coefficient of a shape takes one residual and its prior brings one
    spare = 2 * int((seen.seen.weights > 0).sum()) - POSE * len(seen.car)
    return float(np.sqrt((squares.sum() + (refined.bundle.shapes**2).sum()) / max(spare, 1)))


def _covariance(information: Array, free: Bits, fleet_share: float) -> Array | None:
    scale = np.sqrt(np.diag(information))
    if not (scale > 0).all() or np.linalg.cond(information / np.outer(scale, scale)) > 1e14:
        return None
    covariance: Array = np.asarray(np.linalg.inv(information), dtype=np.float64)
    height = int(np.count_nonzero(free[:HEIGHT]))
    covariance[height, height] += fleet_share**2
    return covariance


def _as_solution(covariance: Array | None) -> Solution:
    """A least squares solution of this covariance at zero."""
    if covariance is None:
        return Solution(np.zeros(1), np.zeros(0), np.zeros((1, 1)))
    half = np.linalg.cholesky(np.linalg.inv(covariance)).T
    return Solution(np.zeros(len(half)), np.zeros(0), half)


def _notes(seen: Stack, kept: Stack, noise: float, settings: CarsSettings) -> tuple[str, ...]:
    share = 100 * settings.fleet_share
    notes = [
        f"From {kept.cars} cars in {len(kept.car)} sightings. Its scale is the shape space's: if these cars "
        f"are larger on average, all distances are, in the same share; {share:.0f} % is allowed for."
    ]
    lost = len(seen.car) - len(kept.car)
    if lost:
        notes.append(f"{lost} of {len(seen.car)} sightings fit no car of the shape space and were left out.")
    if noise > 1.5:
        notes.append(f"The points are off by {noise:.1f} times the noise that was assumed.")
    return tuple(notes)
