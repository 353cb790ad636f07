"""Calibration from the horizon and the camera's height, the focal length known or from upright lines.

The vanishing point of upright things is K n, the horizon K^-T n: together they give the focal length and the
normal (ALGORITHMS, 7.2). The fit takes every drawn point as off by equal noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import CalibrationError
from core.geometry.calibration.least_squares import solve
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.lines import (
    DrawnLine,
    distances_through,
    flatten_line,
    flatten_lines,
    meeting_point,
    refuse_meeting_inside,
    refuse_parallel,
)
from core.geometry.calibration.result import CalibrationResult, View, result_of
from core.records.cameras import CalibrationMethod

Array = NDArray[np.float64]

_HORIZON, _UPRIGHT = "the horizon", "upright things"


def calibrate_horizon(
    lens: Lens, horizon: ArrayLike, height_m: float, upright: Sequence[ArrayLike] = ()
) -> CalibrationResult:
    """The camera of this height that sees the horizon so.

    Args:
        horizon: (k, 2) pixels along it, k >= 2; the ground is below it in the picture.
        height_m: of the camera above the ground.
        upright: lines along poles or corners of buildings, (k, 2) pixels each; two at least where the
            lens's focal length is not known.

    Raises:
        CalibrationError: with the reason and what to draw instead.
    """
    if not (np.isfinite(height_m) and height_m > 0):
        raise CalibrationError("The camera's height is not positive.", "Give its height in metres.")
    level = flatten_line(lens, horizon, _HORIZON)
    poles = [] if len(upright) == 0 else flatten_lines(lens, upright, _UPRIGHT)
    if lens.focal is None and not poles:
        raise CalibrationError(
            "The horizon alone does not tell the focal length.",
            "Give the focal length, or draw two lines along upright things such as poles.",
        )
    line = level.homogeneous
    _refuse_upright(line)
    focal = lens.focal or _focal(line, poles)
    start = _up(line * [1.0, 1.0, 1.0 / focal])
    sought = 0 if lens.focal is not None else 1
    aside_axes = np.linalg.svd(start[None])[2][1:]

    def view(values: Array) -> View:
        found = focal * float(np.exp(np.clip(values[2], -20, 20))) if sought else focal
        normal = start + values[:2] @ aside_axes
        return View(found, normal / np.linalg.norm(normal), height_m)

    def residuals(values: Array) -> Array:
        now = view(values)
        seen = now.normal * [1.0, 1.0, now.focal]
        found = [(level.points @ seen[:2] + seen[2]) / np.hypot(seen[0], seen[1])]
        point = now.normal * [now.focal, now.focal, 1.0]
        for pole, aside in zip(poles, values[2 + sought :].tolist(), strict=True):
            found.append(distances_through(pole, point, aside))
        return np.concatenate(found)

    solution = solve(residuals, np.zeros(2 + sought + len(poles)))
    if sought and not 0.05 * lens.width < view(solution.values).focal < 100 * lens.width:
        raise _no_focal()
    return result_of(CalibrationMethod.HORIZON, lens, solution, view)


def _up(normal: Array) -> Array:
    """The unit normal that has the ground below the horizon in the picture."""
    return -normal * np.sign(normal[1]) / np.linalg.norm(normal)


def _refuse_upright(line: Array) -> None:
    if abs(line[1]) < 1e-3 * abs(line[0]):
        raise CalibrationError(
            "The horizon is drawn straight up and down, so neither side of it is the ground.",
            "Draw the line where the flat ground would end, from left to right.",
        )


def _focal(line: Array, poles: Sequence[DrawnLine]) -> float:
    refuse_parallel(poles, _UPRIGHT)
    point = meeting_point(poles)
    refuse_meeting_inside(poles, point, _UPRIGHT)
    # the normal is line . (1, 1, 1/f) and also point . (1/f, 1/f, 1): f^2 = c x / (a w), and with b and y
    depth = point[2] * (line[0] ** 2 + line[1] ** 2)
    square = float(line[2] * (line[:2] @ point[:2]) / depth) if depth else -1.0
    if not (np.isfinite(square) and square > 0):
        raise _no_focal()
    return float(np.sqrt(square))


def _no_focal() -> CalibrationError:
    return CalibrationError(
        "The focal length comes out imaginary: the upright lines and the horizon contradict each other.",
        "The upright lines must meet on the other side of the middle of the picture than the horizon lies; "
        "draw longer ones, or give the focal length.",
    )
