"""How cars move: derivatives against finite differences, and what costs nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.fitting.vehicles.motion import BAND, PLACE, Motion, MotionPrior, bent_velocity, smooth_velocity

Array = NDArray[np.float64]
REAR = 1.35


def dense(band: Array) -> Array:
    """The whole symmetric matrix of a lower band."""
    size = band.shape[1]
    out = np.zeros((size, size))
    for below in range(min(BAND, size)):
        run = band[below, : size - below]
        out += np.diag(run, -below) + (np.diag(run, below) if below else 0)
    return out


def arc(count: int, speed: float, turning: float, step: float, heading: float) -> Array:
    """Poses of a car whose rear axle drives along an arc; the origin is in front of it."""
    headings = heading + turning * step * np.arange(count)
    middle = headings[:-1] + turning * step / 2
    half = turning * step / 2
    chord = speed * step * (np.sinc(half / np.pi))
    way = chord * np.stack([np.cos(middle), np.sin(middle)], axis=1)
    rear = np.concatenate([np.zeros((1, 2)), np.cumsum(way, axis=0)])
    return np.column_stack([rear + REAR * np.stack([np.cos(headings), np.sin(headings)], 1), headings])


@given(
    count=st.integers(1, 6), seed=st.integers(0, 999), turn=st.floats(-2.5, 2.5), step=st.floats(0.02, 2.0)
)
def test_gradient_and_second_derivative_are_those_of_the_cost(
    count: int, seed: int, turn: float, step: float
) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.5, 1.5, count)) * step
    poses = np.column_stack([rng.normal(0, 3, (count, 2)), turn + rng.normal(0, 0.2, count)])
    motion = Motion(times, MotionPrior(), REAR)
    terms = motion.terms(poses)
    for number in range(3 * count):
        change = 1e-5 * np.eye(3 * count)[number].reshape(count, PLACE)
        slope = (motion.terms(poses + change).cost - motion.terms(poses - change).cost) / 2e-5
        assert terms.gradient.ravel()[number] == pytest.approx(
            slope / 2, rel=1e-4, abs=1e-4 * (1 + terms.cost)
        )
    # Gauss and Newton's matrix is positive, and exact along a common shift, which costs nothing
    matrix = dense(terms.band)
    assert np.linalg.eigvalsh(matrix).min() > -1e-6 * max(1.0, np.abs(matrix).max())
    shift = np.tile([1.0, 2.0, 0.0], count)
    np.testing.assert_allclose(matrix @ shift, 0.0, atol=1e-6 * max(1.0, np.abs(matrix).max()))


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("heading", [0.0, 3.1, -2.0])
def test_driving_straight_at_one_speed_costs_nothing_either_way(way: int, heading: float) -> None:
    poses = arc(12, way * 9.0, 0.0, 0.2, heading)
    poses[6:, 2] += 2 * np.pi  # a full turn is none
    assert Motion(0.2 * np.arange(12), MotionPrior(), REAR).terms(poses).cost == pytest.approx(0.0, abs=1e-9)


def test_an_arc_has_no_slip_and_its_own_acceleration() -> None:
    speed, turning, step = 5.0, 0.4, 0.2
    terms = Motion(step * np.arange(9), MotionPrior(), REAR).terms(arc(9, speed, turning, step, 0.3))
    # the origin circles at hypot(v / w, L); its steps are chords, each turned against the last
    chord = 2 * np.hypot(speed / turning, REAR) * np.sin(turning * step / 2)
    change = 2 * (chord / step) * np.sin(turning * step / 2) / step
    assert terms.cost == pytest.approx(7 * (change / 3.0) ** 2, rel=1e-6)


def test_slipping_sideways_costs_its_sigmas() -> None:
    prior = MotionPrior(slip_m=0.1, slip_m_s=0.5)
    poses = np.array([[0.0, 0.0, 0.0], [3.0, 0.4, 0.0]])
    assert Motion(np.array([0.0, 0.2]), prior, REAR).terms(poses).cost == pytest.approx((0.4 / 0.2) ** 2)


@given(speed=st.floats(-20, 20), across=st.floats(-20, 20), seed=st.integers(0, 99))
def test_a_steady_velocity_is_found_whatever_the_times(speed: float, across: float, seed: int) -> None:
    times = np.cumsum(np.random.default_rng(seed).uniform(0.05, 1.0, 9))
    places = times[:, None] * [speed, across] + [4.0, -2.0]
    found = smooth_velocity(times, places, np.linspace(times[0], times[-1], 5))
    np.testing.assert_allclose(found, np.broadcast_to([speed, across], (5, 2)), atol=1e-6)


@given(speed=st.floats(-15, 15), turning=st.floats(-3, 3), seed=st.integers(0, 9))
def test_a_velocity_that_changes_evenly_is_found_at_the_ends_too(
    speed: float, turning: float, seed: int
) -> None:
    times = np.cumsum(np.random.default_rng(seed).uniform(0.1, 0.5, 9))
    places = np.stack([speed * times, turning * times**2 / 2], axis=1)
    found = bent_velocity(times, places, times)
    np.testing.assert_allclose(found, np.stack([np.full(9, speed), turning * times], axis=1), atol=1e-6)
