"""How far a lens bends what is straight on the street: the plumb line method (Brown, "Close-Range Camera
Calibration", 1971), for lenses that were never calibrated and are not at hand any more.

One number is sought: OpenCV's k4 for a focal length of one pixel, so that no focal length need be known. An
ideal point u pixels from the middle is seen at u / (1 + bend u^2). Tens of percent at the corners are within
its reach, as wide street cameras have them, where the same with k1 folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import CalibrationError
from core.geometry.calibration.least_squares import solve
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.lines import SHORTEST_PX
from core.geometry.calibration.result import drawing_noise

Array = NDArray[np.float64]

# bend times the square of half the picture's diagonal: at 0.25 the lens folds in the very corner
_MOST, _NEAR_MOST = 0.24, 0.23
_LEAST_SURE = 0.08
_POINTS = 3


@dataclass(frozen=True, slots=True)
class Bend:
    """What straight things say of a lens.

    Attributes:
        per_px2: OpenCV's k4 over the square of the focal length in pixels; positive where the corners are
            drawn in.
        sigma_per_px2: its standard deviation.
        side_percent, side_sigma_percent: how much nearer to the middle the ends of the picture's longer side
            are seen than by a straight lens.
    """

    per_px2: float
    sigma_per_px2: float
    side_percent: float
    side_sigma_percent: float


def find_bend(width: int, height: int, lines: Sequence[ArrayLike]) -> Bend:
    """The bend that makes drawn things straight.

    Args:
        width, height: of the picture, pixels.
        lines: (k, 2) pixels along each straight thing, k >= 3; best long ones near the picture's edges.

    Raises:
        CalibrationError: where they do not tell it, and what to draw instead.
    """
    pixels = [_checked(line) for line in lines]
    if not pixels:
        raise CalibrationError("Nothing straight is drawn.", "Draw along something that is straight.")
    corner = float(np.hypot(width, height)) / 2

    def share(value: float) -> float:
        return float(_MOST * np.tanh(value / _MOST))

    def residuals(values: Array) -> Array:
        lens = Lens(width, height, bend_per_px2=share(float(values[0])) / corner**2)
        return np.concatenate([straightness(lens, line) for line in pixels])

    solution = solve(residuals, np.zeros(1))
    found = share(float(solution.values[0]))
    if abs(found) > _NEAR_MOST:
        raise CalibrationError(
            "What is drawn as straight bends more than a lens of this kind does.",
            "Check that each is straight on the street, and draw longer ones nearer to the picture's edges; "
            "the lens of a fisheye must be imported from a file.",
        )
    # each line takes two numbers of its own
    covariance = solution.covariance(drawing_noise(solution.residuals, 1 + 2 * len(pixels)))
    sigma = np.inf if covariance is None else float(np.sqrt(covariance[0, 0])) * (1 - (found / _MOST) ** 2)
    if not sigma < _LEAST_SURE:
        raise CalibrationError(
            "These lines do not tell how much the lens bends: they are short, or run through the middle.",
            "Draw along longer things, and nearer to the picture's edges: a pole, a kerb, a wall.",
        )
    side = (max(width, height) / 2 / corner) ** 2
    spread = (_drawn_in(side * (found + sigma)) - _drawn_in(side * (found - sigma))) / 2
    return Bend(found / corner**2, sigma / corner**2, 100 * _drawn_in(side * found), 100 * spread)


def straightness(lens: Lens, pixels: Array) -> Array:
    """(k,) signed pixels of drawn points (k, 2) from the straight line that fits them best by a lens."""
    ideal = lens.flatten(pixels)
    middle = ideal.mean(axis=0)
    along = np.linalg.svd(ideal - middle)[2][0]
    feet = middle + ((ideal - middle) @ along)[:, None] * along
    aside = (ideal - feet) @ [-along[1], along[0]]
    # as seen: the picture's edges are drawn in, and so is a distance there
    seen: Array = np.linalg.norm(lens.bent(ideal) - lens.bent(feet), axis=1)
    return np.copysign(seen, aside)


def _drawn_in(share: float) -> float:
    """By which share a point is drawn in, seen where bend times its distance squared is this."""
    return 1.0 - (1.0 + float(np.sqrt(max(1.0 - 4.0 * share, 0.0)))) / 2.0


def _checked(line: ArrayLike) -> Array:
    points = np.asarray(line, dtype=np.float64)
    if points.ndim != 2 or points.shape[1:] != (2,) or len(points) < _POINTS or not np.isfinite(points).all():
        raise CalibrationError(
            "A straight thing needs three points: its ends, and one between.",
            "Draw both ends and a point between them; without it nothing shows how it bends.",
        )
    if np.linalg.norm(points - points[0], axis=1).max() < SHORTEST_PX:
        raise CalibrationError(
            f"A straight thing is shorter than {SHORTEST_PX:.0f} pixels.", "Draw it along its whole length."
        )
    return points
