"""Calibration from lines of two ground directions at right angles (ALGORITHMS, 7.2; Caprile and Torre 1990).

The closed form, f^2 = -(v1 - c).(v2 - c), starts a maximum likelihood fit: each drawn point is off by equal
noise, each line runs through the vanishing point of its direction, and the two directions are orthogonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import CalibrationError
from core.geometry.calibration.least_squares import solve
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.lines import (
    DrawnLine,
    StackedLines,
    flatten_line,
    flatten_lines,
    meeting_point,
    refuse_meeting_inside,
    refuse_meeting_third,
    refuse_parallel,
)
from core.geometry.calibration.result import CalibrationResult, View, result_of
from core.geometry.poses import rotation_from_vector
from core.records.cameras import CalibrationMethod

Array = NDArray[np.float64]

_FIRST, _SECOND = "the first direction", "the second direction"


@dataclass(frozen=True, eq=False)
class KnownLength:
    """A distance on the ground.

    Attributes:
        pixels: (2, 2) its ends. metres: its length.
    """

    pixels: ArrayLike
    metres: float


def calibrate_vanishing_points(
    lens: Lens, first: Sequence[ArrayLike], second: Sequence[ArrayLike], scale: KnownLength | float
) -> CalibrationResult:
    """The camera that sees lines of two directions so.

    Args:
        first, second: lines of each direction, (k, 2) pixels with k >= 2, at least two of each; on the
            ground, or parallel to it and below the horizon.
        scale: a length on the ground, or the camera's height in metres.

    Raises:
        CalibrationError: with the reason and what to draw instead.
    """
    groups = (flatten_lines(lens, first, _FIRST), flatten_lines(lens, second, _SECOND))
    points = _meeting_points(groups, lens.focal is not None)
    focal = lens.focal or _focal(*points)
    frame = _frame(*points, focal, np.concatenate([line.points for line in (*groups[0], *groups[1])]))
    length = _length_on_ground(lens, scale, frame[:, 2], focal)
    problem = _Problem(groups, frame, focal, lens.focal is not None, length)
    solution = solve(problem.residuals, np.zeros(problem.size))
    view = problem.view(solution.values)
    if lens.focal is None and not 0.05 * lens.width < view.focal < 100 * lens.width:
        raise _no_focal()
    return result_of(CalibrationMethod.VANISHING_POINTS, lens, solution, problem.view)


@dataclass(frozen=True, eq=False)
class _Length:
    """The ends of the known length (2, 2) offsets, its metres, and where it starts from in the fit.

    Where only the camera's height is given, there are no ends.
    """

    ends: Array | None
    metres: float
    height: float


class _Problem:
    """Parameters: the frame's turn (3), the focal length's logarithm, each line's way aside, the length."""

    def __init__(
        self,
        groups: tuple[list[DrawnLine], list[DrawnLine]],
        frame: Array,
        focal: float,
        focal_known: bool,
        length: _Length,
    ) -> None:
        self._frame, self._focal, self._length = frame, focal, length
        self._focals = 0 if focal_known else 1
        self._lines = len(groups[0]) + len(groups[1])
        self._stacked = StackedLines([*groups[0], *groups[1]])
        self._direction = np.repeat([0, 1], [len(lines) for lines in groups])
        if length.ends is not None:
            self._length_start = _ground_ends(length.ends, frame, focal, length.height)
        self.size = 3 + self._focals + self._lines + (0 if length.ends is None else 4)

    def view(self, values: Array) -> View:
        """Focal length, normal and height."""
        focal, frame = self._camera(values)
        return View(focal, frame[:, 2], self._height(values))

    def residuals(self, values: Array) -> Array:
        """Pixels that the drawn points are off."""
        focal, frame = self._camera(values)
        aside = values[3 + self._focals : 3 + self._focals + self._lines]
        points = (frame.T[:2] * [focal, focal, 1.0])[self._direction]
        found = [self._stacked.distances(points, aside)]
        if self._length.ends is not None:
            found.append(self._length_residuals(values, focal, frame))
        return np.concatenate(found)

    def _camera(self, values: Array) -> tuple[float, Array]:
        focal = self._focal * float(np.exp(np.clip(values[3], -20, 20))) if self._focals else self._focal
        return focal, rotation_from_vector(values[:3]) @ self._frame

    def _height(self, values: Array) -> float:
        known = self._length.ends is None
        return self._length.height * (1.0 if known else float(np.exp(np.clip(values[-4], -20, 20))))

    def _length_residuals(self, values: Array, focal: float, frame: Array) -> Array:
        """The ends of a length on the ground whose middle (2) and direction (1) are sought."""
        assert self._length.ends is not None
        start = self._length_start
        way = start[1] - start[0]
        middle = start.mean(axis=0) + self._length.height * values[-3:-1]
        angle = np.arctan2(way[1], way[0]) + values[-1]
        half = self._length.metres / 2 * np.array([np.cos(angle), np.sin(angle)])
        places = np.stack([middle - half, middle + half])
        seen = places @ frame[:, :2].T - self._height(values) * frame[:, 2]
        with np.errstate(all="ignore"):
            wrong = seen[:, :2] / seen[:, 2:] * focal - self._length.ends
        wrong[seen[:, 2] <= 0] = np.nan
        return wrong.ravel()


def _ground_ends(pixels: Array, frame: Array, focal: float, height: float) -> Array:
    """(n, 2) places on the ground of offsets (n, 2), in a frame (3, 3) of ground axes and normal."""
    rays = np.concatenate([pixels / focal, np.ones((len(pixels), 1))], axis=1)
    points = rays * (-height / (rays @ frame[:, 2]))[:, None]
    return points @ frame[:, :2]


def _meeting_points(
    groups: tuple[list[DrawnLine], list[DrawnLine]], focal_known: bool
) -> tuple[Array, Array]:
    points = (meeting_point(groups[0]), meeting_point(groups[1]))
    for lines, what in zip(groups, (_FIRST, _SECOND), strict=True):
        if not focal_known:
            refuse_parallel(lines, what)
    refuse_meeting_third(groups[0], points[1])
    refuse_meeting_third(groups[1], points[0])
    for lines, point, what in zip(groups, points, (_FIRST, _SECOND), strict=True):
        refuse_meeting_inside(lines, point, what)
    return points


def _focal(first: Array, second: Array) -> float:
    depth = first[2] * second[2]
    square = -float(first[:2] @ second[:2] / depth) if depth else -1.0
    if not (np.isfinite(square) and square > 0):
        raise _no_focal()
    return float(np.sqrt(square))


def _frame(first: Array, second: Array, focal: float, drawn: Array) -> Array:
    """(3, 3) columns: the two directions and the ground's normal, the right way up."""
    rays = np.stack([first, second]) / [focal, focal, 1.0]
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    if abs(float(rays[0] @ rays[1])) > 0.9:
        raise CalibrationError(
            "Both sets of lines run in almost the same direction.",
            "Draw the second set at a right angle to the first on the road.",
        )
    # the nearest pair at right angles
    total, between = rays[0] + rays[1], rays[0] - rays[1]
    total, between = total / np.linalg.norm(total), between / np.linalg.norm(between)
    one, other = (total + between) / np.sqrt(2.0), (total - between) / np.sqrt(2.0)
    normal = np.cross(one, other)
    rises = np.concatenate([drawn, np.full((len(drawn), 1), focal)], axis=1) @ normal
    if rises.max() > 0 > rises.min():
        raise CalibrationError(
            "The plane of the lines faces away: some are drawn above the horizon that they give, some below.",
            "Draw lines on the road only, and check that the two sets are at right angles on it.",
        )
    turn = 1.0 if rises.max() <= 0 else -1.0
    return np.stack([one, turn * other, turn * normal], axis=1)


def _length_on_ground(lens: Lens, scale: KnownLength | float, normal: Array, focal: float) -> _Length:
    if isinstance(scale, KnownLength):
        if not (np.isfinite(scale.metres) and scale.metres > 0):
            raise CalibrationError("The known length is not positive.", "Give its length in metres.")
        ends = flatten_line(lens, scale.pixels, "known length").points[[0, -1]]
        rays = np.concatenate([ends / focal, np.ones((2, 1))], axis=1)
        if (rays @ normal >= 0).any():
            raise CalibrationError(
                "An end of the known length lies above the horizon.", "Measure a length on the road."
            )
        feet = rays / -(rays @ normal)[:, None]
        return _Length(ends, scale.metres, scale.metres / float(np.linalg.norm(feet[1] - feet[0])))
    if not (np.isfinite(scale) and scale > 0):
        raise CalibrationError("The camera's height is not positive.", "Give its height in metres.")
    return _Length(None, 0.0, float(scale))


def _no_focal() -> CalibrationError:
    return CalibrationError(
        "The focal length comes out imaginary: these lines cannot be at right angles on the road.",
        "Check that the two sets are at right angles, draw longer lines, or give the focal length.",
    )
