"""How the 3D half sees a car in its box: in perspective, and as the released code did."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.networks.occlusion_net.three_d import (  # noqa: E402
    ShapeBasis,
    placed_in_perspective,
    placed_orthographically,
    turn_to,
)
from core.networks.rotations import rotation_from_vector  # noqa: E402
from tests.networks.pnp.views import MATRIX, SPACE  # noqa: E402

BOXES = torch.tensor([[1200.0, 300.0, 1400.0, 420.0]], dtype=torch.float64)


def test_the_basis_is_the_car_space() -> None:
    beta = np.random.default_rng(1).normal(size=(3, 5))
    types = torch.tensor([[3, 0, 11]]).expand(3, 3)
    found = ShapeBasis(SPACE, 5)(torch.from_numpy(beta).float(), types)
    np.testing.assert_allclose(found.numpy(), SPACE.keypoints(beta)[:, [3, 0, 11]], atol=1e-5)


def test_zeros_are_a_car_from_behind_in_the_middle_of_its_box() -> None:
    points = torch.tensor([[[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]).double()
    placed = placed_in_perspective(
        torch.zeros(1, 9).double(), points, torch.zeros(3).double(), 3.0, BOXES, MATRIX[None]
    )
    torch.testing.assert_close(placed.projected[0, 0], torch.zeros(2).double(), rtol=0, atol=1e-12)
    # 3 m fill the box of 200 px at 1400 * 3 / 200
    assert placed.translation[0, 2].item() == pytest.approx(21.0)
    # its front is farther away, its left side at the left, its roof above
    camera = points[0] @ placed.rotation[0].T + placed.translation[0]
    assert camera[1, 2] > camera[0, 2] + 1.9
    assert placed.projected[0, 2, 0] < -0.4
    assert placed.projected[0, 3, 1] < -0.4


def test_the_box_moves_the_car_and_the_numbers_move_it_in_the_box() -> None:
    middle = torch.tensor([0.1, -0.2, 0.6], dtype=torch.float64)
    numbers = torch.zeros(1, 9).double()
    numbers[0, 6:] = torch.tensor([0.5, -0.25, 0.7])
    placed = placed_in_perspective(numbers, middle.expand(1, 1, 3), middle, 3.0, BOXES, MATRIX[None])
    torch.testing.assert_close(placed.projected[0, 0], torch.tensor([0.5, -0.25]).double())
    assert (placed.rotation[0] @ middle + placed.translation[0])[2].item() == pytest.approx(
        21.0 * np.exp(0.7)
    )


def test_the_least_turn_goes_to_the_ray() -> None:
    rays = torch.tensor([[0.3, -0.2, 1.0], [0.0, 0.0, 1.0]]).double()
    turns = turn_to(rays)
    torch.testing.assert_close(turns[:, :, 2], torch.nn.functional.normalize(rays, dim=1))
    torch.testing.assert_close(turns @ turns.mT, torch.eye(3).double().expand(2, 3, 3))
    torch.testing.assert_close(turns[1], torch.eye(3).double())


def test_the_released_view_is_a_turn_scaled_twice_and_stretched() -> None:
    vector = torch.tensor([0.3, -0.5, 0.8], dtype=torch.float64)
    angle = vector.norm()
    quaternion = torch.cat([(angle / 2).cos()[None], vector / angle * (angle / 2).sin()]) * 3.0
    numbers = torch.cat([torch.tensor([0.5, 0.1, -0.2]).double(), quaternion])[None]
    points = torch.from_numpy(np.random.default_rng(2).normal(size=(1, 12, 3)))
    found = placed_orthographically(numbers, points, BOXES)
    turned = points[0] @ rotation_from_vector(vector).T
    # q X q* is the turn times the quaternion's squared length; the box is 200 wide and 120 high
    expected = (0.5 * 9.0 * turned[:, :2] + torch.tensor([0.1, -0.2])) * torch.tensor([1.0, 200 / 120])
    torch.testing.assert_close(found[0], expected)


def test_the_view_has_the_right_derivative() -> None:
    torch.manual_seed(3)
    points = torch.randn(1, 4, 3).double()
    numbers = (0.2 * torch.randn(1, 9)).double().requires_grad_()

    def seen(numbers: torch.Tensor) -> torch.Tensor:
        middle = torch.zeros(3).double()
        return placed_in_perspective(numbers, points, middle, 3.0, BOXES, MATRIX[None]).projected

    assert torch.autograd.gradcheck(seen, (numbers,))
