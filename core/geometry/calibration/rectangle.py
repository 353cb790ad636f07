"""Calibration from a rectangle of known size on the road (ALGORITHMS, 7.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import CalibrationError
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.planar import calibrate_planar, refuse_line
from core.geometry.calibration.result import CalibrationResult
from core.records.cameras import CalibrationMethod

Array = NDArray[np.float64]


def calibrate_rectangle(
    lens: Lens, corners: ArrayLike, first_side_m: float, second_side_m: float
) -> CalibrationResult:
    """The camera that sees a rectangle of the road so.

    Args:
        corners: (4, 2) pixels, in order around the rectangle, either way round.
        first_side_m: from the first corner to the second. second_side_m: from the second to the third.

    Raises:
        CalibrationError: with the reason and what to draw instead.
    """
    pixels = np.asarray(corners, dtype=np.float64)
    if pixels.shape != (4, 2) or not np.isfinite(pixels).all():
        raise CalibrationError("A rectangle has four corners.", "Draw four corners in order around it.")
    if not (np.isfinite([first_side_m, second_side_m]).all() and min(first_side_m, second_side_m) > 0):
        raise CalibrationError("The rectangle's sides have no length.", "Give both sides in metres.")
    refuse_line(pixels, "corners")
    turns = _turns(pixels)
    if (turns > 0).sum() == 2:
        raise CalibrationError(
            "The rectangle is crossed: two of its sides cut each other.",
            "Draw the corners in order around the rectangle.",
        )
    if (turns > 0).sum() in (1, 3):
        raise CalibrationError(
            "One corner lies inside the triangle of the other three, which no rectangle shows.",
            "Draw the four corners of a rectangle that lies flat on the road.",
        )
    ground = np.array([[0.0, 0.0], [first_side_m, 0.0], [first_side_m, second_side_m], [0.0, second_side_m]])
    if turns[0] > 0:
        # clockwise in the picture is clockwise from above
        ground[:, 1] *= -1.0
    return calibrate_planar(lens, pixels, ground, CalibrationMethod.RECTANGLE)


def _turns(corners: Array) -> Array:
    """(4,) at each corner, positive where the way around turns clockwise in the picture."""
    after = np.roll(corners, -1, axis=0) - corners
    before = np.roll(after, 1, axis=0)
    return before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
