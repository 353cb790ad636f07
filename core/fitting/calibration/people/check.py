"""Any calibrated camera against its people: are they as tall as people are, near and far?

How tall they come out says how right the scale is; that they grow or shrink with the distance, that the tilt
or the focal length is wrong. Then the camera is let move, as in the check against cars: what explains the
people so much better that chance does not, is told with about how much is off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.calibration.camera_model import CAMERA, FOCAL, HEIGHT, PITCH, ROLL, RoadCamera
from core.fitting.calibration.check_words import Differences
from core.fitting.calibration.people.check_words import sentences_of, sentences_of_sky
from core.fitting.calibration.people.settle import (
    PeopleSettings,
    Settled,
    noise_times,
    settle,
    settle_usual,
)
from core.fitting.calibration.people.sightings import PeopleStack, PersonSighting, stack_people
from core.fitting.calibration.people.statures import middle_of, per_person, statures
from core.geometry.calibration.lens import known_lens
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.car_checks import CheckVerdict, Difference
from core.records.people_checks import HeightTrend, PeopleCheck

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

# one more number of the camera has to explain this much, in squared sigmas, before it is said to be off
_WORTH = 12.0
_HELD = np.arange(CAMERA) < 0
# a trend is told where the far ones are so many times as far away as the near ones
_APART = 1.25


@dataclass(frozen=True, slots=True)
class PeopleCheckSettings:
    """When a calibration counts as off; as of the check against cars.

    Attributes:
        sigmas: a difference below this many standard deviations may be chance.
        focal_percent, height_percent, tilt_deg, trend_percent: a difference below this hardly matters.
        vague_percent: where how tall they are is less sure than this, agreement is none.
    """

    sigmas: float = 3.0
    focal_percent: float = 6.0
    height_percent: float = 6.0
    tilt_deg: float = 1.0
    trend_percent: float = 4.0
    vague_percent: float = 8.0


def check_against_people(
    camera: Camera,
    plane: GroundPlane,
    sightings: Sequence[PersonSighting],
    settings: PeopleCheckSettings = PeopleCheckSettings(),
    people: PeopleSettings = PeopleSettings(),
) -> PeopleCheck:
    """Whether a camera agrees with the people seen by it.

    Args:
        camera, plane: the calibration, however it was come by.
        sightings: people from head to foot, the same person in several frames.

    Raises:
        CalibrationError: where nobody is seen from head to foot.
    """
    every = stack_people(sightings, known_lens(camera))
    given = RoadCamera(camera.focal[0], plane)
    possible = np.isfinite(statures(given, every).tall_m)
    if possible.sum() < 0.5 * len(possible):
        return _in_the_sky(every, int(possible.sum()), people)
    seen = every.of(possible)
    best, kept = settle_usual(seen, given, ~_HELD, people)
    told = statures(given, kept)
    tall, least, most = middle_of(per_person(told.tall_m, kept, lambda values: float(np.median(values))))
    enough = kept.people >= people.least_people
    times = noise_times(kept, best, ~_HELD, people) if enough else 1.0
    explained = _explanations(kept, given, best, times, people)
    found = _differences(explained[0], given, times, settings, people)
    trend = _trend(kept, given, tall, settings, people) if enough else None
    off = bool(found.off_kinds) or (trend is not None and trend.change.is_off)
    loose = 100.0 * (most - least) / 2 / tall
    vague = not enough or (not off and max(found.height.sigma, loose) > settings.vague_percent)
    verdict = CheckVerdict.OFF if off else CheckVerdict.AGREES
    report = PeopleCheck(
        verdict=CheckVerdict.UNSURE if vague else verdict, sentences=(), people=kept.people,
        sightings=len(kept.person), left_out=len(every.person) - len(kept.person),
        tall_m=tall, least_tall_m=least, most_tall_m=most, usual_m=people.mean_m, trend=trend,
        focal=found.focal, camera_height=found.height, tilt=found.tilt,
    )  # fmt: skip
    rivals = [
        _differences(one, given, times, settings, people)
        for one in explained[1:]
        if one.penalised < explained[0].penalised + _WORTH and not one.free.all()
    ]
    different = {one.off_kinds: one for one in rivals if one.off_kinds and one.off_kinds != found.off_kinds}
    words = sentences_of(report, given, found, list(different.values()), people.least_people)
    return replace(report, sentences=words)


@dataclass(frozen=True, eq=False)
class _Explanation:
    """A camera that moved in some of its numbers; the cost counts each of them as _WORTH."""

    moved: Settled
    free: Bits
    penalised: float


def _explanations(
    kept: PeopleStack, given: RoadCamera, best: Settled, times: float, people: PeopleSettings
) -> list[_Explanation]:
    """Cameras that explain the people, the best first; each number that moved has its price."""
    models = [_moving(HEIGHT), _moving(HEIGHT, ROLL, PITCH), _moving(HEIGHT, FOCAL)]
    tries = [(settle(kept, given, free, people), free) for free in models] + [(best, ~_HELD)]
    found = [
        _Explanation(one, free, one.cost / times + _WORTH * np.count_nonzero(free)) for one, free in tries
    ]
    return sorted(found, key=lambda one: one.penalised)


def _moving(*which: int) -> Bits:
    free = _HELD.copy()
    free[list(which)] = True
    return free


def _differences(
    one: _Explanation, given: RoadCamera, times: float, settings: PeopleCheckSettings, people: PeopleSettings
) -> Differences:
    """Of focal length, height and tilt, as one explanation has them."""
    free, better = one.free, one.moved.camera
    covariance = np.zeros((CAMERA, CAMERA))
    covariance[np.ix_(free, free)] = np.linalg.pinv(one.moved.information[np.ix_(free, free)]) * times
    height = 100.0 * (given.plane.height / better.plane.height - 1.0)
    height_sigma = 100.0 * float(np.hypot(np.sqrt(covariance[HEIGHT, HEIGHT]), people.mean_share))
    focal = 100.0 * (given.focal_px / better.focal_px - 1.0)
    focal_sigma = 100.0 * float(np.sqrt(covariance[FOCAL, FOCAL]))
    angle = float(np.rad2deg(np.arccos(np.clip(given.plane.normal @ better.plane.normal, -1.0, 1.0))))
    tilt_sigma = float(np.rad2deg(np.sqrt(np.trace(covariance[ROLL : PITCH + 1, ROLL : PITCH + 1]))))
    return Differences(
        _difference(focal, focal_sigma, settings.focal_percent, settings.sigmas) if free[FOCAL] else None,
        _difference(height, height_sigma, settings.height_percent, settings.sigmas),
        _difference(angle, tilt_sigma, settings.tilt_deg, settings.sigmas) if free[PITCH] else None,
        better,
    )


def _difference(off: float, sigma: float, matters: float, sigmas: float) -> Difference:
    return Difference(off, sigma, abs(off) > max(matters, sigmas * sigma))


def _trend(
    kept: PeopleStack, given: RoadCamera, tall_m: float, settings: PeopleCheckSettings, people: PeopleSettings
) -> HeightTrend | None:
    """How statures change with the distance, told by those who are seen at several."""
    told = statures(given, kept)
    near, far = (float(value) for value in np.quantile(told.away_m, [0.1, 0.9]))
    if far < _APART * near:
        return None
    logs, farther = np.log(told.tall_m), np.log(told.away_m)
    slope = _slope(logs, farther, kept.person)
    parts = min(people.parts, kept.people)
    others = [
        _slope(logs[rest], farther[rest], kept.person[rest])
        for rest in (kept.person % parts != part for part in range(parts))
    ]
    sigma = float(np.sqrt((parts - 1) * np.var(others)))
    middle, reach = float(np.exp(np.median(farther))), float(np.log(far / near))
    change = 100.0 * float(np.expm1(slope * reach))
    return HeightTrend(
        near, far, tall_m * (near / middle) ** slope, tall_m * (far / middle) ** slope,
        _difference(change, 100.0 * sigma * reach, settings.trend_percent, settings.sigmas),
    )  # fmt: skip


def _slope(logs: Array, farther: Array, person: NDArray[np.intp]) -> float:
    """Of log statures over log distances, with each person's own stature taken out as far as it is known."""
    count = np.maximum(np.bincount(person), 1)
    own_logs, own_farther = np.bincount(person, logs) / count, np.bincount(person, farther) / count
    y, x = logs - own_logs[person], farther - own_farther[person]
    return float((x @ y) / max(float(x @ x), 1e-12))


def _in_the_sky(every: PeopleStack, standing: int, people: PeopleSettings) -> PeopleCheck:
    nothing = float("nan")
    return PeopleCheck(
        verdict=CheckVerdict.OFF, sentences=sentences_of_sky(len(every.person), standing),
        people=every.people, sightings=standing, left_out=len(every.person) - standing,
        tall_m=nothing, least_tall_m=nothing, most_tall_m=nothing, usual_m=people.mean_m,
        trend=None, focal=None, camera_height=None, tilt=None,
    )  # fmt: skip
