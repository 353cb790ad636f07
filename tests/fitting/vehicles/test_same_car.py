"""Frames of one car agree about its shape; frames of two do not; what says nothing of shape says nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fitting.vehicles.same_car import MOST_SQUARE, shows_several_cars
from core.records.fits import FitMethod, FitSigmas, FitVerdict, VehicleFit


def fit(shape: float, sigma: float = 0.5, verdict: FitVerdict = FitVerdict.GOOD) -> VehicleFit:
    return VehicleFit(
        method=FitMethod.GROUND, verdict=verdict, reason="", rotation=(1, 0, 0, 0, 1, 0, 0, 0, 1),
        translation=(0, 0, 20), place_m=(20, 0), heading_rad=0.0, shape=(shape, 0, 0, 0, 0),
        size_m=(4.5, 1.8, 1.5), rms_px=1.0, sigma_px=1.0, residuals_px=(1.0,) * 12, outliers=(), used=12,
        swapped=False, sigmas=FitSigmas(0.1, 0.1, (0.01, 0, 0.01), 0.01, (sigma,) * 5),
    )  # fmt: skip


def test_two_shapes_are_two_cars_from_a_distance_that_follows() -> None:
    # of two frames as sure as each other: d^2 over the variance of their difference, 2 x 0.5^2
    limit = np.sqrt(MOST_SQUARE * 2 * 0.5**2)
    assert not shows_several_cars([fit(0.0), fit(0.99 * limit)])
    assert shows_several_cars([fit(0.0), fit(1.01 * limit)])


@pytest.mark.parametrize("count", [0, 1])
def test_one_frame_is_one_car(count: int) -> None:
    assert not shows_several_cars([fit(3.0)] * count)


def test_noise_about_one_shape_is_one_car() -> None:
    rng = np.random.default_rng(5)
    assert not shows_several_cars([fit(float(value)) for value in rng.normal(0.7, 0.5, 200)])


def test_doubtful_frames_are_not_asked() -> None:
    doubtful = fit(9.0, verdict=FitVerdict.AMBIGUOUS)
    unsure = replace(fit(9.0), sigmas=None)
    assert not shows_several_cars([fit(0.0), fit(0.1), doubtful, unsure])
