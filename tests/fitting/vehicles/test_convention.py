"""Habits of placing keypoints, learned from points alone."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import FittingError
from core.fitting.vehicles.convention import learn_convention
from core.fitting.vehicles.evidence import KeypointEvidence
from tests.fitting.vehicles.views import CAMERA, PLANE, evidence, seen_points, space, stand

HABIT = np.zeros((12, 3))
# tail lamps put 12 cm in from the side: that neither moves nor tips a car
HABIT[[6, 7]] = [[0.0, 0.12, 0.0], [0.0, -0.12, 0.0]]


def cars(count: int, noise_px: float, seed: int = 0) -> list[KeypointEvidence]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        pose = stand((rng.uniform(10, 25), rng.uniform(-4, 4)), rng.uniform(-np.pi, np.pi))
        beta = rng.normal(size=5)
        pixels = CAMERA.project(pose.apply(space().keypoints(beta) + HABIT))
        found.append(
            evidence(pixels + rng.normal(0, noise_px, (12, 2)), seen_points(pose, beta), sigma_px=1.0)
        )
    return found


def test_a_habit_is_found_on_the_ground():
    learned = learn_convention(CAMERA, PLANE, space(), cars(150, 1.0))
    assert learned.offsets[7, 1] == pytest.approx(-0.12, abs=0.04)
    np.testing.assert_allclose(learned.offsets[6], learned.offsets[7] * [1, -1, 1], atol=1e-9)
    # the other keypoints are where they were, and the car as a whole does not move
    assert np.abs(np.delete(learned.offsets, [6, 7], axis=0)).max() < 0.04
    np.testing.assert_allclose(learned.offsets.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_array_equal(learned.space(space()).mean, space().mean + learned.offsets)
    assert learned.noise_times < 1.3
    assert learned.cars == 150


def test_the_noise_that_points_show_is_learned_with_it():
    learned = learn_convention(CAMERA, PLANE, space(), cars(100, 3.0, seed=1))
    assert 2.4 < learned.noise_times < 3.6
    one = learned.evidence(cars(1, 0.0)[0])
    assert one.sharp_px == pytest.approx(learned.noise_times)


def test_points_without_a_habit_teach_none():
    rng = np.random.default_rng(5)
    plain = []
    for _ in range(80):
        pose = stand((rng.uniform(10, 25), rng.uniform(-4, 4)), rng.uniform(-np.pi, np.pi))
        beta = rng.normal(size=5)
        pixels = CAMERA.project(pose.apply(space().keypoints(beta)))
        plain.append(evidence(pixels + rng.normal(0, 1, (12, 2)), seen_points(pose, beta), sigma_px=1.0))
    learned = learn_convention(CAMERA, PLANE, space(), plain)
    assert np.abs(learned.offsets).max() < 0.03


def test_a_handful_of_cars_teaches_nothing():
    with pytest.raises(FittingError, match="20 are needed"):
        learn_convention(CAMERA, None, space(), cars(5, 1.0))
