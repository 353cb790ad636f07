"""Rows of keypoints that cannot be a car, each with the reason: they would bend the first components.

Public sets hold such rows: front and back wheels swapped, points on the wrong side, zeros
(ALGORITHMS 3.4: 20 of 472 in the best-known one).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.keypoints import LEFT, NAMES, RIGHT

FloatArray = NDArray[np.float64]

_FAR = 6.0
"""Robust deviations from the median beyond which a coordinate is no car's."""
_LEAST_SPREAD = 0.004
"""The robust deviation is taken as at least this part of the wheelbase: cars differ by a centimetre."""


@dataclass(frozen=True, slots=True)
class DroppedCar:
    """A car left out of a space.

    Attributes:
        row: its place in the data set.
        name: its file's name, or its row as text.
        reason: one plain sentence.
    """

    row: int
    name: str
    reason: str


def find_defects(points: FloatArray) -> dict[int, str]:
    """Rows that are no cars.

    Args:
        points: (N, 12, 3), x forward, y left, z up, any unit and origin.

    Returns:
        row -> reason.
    """
    reasons: dict[int, str] = {}
    for row, car in enumerate(points):
        reason = _impossible(car)
        if reason:
            reasons[row] = reason
    sound = np.array([row not in reasons for row in range(len(points))], dtype=bool)
    if sound.sum() >= 5:
        reasons |= _outliers(points, sound)
    return dict(sorted(reasons.items()))


def _impossible(car: FloatArray) -> str | None:
    """What no car can have."""
    if not np.isfinite(car).all():
        return "Some of its numbers are not finite."
    middle = car[:4].mean(axis=0)
    wheelbase = car[:2, 0].mean() - car[2:4, 0].mean()
    if wheelbase <= 0:
        return "Its front wheels are behind its back wheels."
    wrong = [i for i in LEFT if car[i, 1] <= middle[1]] + [i for i in RIGHT if car[i, 1] >= middle[1]]
    if wrong:
        return f"Its {NAMES[min(wrong)]} lies on the middle line or on the wrong side."
    if car[8:, 2].min() <= car[:4, 2].max():
        return "Its roof is not above its wheels."
    if car[8:10, 0].mean() <= car[10:, 0].mean():
        return "The front of its roof is behind the back of it."
    return None


def _outliers(points: FloatArray, sound: NDArray[np.bool_]) -> dict[int, str]:
    """Cars with a coordinate, relative to the wheels' middle and the wheelbase, far from all others'."""
    cars = points[sound]
    wheelbase = cars[:, :2, 0].mean(axis=1) - cars[:, 2:4, 0].mean(axis=1)
    relative = (cars - cars[:, :4].mean(axis=1, keepdims=True)) / np.median(wheelbase)
    median = np.median(relative, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(relative - median), axis=0), _LEAST_SPREAD)
    deviation = np.abs(relative - median) / spread
    worst = deviation.reshape(len(cars), -1).argmax(axis=1)
    found = {}
    for row, place, how_far in zip(
        np.flatnonzero(sound).tolist(),
        worst.tolist(),
        deviation.reshape(len(cars), -1).max(axis=1),
        strict=True,
    ):
        if how_far > _FAR:
            direction = ("along", "across", "up")[place % 3]
            found[row] = (
                f"Its {NAMES[place // 3]} lies {how_far:.0f} deviations from the others', {direction}."
            )
    return found
