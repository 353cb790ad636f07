"""Rotations there and back, and poses one after the other."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.geometry.poses import (
    Pose,
    compose,
    rotation_angle,
    rotation_from_quaternion,
    rotation_from_vector,
    vector_from_rotation,
)

parts = st.floats(-1.0, 1.0)


@given(parts, parts, parts, st.floats(0.0, np.pi - 1e-6))
def test_a_rotation_vector_comes_back(x: float, y: float, z: float, angle: float) -> None:
    length = np.sqrt(x * x + y * y + z * z)
    vector = np.array([x, y, z]) / length * angle if length > 1e-3 else np.array([0.0, 0.0, angle])
    np.testing.assert_allclose(vector_from_rotation(rotation_from_vector(vector)), vector, atol=1e-9)


def test_rotations_are_opencvs_also_near_nothing_and_a_half_turn() -> None:
    rng = np.random.default_rng(1)
    for angle in (0.0, 1e-9, 1e-5, 0.3, 2.0, np.pi - 1e-5):
        axis = rng.normal(size=3)
        vector = axis / np.linalg.norm(axis) * angle
        np.testing.assert_allclose(rotation_from_vector(vector), cv2.Rodrigues(vector)[0], atol=1e-14)


def test_batches_have_the_shape_they_are_given_in() -> None:
    vectors = np.random.default_rng(2).normal(size=(4, 5, 3)) * 0.7
    rotations = rotation_from_vector(vectors)
    assert rotations.shape == (4, 5, 3, 3)
    np.testing.assert_allclose(vector_from_rotation(rotations), vectors, atol=1e-12)
    np.testing.assert_allclose(rotation_angle(rotations, np.eye(3)), np.linalg.norm(vectors, axis=-1))


def test_a_quaternion_is_the_same_turn() -> None:
    # a quarter turn about z takes x to y
    turn = rotation_from_quaternion([np.cos(np.pi / 4), 0.0, 0.0, np.sin(np.pi / 4)])
    np.testing.assert_allclose(turn @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], atol=1e-15)


def test_a_pose_and_its_inverse_leave_everything_in_place() -> None:
    rng = np.random.default_rng(3)
    first = Pose(rotation_from_vector(rng.normal(size=3)), rng.normal(size=3))
    second = Pose(rotation_from_vector(rng.normal(size=3)), rng.normal(size=3))
    points = rng.normal(size=(2, 7, 3))
    np.testing.assert_allclose(
        compose(second, first).apply(points), second.apply(first.apply(points)), atol=1e-14
    )
    np.testing.assert_allclose(first.inverse().apply(first.apply(points)), points, atol=1e-14)
    np.testing.assert_allclose(first.apply(first.centre), 0.0, atol=1e-14)
