"""Errors of joints: worked out by hand, and beside scipy's Procrustes analysis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.transform import Rotation

from core.evaluation.joints import (
    PCK_LIMIT_M,
    aligned_joint_errors,
    correct_joints,
    joint_errors,
)


def test_one_joint_of_four_by_hand() -> None:
    """The whole body elsewhere does not count; one joint off by 12 cm is 3 cm in the mean over four."""
    truth = np.array([[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    found = truth + np.array([5.0, -2.0, 9.0])
    found[0, 2, 2] += 0.12
    assert joint_errors(found, truth) == pytest.approx([0.03])
    # about the joint that is off, the three others are
    assert joint_errors(found, truth, root=2) == pytest.approx([0.09])


@given(st.integers(0, 2**32 - 1))
def test_a_similarity_costs_nothing_after_alignment(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(2, 24, 3))
    turn, scale, shift = Rotation.random(rng=rng), rng.uniform(0.3, 3.0), rng.normal(size=3)
    found = scale * (truth @ turn.as_matrix().T) + shift
    assert aligned_joint_errors(found, truth) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_a_mirrored_body_is_another_pose() -> None:
    truth = np.random.default_rng(3).normal(size=(1, 24, 3))
    assert aligned_joint_errors(truth * np.array([-1.0, 1.0, 1.0]), truth)[0] > 0.3


def test_it_is_scipys_procrustes() -> None:
    """With noise: rotation of the centred sets by scipy, then the scale of least squares."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(24, 3))
    found = 1.7 * (truth + 0.1 * rng.normal(size=(24, 3))) @ Rotation.random(rng=rng).as_matrix().T + 2.0
    one, other = found - found.mean(axis=0), truth - truth.mean(axis=0)
    turn, total = orthogonal_procrustes(one, other)
    assert np.linalg.det(turn) > 0
    moved = one @ turn * total / (one**2).sum() + truth.mean(axis=0)
    expected = np.linalg.norm(moved - truth, axis=1).mean()
    assert aligned_joint_errors(found[None], truth[None]) == pytest.approx([expected])
    assert expected < joint_errors(found[None], truth[None])[0]


def test_alignment_by_hand() -> None:
    """A square whose two other corners are lifted: the best plane lies halfway, each corner 5 cm off."""
    truth = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]])
    found = truth.copy()
    found[0, [0, 2], 2] = 0.1
    # the least squares' scale is 4 / 4.01: corners also move inwards by that
    inward = 1 - 4 / 4.01
    expected = np.hypot(inward, 0.05 * 4 / 4.01)
    assert aligned_joint_errors(found, truth) == pytest.approx([expected], rel=1e-9)


def test_joints_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="joints of"):
        joint_errors(np.zeros((1, 24, 3)), np.zeros((1, 17, 3)))
    assert joint_errors(np.zeros((0, 24, 3)), np.zeros((0, 24, 3))).shape == (0,)


def test_3d_pck_by_hand() -> None:
    """Off by 10 and 20 cm about the root, which itself is a metre away and not counted."""
    truth = np.array([[[0.0, 0.0, 5.0], [0.0, 1.0, 5.0], [1.0, 0.0, 5.0], [0.0, 0.0, 6.0]]])
    found = truth + np.array([1.0, 0.0, 0.0])
    found[0, 1, 0] += 0.1
    found[0, 2, 1] += 0.2
    assert correct_joints(found, truth, PCK_LIMIT_M) == pytest.approx([2 / 3])
    assert correct_joints(found, truth, [0.25]) == pytest.approx([1.0])
    # as they lie all are a metre off
    assert correct_joints(found, truth, 0.9, root=None) == pytest.approx([0.0])
    assert correct_joints(found, truth, 2.0, root=None) == pytest.approx([1.0])
