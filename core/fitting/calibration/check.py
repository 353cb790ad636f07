"""Any calibrated camera against its cars: are they as large as cars are, and do they stand on the road?

The cars are fitted by the camera as it is, then once more with the camera free to move. What the second
explains so much better that chance does not, is told: focal length, tilt, height, and by how much. The height
is the scale: a camera said to be 10 % too high makes every car and every distance 10 % too large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.calibration.bundle import Bundle, Refined, refine
from core.fitting.calibration.camera_model import CAMERA, FOCAL, HEIGHT, PITCH, ROLL, RoadCamera
from core.fitting.calibration.check_words import Differences, sentences_of
from core.fitting.calibration.from_cars import noise_ratio, noise_times, refined_from, row_noise
from core.fitting.calibration.sightings import CarSighting, Stack, stack
from core.fitting.calibration.start import placed
from core.fitting.vehicles.fit_mesh import fit_keypoints, fit_pose, sizes_m
from core.fitting.vehicles.fitter import FitSettings, VehicleFitter
from core.fitting.vehicles.free_model import UprightPrior
from core.fitting.vehicles.shape_basis import ShapeBasis, basis_of
from core.geometry.calibration.lens import known_lens
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.car_checks import CarCheck, CheckVerdict, Difference, SizeCheck
from core.records.fits import FitVerdict
from core.shapes.keypoints import WHEELS
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """When a calibration counts as off.

    Attributes:
        least_cars: with fewer different cars nothing is said.
        sigmas: a difference below this many standard deviations may be chance.
        focal_percent, height_percent, tilt_deg: a difference below this hardly matters; the height's is also
            what a street's cars may be larger or smaller than the shape space's.
        noise_times: residuals of more than this many times the cars' own noise are not called agreement.
        worst_rms: a car whose points are off by more sigmas than this, by the better camera, is left out.
        most_noise: how many times the noise assumed counts as the cars' own at most; see CarsSettings.
    """

    least_cars: int = 5
    sigmas: float = 3.0
    focal_percent: float = 4.0
    height_percent: float = 5.0
    tilt_deg: float = 0.5
    noise_times: float = 1.8
    worst_rms: float = 3.0
    most_noise: float = 4.0


def check_against_cars(
    camera: Camera,
    plane: GroundPlane,
    sightings: Sequence[CarSighting],
    space: CarShapeSpace,
    settings: CheckSettings = CheckSettings(),
    fitting: FitSettings = FitSettings(),
) -> CarCheck:
    """Whether a camera agrees with its cars, and what is off by how much where not.

    Args:
        camera, plane: the calibration, however it was come by.
        sightings: keypoints of cars, the same car perhaps in several frames.
        space: what cars look like.

    Raises:
        CalibrationError: where no car has points enough.
    """
    seen = stack(sightings, known_lens(camera))
    basis = basis_of(space, fitting.components)
    given = RoadCamera(camera.focal[0], plane)
    as_it_is, kept, explained = _explained(seen, basis, given, settings)
    found = _differences(explained[0], kept, given, settings)
    enough = kept.cars >= settings.least_cars
    road = _without_road(camera, plane, [sightings[row] for row in kept.rows], space, fitting)
    length, width, height = _sizes(as_it_is.bundle.shapes, space, basis.components)
    noise = noise_ratio(as_it_is, kept)
    if found.off_kinds:
        verdict = CheckVerdict.OFF
    else:
        verdict = CheckVerdict.UNSURE if noise > settings.noise_times else CheckVerdict.AGREES
    report = CarCheck(
        verdict=verdict if enough else CheckVerdict.UNSURE, sentences=(), cars=kept.cars,
        sightings=len(kept.car), left_out=len(seen.car) - len(kept.car),
        length=length, width=width, height=height,
        wheels_m=road.wheels_m, wheels_spread_m=road.wheels_spread_m, up_off_deg=road.up_off_deg,
        noise_times=noise * kept.allowed, focal=found.focal, camera_height=found.height, tilt=found.tilt,
    )  # fmt: skip
    rivals = [
        _differences(one, kept, given, settings)
        for one in explained[1:]
        if one.penalised < explained[0].penalised + _WORTH and not one.free.all()
    ]
    different = {one.off_kinds: one for one in rivals if one.off_kinds and one.off_kinds != found.off_kinds}
    return replace(
        report,
        sentences=sentences_of(report, given, found, list(different.values()), settings.least_cars),
    )


@dataclass(frozen=True, slots=True)
class _WithoutRoad:
    wheels_m: float | None = None
    wheels_spread_m: float | None = None
    up_off_deg: float | None = None


# one more number of the camera has to explain this much, in squared sigmas, before it is said to be off
_WORTH = 12.0
_HELD = np.arange(CAMERA) < 0
_FLEET = 2000
_FREE_POINTS = 6
_LOOSE_RAD = 0.5


def _explained(
    seen: Stack, basis: ShapeBasis, given: RoadCamera, settings: CheckSettings
) -> tuple[Refined, Stack, list[_Explanation]]:
    """The cars by the camera as it is, those that fit some car, and explanations, the simplest first."""
    start = placed(seen, basis, given)
    best = refine(seen, basis, start, ~_HELD)
    seen = seen.noisier(row_noise(seen, best, settings.most_noise))
    best, kept = refined_from(
        seen, basis, placed(seen, basis, best.bundle.camera), ~_HELD, settings.worst_rms
    )
    as_it_is = refine(kept, basis, placed(kept, basis, given), _HELD)
    noise = noise_times(best, kept)
    models = [_moving(HEIGHT), _moving(HEIGHT, ROLL, PITCH), _moving(HEIGHT, FOCAL)]
    tries = [(refine(kept, basis, _at(as_it_is, given), free), free) for free in models] + [(best, ~_HELD)]
    found = [
        _Explanation(moved, free, moved.cost / noise**2 + _WORTH * np.count_nonzero(free))
        for moved, free in tries
    ]
    return as_it_is, kept, sorted(found, key=lambda one: one.penalised)


@dataclass(frozen=True, eq=False)
class _Explanation:
    """A camera that moved in some of its numbers; the cost counts each of them as _WORTH."""

    moved: Refined
    free: Bits
    penalised: float


def _at(found: Refined, camera: RoadCamera) -> Bundle:
    return Bundle(camera, found.bundle.poses, found.bundle.shapes)


def _moving(*which: int) -> Bits:
    free = _HELD.copy()
    free[list(which)] = True
    return free


def _differences(one: _Explanation, kept: Stack, given: RoadCamera, settings: CheckSettings) -> Differences:
    """Of focal length, height and tilt, as one explanation has them."""
    free, better = one.free, one.moved.bundle.camera
    spread = noise_times(one.moved, kept)
    covariance = np.zeros((CAMERA, CAMERA))
    covariance[np.ix_(free, free)] = np.linalg.pinv(one.moved.information[np.ix_(free, free)]) * spread**2
    height = 100.0 * (given.plane.height / better.plane.height - 1.0)
    height_sigma = 100.0 * float(np.sqrt(covariance[HEIGHT, HEIGHT]))
    matters = max(settings.sigmas * height_sigma, settings.height_percent)
    focal = 100.0 * (given.focal_px / better.focal_px - 1.0)
    tilt = covariance[ROLL : PITCH + 1, ROLL : PITCH + 1]
    angle = float(np.rad2deg(np.arccos(np.clip(given.plane.normal @ better.plane.normal, -1.0, 1.0))))
    # that they are free at all says that they explain more than chance does
    return Differences(
        Difference(
            focal, 100.0 * float(np.sqrt(covariance[FOCAL, FOCAL])), abs(focal) > settings.focal_percent
        )
        if free[FOCAL]
        else None,
        Difference(height, height_sigma, abs(height) > matters),
        Difference(angle, float(np.rad2deg(np.sqrt(np.trace(tilt)))), angle > settings.tilt_deg)
        if free[PITCH]
        else None,
        better,
    )


def _sizes(shapes: Array, space: CarShapeSpace, components: int) -> tuple[SizeCheck, SizeCheck, SizeCheck]:
    here = sizes_m(space, shapes)
    drawn = np.random.default_rng(0).normal(size=(_FLEET, components))
    fleet = sizes_m(space, drawn)
    rows = zip(here.mean(0), here.std(0), fleet.mean(0), fleet.std(0), strict=True)
    length, width, height = (SizeCheck(*(float(value) for value in row)) for row in rows)
    return length, width, height


def _without_road(
    camera: Camera,
    plane: GroundPlane,
    sightings: Sequence[CarSighting],
    space: CarShapeSpace,
    fitting: FitSettings,
) -> _WithoutRoad:
    """How the wheels stand above the road, and which way the cars' roofs point, by fits that know no road."""
    many = [one.evidence for one in sightings if one.evidence.used.sum() >= _FREE_POINTS]
    if not many:
        return _WithoutRoad()
    upright = UprightPrior(max(plane.tilt()[0], 0.0), _LOOSE_RAD, _LOOSE_RAD)
    loose = FitSettings(fitting.components, fitting.headings, fitting.huber_sigmas, False, upright)
    fits = VehicleFitter(camera, None, space, loose).fit_many(many)
    held = [fit for fit in fits if fit.verdict is FitVerdict.GOOD and fit.sigmas is not None]
    if not held:
        return _WithoutRoad()
    wheels = list(WHEELS)
    radius = float(space.mean[wheels, 2].mean())
    above = np.array([plane.heights(fit_keypoints(fit, space)[wheels]).mean() - radius for fit in held])
    weight = np.array([1.0 / max(fit.sigmas.along_m, 0.05) ** 2 for fit in held if fit.sigmas is not None])
    mean = float(np.average(above, weights=weight))
    spread = float(np.sqrt(np.average((above - mean) ** 2, weights=weight)))
    turn = np.array([1.0 / max(fit.sigmas.heading_rad, 0.01) ** 2 for fit in held if fit.sigmas is not None])
    up = (turn[:, None] * np.stack([fit_pose(fit).rotation[:, 2] for fit in held])).sum(axis=0)
    cosine = float(np.clip(up @ plane.normal / np.linalg.norm(up), -1.0, 1.0))
    return _WithoutRoad(mean, spread, float(np.rad2deg(np.arccos(cosine))))
