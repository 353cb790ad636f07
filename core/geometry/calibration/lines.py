"""Lines that a person draws along straight things: where they meet, how well, and which sets are of no use.

Pixels are offsets from the principal point, without distortion (`Lens.flatten`). A point where lines meet is
homogeneous, so that it may lie at infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import CalibrationError
from core.geometry.calibration.lens import Lens

Array = NDArray[np.float64]

SHORTEST_PX = 4.0
# lines that one direction fits so well may as well be parallel
_PARALLEL_PX = 0.5


@dataclass(frozen=True, eq=False)
class DrawnLine:
    """A line as it was drawn.

    Attributes:
        points: (k, 2) offsets, k >= 2.
        middle: (2,) of the points.
        along: (2,) unit direction of the line that fits them best.
    """

    points: Array
    middle: Array
    along: Array

    @property
    def across(self) -> Array:
        """(2,) unit direction at a right angle to the line."""
        return np.array([-self.along[1], self.along[0]])

    @property
    def homogeneous(self) -> Array:
        """(3,) a, b, c of the line a x + b y + c = 0, with a^2 + b^2 = 1."""
        return np.append(self.across, -self.across @ self.middle)


def flatten_lines(lens: Lens, lines: Sequence[ArrayLike], what: str) -> list[DrawnLine]:
    """Drawn lines of (k, 2) pixels, k >= 2; at least two of them.

    Raises:
        CalibrationError: where there are too few, or one is too short, naming `what`.
    """
    if len(lines) < 2:
        raise CalibrationError(f"One line of {what} meets nothing.", f"Draw two lines or more of {what}.")
    return [flatten_line(lens, line, what) for line in lines]


def flatten_line(lens: Lens, line: ArrayLike, what: str) -> DrawnLine:
    """One drawn line of (k, 2) pixels, k >= 2.

    Raises:
        CalibrationError: where it is too short or leaves the lens, naming `what`.
    """
    points = np.asarray(line, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2 or not np.isfinite(points).all():
        raise CalibrationError(f"A line of {what} has not two ends.", "Draw each line from end to end.")
    flat = lens.flatten(points)
    if np.isnan(flat).any():
        raise CalibrationError(
            f"A line of {what} runs where the lens distortion brings nothing.", "Draw it inside the picture."
        )
    if np.linalg.norm(flat - flat[0], axis=1).max() < SHORTEST_PX:
        raise CalibrationError(
            f"A line of {what} is shorter than {SHORTEST_PX:.0f} pixels.", "Draw it along its whole length."
        )
    middle = flat.mean(axis=0)
    return DrawnLine(flat, middle, np.linalg.svd(flat - middle)[2][0])


def meeting_point(lines: Sequence[DrawnLine]) -> Array:
    """(3,) homogeneous point nearest to all lines, of unit length; longer lines count for more."""
    scale = max(float(np.abs(np.concatenate([line.points for line in lines])).max()), 1.0)
    rows = [
        np.linalg.norm(line.points[-1] - line.points[0]) * line.homogeneous * [1.0, 1.0, 1.0 / scale]
        for line in lines
    ]
    x, y, w = np.linalg.svd(np.stack(rows))[2][-1]
    point = np.array([x * scale, y * scale, w])
    return point / np.linalg.norm(point)


def refuse_parallel(lines: Sequence[DrawnLine], what: str) -> None:
    """Refuses lines that may as well be parallel in the picture.

    Raises:
        CalibrationError: naming `what`.
    """
    centred = np.concatenate([line.points - line.middle for line in lines])
    along = np.linalg.svd(centred)[2][0]
    if np.abs(centred @ [-along[1], along[0]]).max() < _PARALLEL_PX:
        raise CalibrationError(
            f"The lines of {what} are parallel in the picture, so they meet nowhere.",
            "Draw longer lines, further apart, that run away from the camera, or give the focal length.",
        )


def refuse_meeting_inside(lines: Sequence[DrawnLine], point: Array, what: str) -> None:
    """Refuses lines that meet on one of themselves, which parallel lines of the street never do.

    Args:
        point: (3,) where they meet.

    Raises:
        CalibrationError: naming `what`.
    """
    for line in lines:
        ends = line.points @ line.along
        # the point's place along the line, times its third coordinate
        place = point[:2] @ line.along
        low, high = sorted((place - ends.min() * point[2], place - ends.max() * point[2]))
        if low < 0 < high:
            raise CalibrationError(
                f"The lines of {what} meet in a point of the picture, as no parallel lines do.",
                "Draw lines that are parallel on the street, such as two kerbs, not lines that cross.",
            )


def refuse_meeting_third(lines: Sequence[DrawnLine], point: Array) -> None:
    """Refuses lines of one direction that run through the point where those of the other meet.

    Raises:
        CalibrationError: where one does.
    """
    for line in lines:
        if np.abs(distances_through(line, point, 0.0)).max() < _PARALLEL_PX:
            raise CalibrationError(
                "Three of the lines meet in one point, though one has another direction than the two.",
                "Draw lines of two directions at right angles on the road, each with its own meeting point.",
            )


def distances_through(line: DrawnLine, point: Array, aside: float) -> Array:
    """(k,) signed distances of a drawn line's points from the line through a point, pixels.

    Of the many lines through the point this is the one that passes `aside` pixels beside the drawn line's
    middle; the caller seeks that number with the others.

    Args:
        point: (3,) homogeneous.
    """
    passing = line.middle + aside * line.across
    way = point[:2] - point[2] * passing
    way = way / np.linalg.norm(way)
    away = line.points - passing
    return way[0] * away[:, 1] - way[1] * away[:, 0]


class StackedLines:
    """Many drawn lines as arrays: their distances in a few steps of numpy, however many there are."""

    def __init__(self, lines: Sequence[DrawnLine]) -> None:
        self._of = np.repeat(np.arange(len(lines)), [len(line.points) for line in lines])
        self._points = np.concatenate([line.points for line in lines])
        self._middle = np.stack([line.middle for line in lines])
        self._across = np.stack([line.across for line in lines])

    def distances(self, points: Array, aside: Array) -> Array:
        """`distances_through` of each line, with its own point (n, 3) and way aside (n,)."""
        passing = self._middle + aside[:, None] * self._across
        way = points[:, :2] - points[:, 2:] * passing
        way = (way / np.linalg.norm(way, axis=1, keepdims=True))[self._of]
        away = self._points - passing[self._of]
        return np.asarray(way[:, 0] * away[:, 1] - way[:, 1] * away[:, 0])
