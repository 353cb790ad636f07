"""Small nonlinear least squares: Levenberg and Marquardt with numerical derivatives, and the covariance.

For problems of tens of parameters whose residuals are in pixels, as calibration has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

_STEP = 1e-6
_ROUNDS = 100
_SMALLEST_CHANGE = 1e-11
# so little less is a ten millionth of a standard deviation; of exact drawings, the step alone decides
_SMALLEST_GAIN = 1e-14
_LEAST_DAMPING, _MOST_DAMPING = 1e-12, 1e12


@dataclass(frozen=True, eq=False)
class Solution:
    """Where the sum of squares is least.

    Attributes:
        values: (n,) parameters.
        residuals: (m,) there.
        jacobian: (m, n) there.
    """

    values: Array
    residuals: Array
    jacobian: Array

    def covariance(self, sigma: float = 1.0) -> Array | None:
        """(n, n) covariance of the parameters for residuals of a standard deviation.

        None where the residuals do not determine the parameters.
        """
        scale = np.linalg.norm(self.jacobian, axis=0)
        if (scale == 0).any():
            return None
        _, singular, right = np.linalg.svd(self.jacobian / scale, full_matrices=False)
        if len(singular) < len(scale) or singular[-1] < 1e-9 * singular[0]:
            return None
        half = right.T / singular
        return sigma**2 * (half @ half.T) / np.outer(scale, scale)


def derivative(function: Function, at: Array) -> Array:
    """(m, n) central differences of a function of parameters of order one."""
    columns = [
        (function(at + change) - function(at - change)) / (2 * _STEP) for change in np.eye(len(at)) * _STEP
    ]
    return np.stack(columns, axis=-1)


def solve(residuals: Function, start: Array) -> Solution:
    """Goes down from a start.

    Args:
        residuals: (n,) -> (m,); may give NaN where the parameters make no sense.
        start: (n,), of order one each, where the residuals are finite.
    """
    values, now = start, residuals(start)
    slope = derivative(residuals, values)
    damping = 1e-3
    for _ in range(_ROUNDS):
        normal = slope.T @ slope
        damped = normal + damping * np.diag(np.maximum(np.diag(normal), 1e-12))
        step = np.linalg.lstsq(damped, -slope.T @ now, rcond=None)[0]
        then = residuals(values + step)
        if np.isfinite(then).all() and then @ then <= now @ now:
            gain = float(now @ now - then @ then)
            values, now = values + step, then
            slope = derivative(residuals, values)
            damping = max(damping / 10, _LEAST_DAMPING)
            small = np.abs(step).max() < _SMALLEST_CHANGE * (1 + np.abs(values).max())
            if small or gain < _SMALLEST_GAIN * float(now @ now):
                break
        else:
            damping *= 10
            if damping > _MOST_DAMPING:
                break
    return Solution(values, now, slope)
