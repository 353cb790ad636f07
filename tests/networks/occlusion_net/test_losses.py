"""Occlusion-Net's losses, each by a case that can be worked out on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry.trifocal import projection_matrix, trifocal_tensor  # noqa: E402
from core.networks.occlusion_net.graph import Graph  # noqa: E402
from core.networks.occlusion_net.losses import (  # noqa: E402
    OcclusionTargets,
    edge_loss,
    keypoint_loss,
    occlusion_losses,
    reprojection_loss,
    three_d_loss,
    trifocal_loss,
)
from core.networks.occlusion_net.network import OcclusionOutput  # noqa: E402
from core.networks.occlusion_net.settings import HiddenFrom, OcclusionLossSettings  # noqa: E402
from core.synthesis.street.layout import plan_layout  # noqa: E402
from core.synthesis.street.mounts import default_mount  # noqa: E402
from tests.networks.occlusion_net.cars import street_views  # noqa: E402

GRAPH = Graph(3)


def test_edges_are_held_to_both_ends_being_seen() -> None:
    # edges of receivers 0, 0, 1, 1, 2, 2; points 0 and 1 are visible: edges 0 and 2 are ones
    visible, every = torch.tensor([[True, True, False]]), torch.ones(1, 3, dtype=torch.bool)
    logits = torch.zeros(1, 6, 2)
    logits[0, 0, 1] = 2.0  # rightly sure
    logits[0, 1, 1] = 2.0  # wrongly sure
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    expected = (right + wrong + 4 * math.log(2)) / 6
    assert edge_loss(logits, visible, every, GRAPH).mean.item() == pytest.approx(expected)
    # of a point that nobody labelled no edge is asked for: that leaves 0-1 and 1-0
    known = torch.tensor([[True, True, False]])
    assert edge_loss(logits, visible, known, GRAPH).mean.item() == pytest.approx((right + math.log(2)) / 2)
    assert edge_loss(logits, visible, ~every, GRAPH).mean.item() == 0.0


def test_points_are_held_to_a_gaussian() -> None:
    points = torch.tensor([[[0.3, 0.0], [0.0, 0.4], [9.0, 9.0]]], requires_grad=True)
    target = torch.tensor([[[0.0, 0.0], [0.0, 0.0], [torch.nan, 0.0]]])
    which = torch.tensor([[True, True, False]])
    loss = keypoint_loss(points, target, which, 0.1).mean
    assert loss.item() == pytest.approx((0.09 + 0.16) / (2 * 0.1) / 3)
    loss.backward()
    assert points.grad is not None
    torch.testing.assert_close(points.grad[0], torch.tensor([[1.0, 0.0], [0.0, 4 / 3], [0.0, 0.0]]))


def test_what_lies_behind_the_camera_is_not_reprojected() -> None:
    projected = torch.tensor([[[0.1, 0.0], [torch.nan, torch.nan]]])
    points = torch.zeros(1, 2, 2, requires_grad=True)
    loss = reprojection_loss(projected, points, 0.5).mean
    assert loss.item() == pytest.approx(0.01 / 2)  # the plain square over two points
    loss.backward()
    assert points.grad is not None
    assert points.grad.isfinite().all()


def test_the_third_dimension_is_held_by_shape_and_by_share_of_the_distance() -> None:
    target = torch.tensor([[[1.0, 0.0, 10.0], [-1.0, 0.0, 10.0]]])
    # 1 m farther away and half as wide
    placed = torch.tensor([[[0.5, 0.0, 11.0], [-0.5, 0.0, 11.0]]])
    which = torch.tensor([True])
    assert three_d_loss(placed, target, which).mean.item() == pytest.approx(0.25 + 1 / 100)
    two = torch.cat([target, torch.full_like(target, torch.nan)])
    both = torch.cat([placed, placed]).requires_grad_()
    loss = three_d_loss(both, two, torch.tensor([True, False])).mean
    assert loss.item() == pytest.approx(0.25 + 1 / 100)
    loss.backward()
    assert both.grad is not None
    assert both.grad.isfinite().all()
    assert both.grad[1].abs().max() == 0


def test_three_pictures_by_hand() -> None:
    # two cameras a metre to the right and a metre below, of focal length 1: T_i = a_i b4^T - a4 b_i^T with
    # A = B = I, a4 = (-1, 0, 0), b4 = (0, -1, 0)
    tensor = np.zeros((3, 3, 3))
    for i in range(3):
        tensor[i, i, 1] -= 1.0
        tensor[i, 0, i] += 1.0
    tensor /= np.linalg.norm(tensor)
    first = projection_matrix_of(np.zeros(3))
    own, second = projection_matrix_of([-1.0, 0.0, 0.0]), projection_matrix_of([0.0, -1.0, 0.0])
    np.testing.assert_allclose(trifocal_tensor(first, own, second), tensor, atol=1e-12)
    # the point (0, 0, 2): seen at (0, 0), (-1/2, 0) and (0, -1/2); the own one is said to be h higher
    h = 0.25
    one, two = torch.zeros(1, 1, 2), torch.tensor([[[0.0, -0.5]]])
    said = torch.tensor([[[-0.5, -h]]])
    # sum_i x'_i T_i = T_3 has two entries, 1 and -1; between the two cross products they leave h and h / 2;
    # T has six entries of 1, and (x, y, 1) have the squared lengths 5/4 + h^2 and 5/4
    expected = (h * h + h * h / 4) / 6 / (1.25 + h * h) / 1.25
    which = torch.ones(1, 1, dtype=torch.bool)
    tensors = torch.from_numpy(tensor).float()[None]
    assert trifocal_loss(said, one, two, tensors, which).mean.item() == pytest.approx(expected, rel=1e-5)
    right = torch.tensor([[[-0.5, 0.0]]])
    assert trifocal_loss(right, one, two, tensors, which).mean.item() < 1e-13


def projection_matrix_of(translation: object) -> np.ndarray:
    return np.column_stack([np.eye(3), np.asarray(translation, dtype=float)])


def test_its_derivative_is_right() -> None:
    truth, others = street_views()
    first, second, tensors = (one.double() for one in (others.first, others.second, others.tensors))
    points = (truth.double() + 0.2).requires_grad_()
    which = others.seen

    def loss(points: torch.Tensor) -> torch.Tensor:
        return trifocal_loss(points, first, second, tensors, which).mean

    assert torch.autograd.gradcheck(loss, (points,), eps=1e-6, atol=1e-8)


def test_the_streets_cameras_agree_and_bring_lost_points_back() -> None:
    truth, others = street_views()
    which = torch.ones(1, 12, dtype=torch.bool)
    assert trifocal_loss(truth, others.first, others.second, others.tensors, which).mean.item() < 1e-11
    random = torch.Generator().manual_seed(2)
    points = (truth + 0.3 * torch.randn(truth.shape, generator=random)).requires_grad_()
    search = torch.optim.LBFGS([points], max_iter=200, line_search_fn="strong_wolfe", tolerance_grad=1e-12)

    def step() -> torch.Tensor:
        search.zero_grad()
        loss = 1e3 * trifocal_loss(points, others.first, others.second, others.tensors, which).mean
        loss.backward()
        return loss

    search.step(step)
    torch.testing.assert_close(points.detach(), truth, rtol=0, atol=0.01)


def test_settings_say_what_is_learned_from() -> None:
    truth, others = street_views()
    visible = torch.ones(1, 12, dtype=torch.bool)
    visible[0, :4] = False
    every = torch.ones_like(visible)
    said = truth.clone()
    said[0, 0] += 0.5  # a hidden point
    said[0, 5] += 0.1  # one that is seen
    output = OcclusionOutput(said, torch.zeros(1, 132, 2), torch.zeros(1, 12, 12), torch.zeros(1, 12), None)
    targets = OcclusionTargets(truth, every, visible, every, others)
    graph = Graph(12)

    def losses(settings: OcclusionLossSettings) -> dict[str, float]:
        return {k: v.mean.item() for k, v in occlusion_losses(output, targets, graph, settings).items()}

    by_label, of_seen = 0.5 / 0.2 / 12, 0.02 / 0.2 / 12
    found = losses(OcclusionLossSettings())
    assert found["keypoint"] == pytest.approx(by_label + of_seen)
    assert found["edge"] == pytest.approx(math.log(2))
    assert set(found) == {"edge", "keypoint", "trifocal"}
    assert found["trifocal"] == 0.0  # there are labels
    assert losses(OcclusionLossSettings(seen_too=False))["keypoint"] == pytest.approx(by_label)
    found = losses(OcclusionLossSettings(hidden_from=HiddenFrom.TRIFOCAL, trifocal=2.0))
    assert found["keypoint"] == pytest.approx(of_seen)
    only = torch.zeros_like(visible)
    only[0, 0] = True
    alone = trifocal_loss(said, others.first, others.second, others.tensors, only).mean.item()
    assert alone > 0
    assert found["trifocal"] == pytest.approx(2 * alone, rel=1e-3)


def test_points_outside_the_box_are_left_out_only_where_asked() -> None:
    truth = torch.tensor([[[1.5, 0.0], [0.0, 0.0], [0.5, 0.5]]])
    every = torch.ones(1, 3, dtype=torch.bool)
    targets = OcclusionTargets(truth, every, ~every, every)
    output = OcclusionOutput(
        truth + torch.tensor([0.1, 0.0]), torch.zeros(1, 6, 2), torch.zeros(1, 3, 3), torch.zeros(1, 3), None
    )
    whole = occlusion_losses(output, targets, GRAPH, OcclusionLossSettings())["keypoint"].mean.item()
    inside = occlusion_losses(output, targets, GRAPH, OcclusionLossSettings(inside_box_only=True))["keypoint"]
    assert whole == pytest.approx(3 * 0.01 / 0.2 / 3)
    assert inside.mean.item() == pytest.approx(2 * 0.01 / 0.2 / 3)


def test_two_cameras_in_one_place_teach_nothing() -> None:
    layout = plan_layout(3)
    mount = default_mount(layout, 640, 360)
    matrix = projection_matrix(mount.camera, mount.pose)
    tensor = torch.from_numpy(trifocal_tensor(matrix, matrix, matrix)).float()[None]
    points = torch.rand(1, 12, 2)
    which = torch.ones(1, 12, dtype=torch.bool)
    assert trifocal_loss(points, points, points, tensor, which).mean.item() == 0.0
