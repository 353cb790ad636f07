"""Errors of poses and shapes: worked out by hand, and beside scipy's rotations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.evaluation.keypoints import Share
from core.evaluation.poses import (
    ACCURATE_RAD,
    accuracy,
    add_errors,
    depth_errors,
    median_of,
    place_errors,
    reprojection_errors,
    rotation_errors,
    shape_errors,
)
from core.geometry.poses import heading_rotation


def test_a_quarter_turn_and_a_half_turn() -> None:
    turned = np.stack([heading_rotation(math.pi / 2), np.diag([-1.0, -1.0, 1.0]), np.eye(3)])
    assert rotation_errors(turned, np.stack([np.eye(3)] * 3)) == pytest.approx([math.pi / 2, math.pi, 0.0])


@given(st.integers(0, 2**32 - 1))
def test_angles_are_scipys_and_the_same_both_ways(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = Rotation.random(5, rng=rng), Rotation.random(5, rng=rng)
    found = rotation_errors(one.as_matrix(), other.as_matrix())
    assert found == pytest.approx((one.inv() * other).magnitude(), abs=1e-9)
    assert found == pytest.approx(rotation_errors(other.as_matrix(), one.as_matrix()), abs=1e-9)


def test_places_and_depths_by_hand() -> None:
    truth = [[0.0, 0.0, 10.0], [1.0, 2.0, 20.0]]
    found = [[3.0, 4.0, 10.0], [1.0, 2.0, 15.0]]
    assert place_errors(found, truth) == pytest.approx([5.0, 5.0])
    assert depth_errors(found, truth) == pytest.approx([0.0, 0.25])
    with pytest.raises(ValueError, match="behind the camera"):
        depth_errors(truth, [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def test_a_shape_whose_half_is_moved() -> None:
    truth = np.zeros((1, 4, 3))
    found = truth.copy()
    found[0, :2, 1] = 0.3
    assert shape_errors(found, truth) == pytest.approx([0.15])


def test_add_of_a_shift_and_of_a_half_turn() -> None:
    """A shift moves every point as far; a half turn about z moves points at a radius r by 2 r."""
    points = np.array([[[1.0, 0.0, 5.0], [0.0, 3.0, -1.0]]] * 2)
    eyes, nowhere = np.stack([np.eye(3)] * 2), np.zeros((2, 3))
    turns = np.stack([np.eye(3), np.diag([-1.0, -1.0, 1.0])])
    shifts = np.array([[0.0, 3.0, 4.0], [0.0, 0.0, 0.0]])
    assert add_errors(turns, shifts, eyes, nowhere, points) == pytest.approx([5.0, 4.0])


def test_add_is_the_mean_distance_of_moved_points() -> None:
    rng = np.random.default_rng(1)
    one, other = Rotation.random(3, rng=rng), Rotation.random(3, rng=rng)
    here, there, points = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 7, 3))
    by_scipy = [
        np.linalg.norm(
            one[row].apply(points[row]) + here[row] - other[row].apply(points[row]) - there[row], axis=1
        ).mean()
        for row in range(3)
    ]
    assert add_errors(one.as_matrix(), here, other.as_matrix(), there, points) == pytest.approx(by_scipy)


def test_points_behind_the_camera_count_nowhere() -> None:
    truth = np.array([[[0.0, 0.0], [10.0, 0.0]]] * 3)
    found = truth + np.array([3.0, 4.0])
    found[1, 0] = np.nan
    found[1, 1] += 1.0
    found[2] = np.nan
    away = reprojection_errors(found, truth)
    assert away[:2] == pytest.approx([5.0, math.hypot(4.0, 5.0)])
    assert np.isinf(away[2])


def test_just_the_limit_is_wrong_and_what_is_missed_too() -> None:
    assert accuracy([0.1, ACCURATE_RAD, 2.0], missed=1) == Share(1, 4)
    assert accuracy([], missed=0).value is None
    assert median_of([3.0, 1.0, 8.0]) == 3.0
    assert median_of([1.0, np.inf]) == np.inf
    assert median_of([]) is None


def test_nothing_has_no_errors() -> None:
    assert rotation_errors(np.zeros((0, 3, 3)), np.zeros((0, 3, 3))).shape == (0,)
    assert reprojection_errors(np.zeros((0, 12, 2)), np.zeros((0, 12, 2))).shape == (0,)


@pytest.mark.parametrize("found", [np.zeros((2, 3)), np.zeros((1, 3, 3)), np.zeros((2, 3, 2))])
def test_arrays_that_do_not_belong_together_are_refused(found: np.ndarray) -> None:
    with pytest.raises(ValueError, match="arrays of"):
        rotation_errors(found, np.zeros((2, 3, 3)))
