"""The solver on problems whose answers are known in closed form."""

from __future__ import annotations

import numpy as np

from core.fitting.vehicles.levenberg_marquardt import Sightings, linearise, minimise


class Shift:
    """Points that stand where the two parameters say, with a prior of a given weight on being at nought."""

    def __init__(self, weight: float = 0.0) -> None:
        self.weight = weight

    def project(self, state):
        count = len(state)
        pixels = np.repeat(state[:, :, None], 5, axis=2)
        return pixels, np.broadcast_to(np.eye(2)[None, :, :, None], (count, 2, 2, 5)).copy()

    def prior(self, state):
        cost = self.weight * (state**2).sum(axis=1)
        return cost, self.weight * state, self.weight * np.eye(2)

    def moved(self, state, steps):
        return state + steps


def seen(x, weight=1.0):
    pixels = np.zeros((1, 2, 5))
    pixels[0, 0] = x
    return Sightings(pixels, np.full((1, 5), weight))


def test_without_outliers_it_is_the_weighted_mean():
    # sum w^2 (x - m)^2 + p m^2 is least at w^2 sum x / (n w^2 + p)
    found = minimise(Shift(2.0), seen([1.0, 1.1, 0.9, 1.2, 0.8], 0.5), np.zeros((1, 2)))
    np.testing.assert_allclose(found.state[0, 0], 0.25 * 5.0 / (5 * 0.25 + 2.0), atol=1e-6)
    np.testing.assert_allclose(found.information[0], np.eye(2) * (5 * 0.25 + 2.0))


def test_a_far_point_pulls_as_hubers_loss_lets_it():
    # four at 0 and one far away: 4 m = delta at the optimum
    found = minimise(Shift(), seen([0.0, 0.0, 0.0, 0.0, 100.0]), np.zeros((1, 2)), huber=2.0)
    np.testing.assert_allclose(found.state[0, 0], 0.5, atol=1e-3)
    # 4 m^2 + 2 delta (100 - m) - delta^2
    np.testing.assert_allclose(found.cost[0], 4 * 0.25 + 4 * 99.5 - 4, atol=1e-4)


def test_points_of_no_weight_may_be_anything():
    sights = seen([1.0, 1.0, 1.0, np.nan, np.inf])
    sights.weights[0, 3:] = 0.0
    found = minimise(Shift(), sights, np.zeros((1, 2)))
    np.testing.assert_allclose(found.state[0], [1.0, 0.0], atol=1e-6)
    np.testing.assert_array_equal(found.squares[0, 3:], 0.0)


def test_rows_of_a_batch_do_not_meddle_with_each_other():
    rng = np.random.default_rng(0)
    pixels = rng.normal(size=(7, 2, 5))
    together = minimise(Shift(1.0), Sightings(pixels, np.ones((7, 5))), np.zeros((7, 2)))
    for row in range(7):
        alone = minimise(Shift(1.0), Sightings(pixels[row : row + 1], np.ones((1, 5))), np.zeros((1, 2)))
        np.testing.assert_allclose(together.state[row], alone.state[0], atol=1e-9)


class Blind(Shift):
    """Sees nothing left of nought."""

    def project(self, state):
        pixels, slope = super().project(state)
        return np.where(state[:, :1, None] >= 0, pixels, np.nan), slope


def test_a_start_that_sees_nothing_is_given_up_and_others_go_on():
    starts = np.array([[-5.0, 0.0], [3.0, 0.0]])
    sights = Sightings(np.ones((2, 2, 5)), np.ones((2, 5)))
    found = minimise(Blind(), sights, starts)
    assert found.cost[0] == np.inf
    np.testing.assert_allclose(found.state[1], [1.0, 1.0], atol=1e-6)


def test_a_step_into_the_blind_is_taken_back():
    # the pull leads to -1, where nothing is seen; the best that is seen is at nought
    sights = Sightings(np.stack([np.full(5, -1.0), np.zeros(5)])[None], np.ones((1, 5)))
    found = minimise(Blind(), sights, np.array([[1.0, 0.0]]))
    assert 0 <= found.state[0, 0] < 0.5
    assert np.isfinite(found.cost[0])
    assert found.cost[0] <= linearise(Blind(), sights, np.array([[1.0, 0.0]])).cost[0]
