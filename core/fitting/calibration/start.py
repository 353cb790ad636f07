"""Where a calibration from cars begins: the best of a grid of focal lengths and tilts, nothing known before.

For a known lens, tilt and heading, a car of mean shape is placed by linear equations, and its place says how
high the camera is: cars that agree about the height, and fit, point to the lens and tilt (AutoCalib's
consistency filter, Bhardwaj et al. 2018, without its given focal length).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.calibration.bundle import Bundle
from core.fitting.calibration.camera_model import RoadCamera
from core.fitting.calibration.sightings import Stack
from core.fitting.vehicles.ground_model import POSE, GroundModel
from core.fitting.vehicles.levenberg_marquardt import linearise
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import heading_rotation

Array = NDArray[np.float64]

# focal lengths as shares of the picture's longer side: 127 to 14 degrees across
FOCAL_SHARES = tuple(np.geomspace(0.25, 4.0, 11).tolist())
PITCHES_DEG = (3.0, 8.0, 14.0, 21.0, 30.0, 41.0, 55.0, 72.0)
ROLLS_DEG = (-10.0, 0.0, 10.0)
_HEADINGS: Array = np.deg2rad(np.arange(0.0, 360.0, 10.0))
# a mean car is off by its own shape, some percent of its size in the picture, and of its height
_SHAPE_SHARE = 0.05
_LOG_HEIGHT = 0.12
_WORST = 9.0


@dataclass(frozen=True, eq=False)
class Guess:
    """A camera of the grid, with how badly the cars fit it: the mean over rows, 1 to _WORST or so."""

    camera: RoadCamera
    badness: float


def guesses(stack: Stack, basis: ShapeBasis, focals_px: Array) -> list[Guess]:
    """Cameras by which the cars stand on one plane, best first.

    Args:
        stack: tens of well-seen rows.
        focals_px: (n,) what to try.
    """
    found = []
    size = _sizes(stack)
    for focal in focals_px.tolist():
        for pitch in np.deg2rad(PITCHES_DEG).tolist():
            for roll in np.deg2rad(ROLLS_DEG).tolist():
                up = np.array([-np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch), -np.sin(pitch)])
                guess = _guess(stack, basis, focal, up, size)
                if guess is not None:
                    found.append(guess)
    return sorted(found, key=lambda one: one.badness)


def placed(stack: Stack, basis: ShapeBasis, camera: RoadCamera) -> Bundle:
    """Mean cars on a camera's road, each turned as it fits best."""
    model = GroundModel(pinhole(1, 1, camera.focal_px, (0.0, 0.0)), camera.plane, basis)
    starts = model.starts(stack.seen.pixels, stack.seen.weights, _HEADINGS)
    rows, many, size = starts.shape
    repeated = stack.seen.of(np.repeat(np.arange(rows), many))
    cost = linearise(model, repeated, starts.reshape(-1, size)).cost.reshape(rows, many)
    best = starts[np.arange(rows), np.argmin(cost, axis=1)]
    return Bundle(camera, best[:, :POSE], np.zeros((stack.cars, basis.components)))


def _sizes(stack: Stack) -> Array:
    """(b,) size of each row in the picture, pixels."""
    used = stack.seen.weights[:, None] > 0
    high = np.where(used, stack.seen.pixels, -np.inf).max(axis=2)
    low = np.where(used, stack.seen.pixels, np.inf).min(axis=2)
    return np.asarray(np.hypot(*(high - low).T))


def _guess(stack: Stack, basis: ShapeBasis, focal: float, up: Array, size: Array) -> Guess | None:
    frame = GroundPlane(up, 1.0).frame().rotation
    turn = frame @ np.stack([heading_rotation(heading) for heading in _HEADINGS.tolist()])
    shape = turn @ basis.mean  # (h, 3, 12)
    x, y = stack.seen.pixels[:, 0] / focal, stack.seen.pixels[:, 1] / focal
    sigma = np.hypot(1.0 / np.maximum(stack.seen.weights, 1e-9), _SHAPE_SHARE * size[:, None]) / focal
    square = np.where(stack.seen.weights > 0, 1.0 / sigma**2, 0.0)
    # t1 - x t3 = x q3 - q1 and t2 - y t3 = y q3 - q2, with q the turned shape and t its place
    known = np.stack(
        [
            x[:, None] * shape[None, :, 2] - shape[None, :, 0],
            y[:, None] * shape[None, :, 2] - shape[None, :, 1],
        ]
    )  # (2, b, h, 12)
    weighted = known * square[None, :, None]
    right = np.stack(
        [
            weighted[0].sum(-1),
            weighted[1].sum(-1),
            -(weighted[0] * x[:, None] + weighted[1] * y[:, None]).sum(-1),
        ],
        axis=-1,
    )
    total, sum_x, sum_y = square.sum(1), (square * x).sum(1), (square * y).sum(1)
    normal = np.zeros((len(x), 3, 3))
    normal[:, 0, 0] = normal[:, 1, 1] = total
    normal[:, 0, 2] = normal[:, 2, 0] = -sum_x
    normal[:, 1, 2] = normal[:, 2, 1] = -sum_y
    normal[:, 2, 2] = (square * (x * x + y * y)).sum(1)
    normal += 1e-12 * total[:, None, None] * np.eye(3)
    place = right @ np.linalg.inv(normal)  # symmetric
    wrong_x = place[..., :1] - x[:, None] * place[..., 2:] - known[0]
    wrong_y = place[..., 1:2] - y[:, None] * place[..., 2:] - known[1]
    height = -(place @ up)
    with np.errstate(all="ignore"):
        cost = ((wrong_x**2 + wrong_y**2) * square[:, None]).sum(-1) / place[..., 2] ** 2
        cost /= np.maximum(2.0 * (square > 0).sum(1)[:, None] - POSE, 1.0)
        cost = np.where((place[..., 2] > 0.5) & (height > 0.3), cost, np.inf)
        level = np.log(height)
    rows = np.arange(len(x))
    best = np.argmin(cost, axis=1)
    valid = np.isfinite(cost[rows, best])
    if valid.sum() < max(3, 0.5 * len(x)):
        return None
    middle = float(np.median(level[rows, best][valid]))
    for _ in range(3):
        both = cost + np.minimum(((level - middle) / _LOG_HEIGHT) ** 2, _WORST)
        best = np.argmin(np.where(np.isfinite(both), both, np.inf), axis=1)
        middle = float(np.median(level[rows, best][valid]))
    badness = float(np.minimum(np.where(valid, both[rows, best], _WORST), _WORST).mean())
    return Guess(RoadCamera(focal, GroundPlane(up, float(np.exp(middle)))), badness)
