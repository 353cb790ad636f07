"""Bodies posed in torch against numpy's, against straight loops, and against smplx where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from benchmarks._random_bodies import random_body
from benchmarks._smplx_peer import smplx_is_here
from benchmarks.bodies import farthest_um
from core.networks.body import TorchBody
from core.shapes.body.model_file import stand_in_body
from core.shapes.body.rotations import matrices
from core.shapes.body.skeleton import SMPLX_COUNT

SMPLX_PICKS = 9930
"""The package picks vertices up to the 9,929th, whatever the body."""


def posed_by_loops(model, turns, betas):
    """SMPL's recipe number by number (Loper et al., 2015): no array but those of single points.

    It shares nothing with what it is compared with but the model's arrays, whose form the paper's own files
    have: turns (J, 3, 3) are SciPy's, and a point walks up the chain by itself.
    """
    count = len(model.template)
    shaped = model.template.copy()
    for vertex in range(count):
        for axis in range(3):
            for k, beta in enumerate(betas):
                shaped[vertex, axis] += model.shape_directions[vertex, axis, k] * beta
    joints = [sum(row[v] * shaped[v] for v in range(count)) for row in model.joint_regressor]
    bent = shaped.copy()
    if model.pose_directions is not None:
        for joint in range(1, len(turns)):
            for row in range(3):
                for column in range(3):
                    part = turns[joint][row, column] - (row == column)
                    bent += model.pose_directions[..., 9 * (joint - 1) + 3 * row + column] * part

    def moved(point, joint):
        """Where a point of the rest pose that hangs on a joint alone goes."""
        while joint >= 0:
            point = turns[joint] @ (point - joints[joint]) + joints[joint]
            joint = int(model.parents[joint])
        return point

    vertices = [
        sum(weight * moved(bent[v], joint) for joint, weight in enumerate(model.weights[v]) if weight)
        for v in range(count)
    ]
    return np.array(vertices), np.array([moved(place, joint) for joint, place in enumerate(joints)])


@pytest.mark.parametrize("joints", [24, SMPLX_COUNT])
def test_numpys_and_torchs_bodies_are_smpls_recipe(joints):
    model = random_body(3, vertices=20, joints=joints, shapes=4)
    rng = np.random.default_rng(7)
    pose, betas = rng.normal(size=(2, joints, 3)) * 0.6, rng.normal(size=(2, 4))
    turns = Rotation.from_rotvec(pose.reshape(-1, 3)).as_matrix().reshape(2, joints, 3, 3)
    ours = model.posed(pose, betas)
    body = TorchBody(model, torch.float64)(torch.as_tensor(turns), torch.as_tensor(betas))
    for one in range(2):
        vertices, places = posed_by_loops(model, turns[one], betas[one])
        np.testing.assert_allclose(ours.vertices[one], vertices, atol=1e-12)
        np.testing.assert_allclose(ours.joints[one], places, atol=1e-12)
        np.testing.assert_allclose(body.vertices[one].numpy(), vertices, atol=1e-12)
        np.testing.assert_allclose(body.joints[one].numpy(), places, atol=1e-12)


def test_the_stand_in_is_the_same_in_torch_to_a_hundredth_of_a_millimetre():
    model = stand_in_body()
    rng = np.random.default_rng(1)
    pose, betas, place = rng.normal(size=(3, 24, 3)) * 0.5, rng.normal(size=(3, 10)), rng.normal(size=(3, 3))
    expected = model.posed(pose, betas, place)
    tensors = [torch.as_tensor(array, dtype=torch.float32) for array in (matrices(pose), betas, place)]
    found = TorchBody(model)(*tensors)
    np.testing.assert_allclose(found.vertices.numpy(), expected.vertices, atol=1e-5)
    np.testing.assert_allclose(found.joints.numpy(), expected.joints, atol=1e-5)


def test_losses_reach_back_through_a_body():
    model = random_body(4, vertices=12, shapes=3)
    body = TorchBody(model, torch.float64)
    made = torch.Generator().manual_seed(2)
    turns = torch.as_tensor(matrices(np.random.default_rng(2).normal(size=(1, 24, 3)) * 0.4))
    betas = torch.randn(1, 3, generator=made, dtype=torch.float64)
    inputs = (turns.requires_grad_(), betas.requires_grad_())
    assert torch.autograd.gradcheck(
        lambda *parts: body(*parts).vertices[:, :4], inputs, eps=1e-6, atol=1e-7, fast_mode=True
    )


def test_a_body_leaves_nothing_in_a_checkpoint():
    # a licensed body would otherwise travel with every set of weights
    assert not TorchBody(random_body(4, vertices=12)).state_dict()


@pytest.mark.skipif(not smplx_is_here(), reason="smplx is not installed (the extra `people`)")
@pytest.mark.parametrize("joints", [24, SMPLX_COUNT])
def test_posing_equals_the_smplx_package(joints):
    model = random_body(5, SMPLX_PICKS, joints)
    assert farthest_um(model) < 10
    if joints == 24:
        assert farthest_um(model, by_torch=True) < 10
