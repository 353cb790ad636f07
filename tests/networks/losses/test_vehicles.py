"""WALT3D's equation 1, worked out by hand, and with the PnP layer in between."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from core.networks.losses.counted import summed  # noqa: E402
from core.networks.losses.vehicles import (  # noqa: E402
    VehicleLossWeights,
    VehicleTargets,
    vehicle_losses,
)
from core.networks.pnp.layer import solve_pnp  # noqa: E402
from core.networks.projection import moved, project  # noqa: E402
from core.networks.rotations import rotation_from_vector  # noqa: E402
from tests.networks.pnp.views import MATRIX, draw_views  # noqa: E402

ONES = VehicleLossWeights(reprojection=1.0, shape=1.0, rotation=1.0, translation=1.0)
YES, NO = torch.tensor([True]), torch.tensor([False])
TARGETS = VehicleTargets(
    points=torch.tensor([[[100.0, 50.0], [120.0, 50.0], [torch.nan, torch.nan]]]),
    labelled=torch.tensor([[True, True, False]]),
    size_px=torch.tensor([50.0]),
    shape=torch.tensor([[1.0, -1.0]]),
    rotation=torch.eye(3)[None],
    translation=torch.tensor([[0.0, 3.0, 4.0]]),
    has_fit=YES,
)
PROJECTED = torch.tensor([[[105.0, 50.0], [120.0, 40.0], [0.0, 0.0]]])
SHAPE = torch.tensor([[1.5, 0.0]])
ROTATION = rotation_from_vector(torch.tensor([[0.0, 0.0, 0.2]]))
PLACE = torch.tensor([[0.0, 3.0, 4.5]])


def test_equation_one_by_hand() -> None:
    found = vehicle_losses(PROJECTED, SHAPE, ROTATION, PLACE, YES, TARGETS, ONES)
    assert found["reprojection"].mean.item() == pytest.approx((25 + 100) / 50**2 / 2)
    assert found["shape"].mean.item() == pytest.approx(0.25 + 1.0)
    assert found["rotation"].mean.item() == pytest.approx(8 * math.sin(0.1) ** 2)
    assert found["translation"].mean.item() == pytest.approx(0.25 / 25)
    weighted = vehicle_losses(PROJECTED, SHAPE, ROTATION, PLACE, YES, TARGETS, VehicleLossWeights())
    assert weighted["reprojection"].mean.item() == pytest.approx(10.0 * found["reprojection"].mean.item())


def test_a_pose_that_pnp_does_not_stand_by_teaches_only_the_shape() -> None:
    found = vehicle_losses(PROJECTED, SHAPE, ROTATION, PLACE, NO, TARGETS, ONES)
    assert {name for name, loss in found.items() if loss.mean.item() > 0} == {"shape"}


def test_a_car_without_a_fit_has_its_points() -> None:
    unknown = VehicleTargets(
        TARGETS.points,
        TARGETS.labelled,
        TARGETS.size_px,
        torch.full((1, 2), torch.nan),
        torch.full((1, 3, 3), torch.nan),
        torch.full((1, 3), torch.nan),
        NO,
    )
    shape = SHAPE.clone().requires_grad_()
    found = vehicle_losses(PROJECTED, shape, ROTATION, PLACE, YES, unknown, ONES)
    assert {name for name, loss in found.items() if loss.mean.item() > 0} == {"reprojection"}
    summed(found).backward()
    assert shape.grad is not None
    assert shape.grad.isfinite().all()


def test_points_learn_the_pose_through_pnp() -> None:
    views = draw_views(4, 4.0, 6)
    truth = project(moved(views.object, views.rotation, views.translation), MATRIX)
    size = (truth.amax(dim=1) - truth.amin(dim=1)).amax(dim=1)
    every = torch.ones(4, 12, dtype=torch.bool)
    targets = VehicleTargets(truth, every, size, views.beta, views.rotation, views.translation, every[:, 0])
    points = views.image.clone().requires_grad_()
    search = torch.optim.Adam([points], lr=0.6)
    wholes = []
    for _ in range(25):
        pose = solve_pnp(points, views.object, MATRIX)
        pixels = project(moved(views.object, pose.rotation, pose.translation), MATRIX)
        losses = vehicle_losses(
            pixels, views.beta, pose.rotation, pose.translation, pose.held, targets, VehicleLossWeights()
        )
        whole = summed(losses)
        search.zero_grad()
        whole.backward()
        search.step()
        wholes.append(float(whole.detach()))
    assert wholes[-1] < 0.05 * wholes[0]
