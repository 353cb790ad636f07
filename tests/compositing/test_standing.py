"""Whether a background shows an object: the same pattern in any light, and not merely the same road."""

from __future__ import annotations

import numpy as np
import pytest

from core.compositing.standing import shows

ROAD = np.random.default_rng(1).integers(90, 110, (30, 50, 3)).astype(np.uint8)
BITS = np.zeros((30, 50), np.bool_)
BITS[5:25, 10:40] = True


def with_car(background: np.ndarray, seed: int) -> np.ndarray:
    """Blocks of 5 by 5 pixels of random brightness inside the mask."""
    blocks = np.random.default_rng(seed).integers(20, 220, (6, 10))
    car = np.kron(blocks, np.ones((5, 5)))[..., None].astype(np.uint8)
    image = background.copy()
    image[BITS] = np.broadcast_to(car, image.shape)[BITS]
    return image


def test_what_is_there_is_shown() -> None:
    assert shows(with_car(ROAD, 7), with_car(ROAD, 7), BITS)


@pytest.mark.parametrize("gain", [0.5, 0.8, 1.1])
def test_the_light_does_not_matter(gain: float) -> None:
    assert shows((with_car(ROAD, 7) * gain).astype(np.uint8), with_car(ROAD, 7), BITS)


def test_the_bare_road_shows_nothing() -> None:
    assert not shows(ROAD, with_car(ROAD, 7), BITS)


def test_another_car_is_another_car() -> None:
    assert not shows(with_car(ROAD, 8), with_car(ROAD, 7), BITS)


def test_what_has_no_pattern_is_told_by_its_brightness() -> None:
    plain, road = np.full((30, 50, 3), 180, np.uint8), np.full((30, 50, 3), 100, np.uint8)
    assert shows(plain, plain, BITS)
    assert not shows(road, plain, BITS)


def test_nothing_is_not_shown() -> None:
    assert not shows(ROAD, ROAD, np.zeros_like(BITS))
