"""Rotations in torch are numpy's, and what is no rotation yet becomes the nearest sensible one."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry import poses  # noqa: E402
from core.networks.rotations import (  # noqa: E402
    cross_matrix,
    rotation_from_vector,
    rotations_from_6d,
    rotations_to_6d,
)


def test_rotation_vectors_are_turned_as_in_numpy() -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 3)) * np.logspace(-9, 0.3, 50)[:, None]
    found = rotation_from_vector(torch.from_numpy(vectors)).numpy()
    np.testing.assert_allclose(found, poses.rotation_from_vector(vectors), atol=1e-15)
    np.testing.assert_array_equal(
        cross_matrix(torch.from_numpy(vectors)).numpy(), poses.cross_matrix(vectors)
    )


@pytest.mark.parametrize("size", [0.0, 1e-6, 1.0])
def test_the_derivative_holds_at_no_turn_too(size: float) -> None:
    vector = (torch.tensor([0.6, -0.48, 0.64], dtype=torch.float64) * size).requires_grad_()
    assert torch.autograd.gradcheck(rotation_from_vector, (vector,), eps=1e-7, atol=1e-6)


def test_six_numbers_come_back_and_their_lengths_do_not_matter() -> None:
    vectors = torch.from_numpy(np.random.default_rng(2).normal(size=(20, 3)))
    rotations = rotation_from_vector(vectors)
    six = rotations_to_6d(rotations)
    torch.testing.assert_close(rotations_from_6d(six), rotations)
    # the second column's share along the first is dropped
    sheared = six.clone()
    sheared[:, 3:] = 3.0 * six[:, 3:] + 0.7 * six[:, :3]
    sheared[:, :3] *= 0.1
    torch.testing.assert_close(rotations_from_6d(sheared), rotations)


def test_six_numbers_are_two_columns() -> None:
    # x goes to z, y stays: a quarter turn about y the other way round
    found = rotations_from_6d(torch.tensor([0.0, 0.0, 2.0, 0.0, 1.0, 0.0]))
    expected = [[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    torch.testing.assert_close(found, torch.tensor(expected))
