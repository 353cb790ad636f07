"""Whether what a tracker took for one car is one: the shapes that its frames show alone must agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.records.fits import FitVerdict, VehicleFit

# chi-square of five coefficients is met beyond this by one frame in 70,000
MOST_SQUARE = 30.0


def shows_several_cars(alone: Sequence[VehicleFit]) -> bool:
    """Whether the frames of a track show different cars.

    A frame's shape is held against the mean of all, weighted by their precision, in standard deviations of
    that difference. Those of the shapes hold the prior, and so are too wide for it: doubt speaks for one car.

    Args:
        alone: the fits of single frames, in any order; only good ones with standard deviations are asked.
    """
    asked = [fit for fit in alone if fit.verdict is FitVerdict.GOOD and fit.sigmas is not None]
    if len(asked) < 2:
        return False
    shapes = np.array([fit.shape for fit in asked])
    variance = np.array([fit.sigmas.shape for fit in asked if fit.sigmas is not None]) ** 2
    of_mean = 1.0 / (1.0 / variance).sum(axis=0)
    mean = (shapes / variance).sum(axis=0) * of_mean
    # the mean holds the frame itself, so the two lie closer than two strangers do
    squares = (shapes - mean) ** 2 / np.maximum(variance - of_mean, 1e-12)
    return bool(squares.sum(axis=1).max() > MOST_SQUARE)
