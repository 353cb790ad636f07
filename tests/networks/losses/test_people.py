"""HMR 2.0's losses, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from core.networks.losses.people import (  # noqa: E402
    PersonLossWeights,
    PersonPrediction,
    PersonTargets,
    keypoints_2d_loss,
    keypoints_3d_loss,
    parameter_loss,
    person_losses,
)
from core.networks.rotations import rotation_from_vector  # noqa: E402

NAN = torch.nan


def test_points_in_the_picture_count_as_they_are_sure() -> None:
    said = torch.tensor([[[0.1, 0.2], [0.0, 0.0]], [[0.3, 0.0], [0.5, 0.5]]])
    target = torch.tensor([[[0.0, 0.0], [NAN, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    sure = torch.tensor([[1.0, 0.0], [0.5, 0.2]])
    # summed over points and people, not averaged
    assert keypoints_2d_loss(said, target, sure).item() == pytest.approx(0.3 + 0.5 * 0.3 + 0.2 * 1.0)


def test_points_in_space_are_taken_about_the_root() -> None:
    target = torch.tensor([[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    sure = torch.ones(1, 2)
    assert keypoints_3d_loss(target + 5.0, target, sure, root=0).item() == pytest.approx(0.0, abs=1e-5)
    said = target.clone()
    said[0, 1] += torch.tensor([0.1, -0.2, 0.0])
    assert keypoints_3d_loss(said + 2.0, target, sure, root=0).item() == pytest.approx(0.3, rel=1e-5)
    # about the other one the root is what is off
    assert keypoints_3d_loss(said, target, sure, root=1).item() == pytest.approx(0.3, rel=1e-5)


def test_parameters_count_where_they_are_known() -> None:
    said = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    target = torch.tensor([[0.0, 0.0], [NAN, NAN]])
    loss = parameter_loss(said, target, torch.tensor([True, False]))
    assert loss.item() == pytest.approx(5.0)
    loss.backward()
    assert said.grad is not None
    assert said.grad.tolist() == [[2.0, 4.0], [0.0, 0.0]]


def case() -> tuple[PersonPrediction, PersonTargets]:
    """One person of two joints: turned by 0.2 at the root and by 0.4 at a joint, one coefficient off by 2."""
    eye = torch.eye(3).expand(1, 2, 3, 3)
    turn = rotation_from_vector(torch.tensor([[[0.2, 0.0, 0.0], [0.0, 0.4, 0.0]]]))
    points = torch.zeros(1, 2, 3)
    off = points.clone()
    off[0, 1, 0] = 0.6
    said = PersonPrediction(off[..., :2], off, turn[:, :1], turn[:, 1:], torch.tensor([[2.0, 0.0]]))
    yes, ones = torch.tensor([True]), torch.ones(1, 2)
    targets = PersonTargets(
        points[..., :2], ones, points, ones, eye[:, :1], eye[:, 1:], torch.zeros(1, 2), yes, yes, yes
    )
    return said, targets


def test_the_weights_are_hmrs() -> None:
    said, targets = case()
    found = person_losses(said, targets, PersonLossWeights(), root=0, realism=torch.tensor([[0.0, 1.0, 3.0]]))
    expected = {
        "keypoints_3d": 0.05 * 0.6,
        "keypoints_2d": 0.01 * 0.6,
        "global_orientation": 0.001 * 8 * math.sin(0.1) ** 2,  # |R - I|^2 of a turn
        "body_pose": 0.001 * 8 * math.sin(0.2) ** 2,
        "shape": 0.0005 * 4.0,
        "adversarial": 0.0005 * (1.0 + 0.0 + 4.0),
    }
    assert {name: loss.item() for name, loss in found.items()} == pytest.approx(expected, rel=1e-4)


def test_what_is_not_known_of_a_person_is_not_asked() -> None:
    said, targets = case()
    no = torch.tensor([False])
    bare = replace(targets, has_orientation=no, has_pose=no, has_shape=no, sure_3d=torch.zeros(1, 2))
    found = person_losses(said, bare, PersonLossWeights(), root=0)
    assert {name for name, loss in found.items() if loss.item() > 0} == {"keypoints_2d"}
