"""The arrow of a track's equations against the same equations written out whole."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks._seen_cars import scene, see
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.ground_model import POSE
from core.fitting.vehicles.levenberg_marquardt import Sightings, linearise
from core.fitting.vehicles.motion import Motion, MotionPrior
from core.fitting.vehicles.track_solver import SharedShape, solve_track, track_covariance
from core.shapes.space_file import default_space
from tests.fitting.vehicles.test_motion import dense

Array = NDArray[np.float64]
SPACE, WHERE = default_space(), scene()
FITTER = VehicleFitter(WHERE.camera, WHERE.plane, SPACE)
FRAMES = 7
TRUTH = np.column_stack(
    [np.linspace(20, 32, FRAMES), np.linspace(-3, 4, FRAMES), np.full(FRAMES, np.arctan2(7, 12))]
)
SHAPE = np.array([0.8, -0.5, 0.3, 1.0, -1.2])
STATE = np.concatenate([TRUTH, np.broadcast_to(SHAPE, (FRAMES, 5))], axis=1)
TIMES = 0.2 * np.arange(FRAMES)


def sightings(noise_px: float = 2.0) -> Sightings:
    rng = np.random.default_rng(1)
    cars = [see(WHERE, SPACE, row[:2], float(row[2]), SHAPE, rng, noise_px) for row in TRUTH]
    return FITTER.sightings([car.evidence for car in cars])


def whole(seen: Sightings, state: Array, motion: Motion | None) -> tuple[Array, Array]:
    """The matrix and gradient over all poses, then the shape."""
    found = linearise(SharedShape(FITTER.model, POSE), seen, state, np.inf)
    size = 3 * FRAMES
    matrix, gradient = np.zeros((size + 5, size + 5)), np.zeros(size + 5)
    for frame in range(FRAMES):
        where = [3 * frame, 3 * frame + 1, 3 * frame + 2, *range(size, size + 5)]
        matrix[np.ix_(where, where)] += found.information[frame]
        gradient[where] += found.gradient[frame]
    matrix[size:, size:] += np.eye(5)
    gradient[size:] += state[0, 3:]
    if motion is not None:
        terms = motion.terms(state[:, :3])
        matrix[:size, :size] += dense(terms.band)
        gradient[:size] += terms.gradient.ravel()
    return matrix, gradient


@pytest.mark.parametrize("moving", [False, True])
def test_the_covariance_is_that_of_the_whole_matrix(moving: bool) -> None:
    motion = Motion(TIMES, MotionPrior(), 1.35) if moving else None
    seen = sightings()
    got = track_covariance(FITTER.model, POSE, seen, STATE, motion)
    inverse = np.linalg.inv(whole(seen, STATE, motion)[0])
    for frame in range(FRAMES):
        where = [3 * frame, 3 * frame + 1, 3 * frame + 2, *range(3 * FRAMES, 3 * FRAMES + 5)]
        np.testing.assert_allclose(got[frame], inverse[np.ix_(where, where)], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("moving", [False, True])
def test_at_the_solution_the_whole_gradient_vanishes(moving: bool) -> None:
    motion = Motion(TIMES, MotionPrior(), 1.35) if moving else None
    seen = sightings()
    start = STATE + np.array([0.5, -0.3, 0.05, 0, 0, 0, 0, 0])
    solved = solve_track(FITTER.model, POSE, seen, start, motion, huber=np.inf)
    assert np.ptp(solved.state[:, 3:], axis=0).max() == 0.0
    matrix, gradient = whole(seen, solved.state, motion)
    # what a Newton step would still change, in standard deviations
    step = np.linalg.solve(matrix, gradient)
    assert np.sqrt(step @ matrix @ step) < 0.01


def test_exact_points_of_the_mean_car_give_the_truth() -> None:
    rng = np.random.default_rng(1)
    cars = [see(WHERE, SPACE, row[:2], float(row[2]), np.zeros(5), rng, 0.0, 0.0) for row in TRUTH]
    seen = FITTER.sightings([car.evidence for car in cars])
    truth = np.concatenate([TRUTH, np.zeros((FRAMES, 5))], axis=1)
    aside = np.array([0.4, 0.2, -0.05, 0, 0, 0, 0, 0])
    solved = solve_track(FITTER.model, POSE, seen, truth + aside)
    np.testing.assert_allclose(solved.state, truth, atol=1e-4)
