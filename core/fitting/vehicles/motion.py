"""How cars move from frame to frame: the rear axle does not slip, speed and heading change moderately.

The chord between two places of the rear axle points along the mean of the two headings, exactly on a straight
line and on an arc (the bicycle model without slip); it may be driven either way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PLACE = 3
BAND = 9
_SHORTEST_S = 1e-3


@dataclass(frozen=True, slots=True)
class MotionPrior:
    """Standard deviations of what cars seldom do.

    Attributes:
        acceleration_m_s2: change of velocity, along and across.
        turning_rad_s2: change of the yaw rate.
        slip_m, slip_m_s: sideways way of the rear axle between two frames, and more of it for each second
            between them.
    """

    acceleration_m_s2: float = 3.0
    turning_rad_s2: float = 0.7
    slip_m: float = 0.03
    slip_m_s: float = 0.15


@dataclass(frozen=True, eq=False)
class MotionTerms:
    """The prior at some poses, as least squares has it.

    Attributes:
        cost: squared sigmas.
        gradient: (n, 3) half the cost's.
        band: (9, 3n) half its second derivative, lower band form: band[d, j] stands at row j + d, column j.
    """

    cost: float
    gradient: Array
    band: Array


class Motion:
    """The prior for frames at given times."""

    def __init__(self, times_s: Array, prior: MotionPrior, rear_axle_m: float) -> None:
        """
        Args:
            times_s: (n,) increasing.
            rear_axle_m: how far the rear axle lies behind the car's origin.
        """
        self._gaps = np.maximum(np.diff(times_s), _SHORTEST_S)
        self._prior = prior
        self._rear = rear_axle_m

    def terms(self, poses: Array) -> MotionTerms:
        """At poses (n, 3): x, y, heading."""
        count = len(poses)
        gradient, band = np.zeros((count, PLACE)), np.zeros((BAND, PLACE * count))
        cost = 0.0
        if count > 1:
            cost += _gather(*self._slip(poses), gradient, band)
        if count > 2:
            cost += _gather(*self._changes(poses), gradient, band)
        return MotionTerms(cost, gradient, band)

    def _slip(self, poses: Array) -> tuple[Array, Array]:
        """(n - 1, 1) residuals and their (n - 1, 1, 6) derivatives by two poses each."""
        heading, turn = poses[:, 2], wrapped(np.diff(poses[:, 2]))
        middle = heading[:-1] + turn / 2
        rear = poses[:, :2] - self._rear * np.stack([np.cos(heading), np.sin(heading)], axis=1)
        way = np.diff(rear, axis=0)
        left = np.stack([-np.sin(middle), np.cos(middle)], axis=1)
        along = np.stack([np.cos(middle), np.sin(middle)], axis=1)
        sigma = self._prior.slip_m + self._prior.slip_m_s * self._gaps
        # the rear axle swings against a turn of the car about its origin
        swing = self._rear * np.stack([np.sin(heading), -np.cos(heading)], axis=1)
        by_middle = -(along * way).sum(axis=1) / 2
        slope = np.column_stack(
            [
                -left,
                by_middle - (left * swing[:-1]).sum(axis=1),
                left,
                by_middle + (left * swing[1:]).sum(axis=1),
            ]
        )
        return ((left * way).sum(axis=1) / sigma)[:, None], (slope / sigma[:, None])[:, None]

    def _changes(self, poses: Array) -> tuple[Array, Array]:
        """(n - 2, 3) residuals and their (n - 2, 3, 9) derivatives by three poses each."""
        step = np.diff(poses, axis=0)
        step[:, 2] = wrapped(step[:, 2])
        rate = step / self._gaps[:, None]
        span = (self._gaps[:-1] + self._gaps[1:]) / 2
        sigma = np.array([self._prior.acceleration_m_s2] * 2 + [self._prior.turning_rad_s2])
        weight = 1.0 / (span[:, None] * sigma)
        before, after = 1.0 / self._gaps[:-1], 1.0 / self._gaps[1:]
        slope = np.zeros((len(span), PLACE, 3 * PLACE))
        for axis in range(PLACE):
            slope[:, axis, axis] = before * weight[:, axis]
            slope[:, axis, PLACE + axis] = -(before + after) * weight[:, axis]
            slope[:, axis, 2 * PLACE + axis] = after * weight[:, axis]
        return np.diff(rate, axis=0) * weight, slope


def _gather(residuals: Array, slope: Array, gradient: Array, band: Array) -> float:
    """Adds runs of neighbouring poses into the whole, and gives their cost."""
    runs, _, size = slope.shape
    first = PLACE * np.arange(runs)
    flat = gradient.reshape(-1)
    pull = np.einsum("rij,ri->rj", slope, residuals)
    square = np.einsum("rij,rik->rjk", slope, slope)
    for column in range(size):
        flat[first + column] += pull[:, column]  # runs overlap, but not at one and the same column
        for row in range(column, size):
            band[row - column, first + column] += square[:, row, column]
    return float((residuals**2).sum())


def smooth_velocity(times_s: Array, places: Array, at_s: Array, width_s: float = 0.7) -> Array:
    """Velocities from noisy places: slopes of straight lines through what lies near in time.

    Args:
        times_s: (n,) and places (n, 2), metres, of what is known; n of 2 at least.
        at_s: (m,) when.
        width_s: standard deviation of the weights over time; wider where places are further apart.

    Returns:
        (m, 2) metres a second.
    """
    away, weight = _near(times_s, at_s, width_s)
    total = weight.sum(axis=1, keepdims=True)
    middle = (weight * away).sum(axis=1, keepdims=True) / total
    centred = weight * (away - middle)
    spread = (centred * (away - middle)).sum(axis=1, keepdims=True)
    return np.asarray(centred @ places / np.maximum(spread, 1e-12))


def bent_velocity(times_s: Array, places: Array, at_s: Array, width_s: float = 0.7) -> Array:
    """As `smooth_velocity`, but slopes of parabolas: noisier, and right where a car turns or brakes.

    Args:
        times_s, places: n of 3 at least, at different times.
    """
    away, weight = _near(times_s, at_s, width_s)
    powers = np.stack([np.ones_like(away), away, away**2], axis=2)
    weighted = powers * weight[..., None]
    square = powers.swapaxes(1, 2) @ weighted
    found = np.linalg.pinv(square, hermitian=True) @ (weighted.swapaxes(1, 2) @ places)
    return np.asarray(found[:, 1])


def _near(times_s: Array, at_s: Array, width_s: float) -> tuple[Array, Array]:
    """(m, n) how far times lie from some, seconds, and what each weighs there."""
    width = max(width_s, 1.5 * float(np.median(np.diff(times_s))))
    away = times_s[None] - at_s[:, None]
    nearest = np.abs(away).min(axis=1, keepdims=True)
    return away, np.exp(-0.5 * (np.maximum(np.abs(away) - nearest, 0.0) / width) ** 2)


def wrapped(angle: Array) -> Array:
    """Angles between -pi and pi."""
    return (angle + np.pi) % (2 * np.pi) - np.pi
