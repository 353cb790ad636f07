"""Camera and ground refined by upright people: least squares over focal length, roll, pitch and height.

Each person has a stature of their own, about a mean that is known; it is solved for in closed form inside the
residuals (variable projection), so that the same person near and far tells of the camera and not of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.calibration.camera_model import CAMERA, HEIGHT, RoadCamera
from core.fitting.calibration.people.sightings import PeopleStack
from core.fitting.calibration.people.statures import statures
from core.geometry.calibration.least_squares import Solution, solve

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

_ROUNDS = 12
_TRIMS = 4
# the median of the square of two residuals of one sigma each
_HALF = 2 * np.log(2.0)


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """What is known of people, and how a camera is calibrated from them.

    Attributes:
        mean_m: how tall people are on average, shoes included, as they walk.
        spread: standard deviation of one person's stature, as a share.
        mean_share: standard deviation, as a share, of how much taller or shorter the people of one place are
            on average; no number of people makes the scale surer than this.
        pixel_px: standard deviation of where a mask ends.
        step_share: of how much taller or shorter the stride makes a walker.
        lean_rad: of how far a walker's head is from straight above the middle between the feet.
        huber: residuals beyond so many sigmas count by their root.
        worst: a sighting that is off by more sigmas than this is left out.
        most_noise: by how many times the noise that most sightings show may exceed what is assumed.
        least_sightings: of whom fewer are left is left out.
        least_people: fewer are refused.
        most_focal_percent: an uncertainty of the focal length above this is refused.
        parts: into so many the people are dealt, to see how much the camera depends on who is there.
    """

    mean_m: float = 1.75
    spread: float = 0.05
    mean_share: float = 0.025
    pixel_px: float = 1.0
    step_share: float = 0.02
    lean_rad: float = 0.04
    huber: float = 2.0
    worst: float = 3.5
    most_noise: float = 2.5
    least_sightings: int = 3
    least_people: int = 8
    most_focal_percent: float = 30.0
    parts: int = 10


@dataclass(frozen=True, eq=False)
class Settled:
    """A camera with its people.

    Attributes:
        camera: the camera.
        residuals: (b, 2) stature and lean in sigmas, each person's own stature taken out.
        own: (people,) each person's own stature over the mean, as a share's logarithm.
        weights: (b,) 1, or less where a sighting is far off.
        cost: the sum of squares that was made least, Huber's beyond some sigmas.
        information: (4, 4) of the camera's parameters, the inverse of their covariance if the noise is as
            assumed and no two sightings share any; rows and columns of what is held are zero.
    """

    camera: RoadCamera
    residuals: Array
    own: Array
    weights: Array
    cost: float
    information: Array


def settle(seen: PeopleStack, start: RoadCamera, free: Bits, settings: PeopleSettings) -> Settled:
    """Goes down from a start, weighing down what is far off, as Huber does.

    Args:
        seen: the people.
        start: a camera by which all of them stand on the ground.
        free: (4,) which of the camera's numbers may change.
    """
    camera, weights = start, np.ones(len(seen.person))
    solution: Solution | None = None
    for _ in range(_ROUNDS if free.any() else 1):
        solution = _solved(seen, camera, free, weights, settings) if free.any() else None
        if solution is not None:
            camera = _moved(camera, free, solution.values)
        found, _, _ = _residuals(seen, camera, weights, settings)
        before, weights = weights, _huber(found, settings.huber)
        if np.abs(weights - before).max() < 1e-3:
            break
    found, own, _ = _residuals(seen, camera, weights, settings)
    weights = _huber(found, settings.huber)
    information = np.zeros((CAMERA, CAMERA))
    if solution is not None:
        information[np.ix_(free, free)] = solution.jacobian.T @ solution.jacobian
    size = np.linalg.norm(found, axis=1)
    beyond = settings.huber * (2 * size - settings.huber)
    cost = float(
        np.where(size <= settings.huber, size**2, beyond).sum()
        + (own / settings.spread) @ (own / settings.spread)
    )
    return Settled(camera, found, own, weights, cost, information)


def settle_usual(
    seen: PeopleStack, start: RoadCamera, free: Bits, settings: PeopleSettings
) -> tuple[Settled, PeopleStack]:
    """Goes down from a start, and again without what is no upright person; the sightings that are left.

    A mask that lost its legs, or holds somebody else's, is tens of sigmas beside the same person's others.
    """
    found, kept = settle(seen, start, free, settings), seen
    for _ in range(_TRIMS):
        off = np.linalg.norm(found.residuals, axis=1)
        noise = np.clip(np.sqrt(np.median(off**2) / _HALF), 1.0, settings.most_noise)
        good = off <= settings.worst * noise
        often = np.bincount(kept.person[good], minlength=kept.people) >= settings.least_sightings
        good &= often[kept.person]
        if good.all() or not good.any():
            break
        kept = kept.of(good)
        found = settle(kept, found.camera, free, settings)
    return found, kept


def spread_of(seen: PeopleStack, found: Settled, free: Bits, settings: PeopleSettings) -> Array | None:
    """(4, 4) covariance of the camera's numbers, honest where people lean or differ more than is assumed.

    None where the people do not settle the camera.
    """
    some = np.ix_(free, free)
    held = found.information[some]
    scale = np.sqrt(np.diag(held))
    if not (scale > 0).all() or np.linalg.cond(held / np.outer(scale, scale)) > 1e12:
        return None
    whole = np.zeros((CAMERA, CAMERA))
    whole[some] = np.linalg.inv(held) * noise_times(seen, found, free, settings)
    whole[HEIGHT, HEIGHT] += settings.mean_share**2 if free[HEIGHT] else 0.0
    return whole


def noise_times(seen: PeopleStack, found: Settled, free: Bits, settings: PeopleSettings) -> float:
    """How many times the variance assumed the camera shows, 1 at least.

    The people are dealt into parts, and the camera is sought without each (the delete-a-group jackknife, Kott
    2001): where one person's sightings are alike in what is wrong with them, it moves more than they say.
    """
    parts = min(settings.parts, seen.people)
    moved = []
    for part in range(parts):
        rest = seen.of(seen.person % parts != part)
        other = settle(rest, found.camera, free, settings).camera
        moved.append(_step_between(found.camera, other)[free])
    steps = np.stack(moved)
    by_people = (parts - 1) * ((steps - steps.mean(axis=0)) ** 2).mean(axis=0)
    by_noise = np.diag(np.linalg.pinv(found.information[np.ix_(free, free)]))
    return max(1.0, float((by_people / np.maximum(by_noise, 1e-18)).max()))


def _solved(
    seen: PeopleStack, camera: RoadCamera, free: Bits, weights: Array, settings: PeopleSettings
) -> Solution:
    def residuals(values: Array) -> Array:
        found, own, scale = _residuals(seen, _moved(camera, free, values), weights, settings)
        return np.concatenate([(found * scale[:, None]).ravel(), own / settings.spread])

    return solve(residuals, np.zeros(int(np.count_nonzero(free))))


def _residuals(
    seen: PeopleStack, camera: RoadCamera, weights: Array, settings: PeopleSettings
) -> tuple[Array, Array, Array]:
    """(b, 2) stature and lean in sigmas, (people,) own statures, (b,) roots of the weights."""
    told = statures(camera, seen)
    ends = settings.pixel_px * np.sqrt(2.0) / seen.tall_px
    of_stature = np.hypot(ends, settings.step_share)
    off = np.log(told.tall_m / settings.mean_m)
    counts = weights / of_stature**2
    total = np.bincount(seen.person, counts * off, seen.people)
    own = total / (np.bincount(seen.person, counts, seen.people) + 1 / settings.spread**2)
    stature = (off - own[seen.person]) / of_stature
    lean = told.lean / np.hypot(ends, settings.lean_rad)
    return np.stack([stature, lean], axis=1), own, np.sqrt(weights)


def _huber(found: Array, limit: float) -> Array:
    size = np.maximum(np.linalg.norm(found, axis=1), 1e-12)
    return np.asarray(np.minimum(1.0, limit / size))


def _moved(camera: RoadCamera, free: Bits, values: Array) -> RoadCamera:
    step = np.zeros(CAMERA)
    step[free] = np.clip(values, -20.0, 20.0)
    return camera.moved(step)[0]


def _step_between(one: RoadCamera, other: RoadCamera) -> Array:
    """(4,) the step from one camera to another that is near it."""
    axes = one.plane.frame().rotation
    # a small turn w moves the normal n by w x n
    turn = np.cross(one.plane.normal, other.plane.normal)
    return np.array(
        [
            np.log(other.focal_px / one.focal_px),
            turn @ axes[:, 0],
            turn @ axes[:, 1],
            np.log(other.plane.height / one.plane.height),
        ]
    )
