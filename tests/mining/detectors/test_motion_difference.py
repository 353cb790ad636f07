"""What a frame's difference from its background is made of: exposure, noise, wind, light."""

from __future__ import annotations

import numpy as np
import pytest

from core.mining.detectors.motion_difference import (
    LIGHT,
    NO_LIGHT,
    BackgroundModel,
    explained_by_light,
    measure_exposure,
    outside_range,
    shrink_factor,
    shrunk,
)
from tests.mining.detectors.street import Street


def measured(street: Street) -> tuple[BackgroundModel, np.ndarray]:
    model = BackgroundModel.of(street.background)
    return model, shrunk(street.image, model.factor)


@pytest.mark.parametrize(("gain", "offset"), [(0.7, 0.0), (1.2, -10.0), (0.9, 15.0)])
def test_the_tone_curve_undoes_the_exposure(gain, offset):
    street = Street()
    street.car(150, 120, 220, 150)  # a tenth of the picture moves
    street.exposed(gain, offset)
    model, small = measured(street)
    exposure = measure_exposure(small, model)
    levels = np.quantile(street.background, [0.1, 0.5, 0.9])
    seen = np.rint(levels * gain + offset).astype(int)
    for channel in range(3):
        assert np.abs(exposure.table[seen, channel].astype(float) - levels).max() <= 4


def test_the_tone_curve_need_not_be_a_straight_line():
    street = Street()
    street.image = (255 * (street.image / 255.0) ** 1.3).astype(np.uint8)
    model, small = measured(street)
    exposure = measure_exposure(small, model)
    assert np.abs(exposure.corrected(small).astype(int) - model.small).mean() < 3


def test_light_that_is_the_same_is_left_alone():
    street = Street()
    street.car(150, 120, 220, 150)
    model, small = measured(street)
    assert measure_exposure(small, model).table is None


@pytest.mark.parametrize("sigma", [2.0, 6.0])
def test_noise_is_measured_in_spite_of_a_cloud(sigma):
    """Shrinking by two averages four pixels, which halves independent noise; the grain is a median's own."""
    street = Street()
    street.shadow([(0, 0), (300, 0), (300, 360), (0, 360)], strength=0.7, blur=20.0)
    street.noisy(sigma)
    model, small = measured(street)
    assert measure_exposure(small, model).noise == pytest.approx(sigma / 2, rel=0.5, abs=0.6)


def test_a_picture_of_one_level_has_no_exposure_to_measure():
    black = np.zeros((90, 160, 3), dtype=np.uint8)
    exposure = measure_exposure(black, BackgroundModel.of(black))
    assert exposure.table is None
    assert exposure.noise == 0.0


def test_what_shifts_by_a_pixel_is_no_difference():
    rng = np.random.default_rng(2)
    texture = rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
    model = BackgroundModel.of(texture)
    moved = np.roll(texture, (1, -1), axis=(0, 1))
    inner = np.s_[2:-2, 2:-2]
    assert outside_range(moved, model)[inner].max() == 0
    other = rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
    assert outside_range(other, model).mean() > 1


def test_shadows_may_be_light_and_red_cars_may_not():
    street = Street()
    car = street.car(400, 100, 160, 90)
    shade = street.shadow([(60, 120), (240, 120), (240, 260), (60, 260)], blur=8.0)
    model, small = measured(street)
    light = explained_by_light(small, model, 0.0)
    inner = np.zeros_like(light, dtype=bool)
    inner[70:120, 45:105] = True
    assert shade[140:240, 90:210].all()
    assert (light[inner] == LIGHT).mean() > 0.95
    body = np.zeros_like(light, dtype=bool)
    body[74:90, 215:270] = True
    assert car[150:178, 432:538].all()
    assert (light[body] == NO_LIGHT).mean() > 0.95


@pytest.mark.parametrize("size", [(160, 120), (640, 352), (1280, 720), (1920, 1080), (3840, 2160)])
def test_every_size_is_looked_at_small(size):
    factor = shrink_factor(*size)
    assert 100 <= max(size) / factor <= 1000
