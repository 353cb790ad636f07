"""Occlusion-Net as a whole: what order does not matter to, what chance does not, and that it learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from core.networks.losses.counted import summed  # noqa: E402
from core.networks.occlusion_net.losses import OcclusionTargets, OtherViews, occlusion_losses  # noqa: E402
from core.networks.occlusion_net.network import OcclusionNet, OcclusionOutput  # noqa: E402
from core.networks.occlusion_net.nodes import to_box  # noqa: E402
from core.networks.occlusion_net.settings import (  # noqa: E402
    HiddenFrom,
    OcclusionLossSettings,
    OcclusionNetSettings,
    released_loss_settings,
    released_settings,
)
from core.networks.occlusion_net.three_d import Encoder3D  # noqa: E402
from core.networks.occlusion_net.two_d import Encoder2D  # noqa: E402
from tests.networks.occlusion_net.cars import draw_cars, street_views  # noqa: E402
from tests.networks.pnp.views import SPACE  # noqa: E402

PAPER = OcclusionNetSettings(hidden=48)
FORMS = {"paper": PAPER, "released": replace(released_settings(), hidden=48)}
ORDER = torch.tensor([4, 11, 0, 7, 2, 9, 1, 10, 3, 6, 8, 5])


def network(settings: OcclusionNetSettings = PAPER, seed: int = 1) -> OcclusionNet:
    torch.manual_seed(seed)
    return OcclusionNet(settings, SPACE)


def said(output: OcclusionOutput) -> list[torch.Tensor]:
    assert output.shape is not None
    return [output.points, output.edges, output.visibility, output.shape.beta, output.shape.projected]


def test_the_order_of_the_points_does_not_matter_where_each_brings_its_type() -> None:
    made, cars = network().eval(), draw_cars(5, 1)
    plain = made(cars.nodes, None, cars.boxes, cars.matrix)
    other = made(cars.nodes[:, ORDER], ORDER, cars.boxes, cars.matrix)
    close = {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(other.points, plain.points[:, ORDER], **close)
    torch.testing.assert_close(other.edges, plain.edges[:, ORDER][:, :, ORDER], **close)
    torch.testing.assert_close(other.visibility, plain.visibility[:, ORDER], **close)
    assert plain.shape is not None
    assert other.shape is not None
    torch.testing.assert_close(other.shape.beta, plain.shape.beta, **close)
    torch.testing.assert_close(other.shape.rotation, plain.shape.rotation, **close)
    torch.testing.assert_close(other.shape.projected, plain.shape.projected[:, ORDER], **close)


def test_the_type_of_a_point_matters() -> None:
    made, cars = network().eval(), draw_cars(5, 1)
    plain, other = made(cars.nodes), made(cars.nodes, ORDER)
    assert (plain.points - other.points).abs().max() > 1e-3
    # the released network cannot know which point is which
    released = network(FORMS["released"]).eval()
    torch.testing.assert_close(released(cars.nodes).points, released(cars.nodes, ORDER).points)


@pytest.mark.parametrize("form", FORMS)
def test_chance_is_for_training_only(form: str) -> None:
    made, cars = network(FORMS[form]), draw_cars(5, 2)
    inputs = (cars.nodes, None, cars.boxes, cars.matrix)
    first, second = said(made(*inputs)), said(made(*inputs))
    assert any((one - other).abs().max() > 1e-4 for one, other in zip(first, second, strict=True))
    made.eval()
    for one, other in zip(said(made(*inputs)), said(made(*inputs)), strict=True):
        assert torch.equal(one, other)
    # nor does it matter who else is in the batch
    alone = made(cars.nodes[:1], None, cars.boxes[:1], cars.matrix)
    torch.testing.assert_close(said(alone)[0], said(made(*inputs))[0][:1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_every_weight_learns(form: str) -> None:
    made, cars = network(FORMS[form]), draw_cars(8, 3)
    output = made(cars.nodes, None, cars.boxes, cars.matrix)
    settings = OcclusionLossSettings() if form == "paper" else released_loss_settings()
    summed(occlusion_losses(output, cars.targets, made.graph, settings)).backward()
    idle = [name for name, one in made.named_parameters() if one.grad is None or not one.grad.abs().sum() > 0]
    assert idle == []


def test_the_sizes_are_the_papers() -> None:
    edges = Encoder2D(OcclusionNetSettings(points=14, types=14)).edges
    assert edges.of_nodes.first.weight.shape == (512, 3 + 14)
    assert edges.of_edges.first.weight.shape == (512, 1024)
    assert edges.last.first.weight.shape == (512, 1536)
    released = replace(released_settings(), points=14, types=14)
    edges = Encoder2D(released).edges
    assert edges.of_nodes.first.weight.shape == (512, 3)
    assert edges.last.first.weight.shape == (512, 1024)
    assert Encoder3D(released).out.weight.shape == (12, 7168)


@pytest.mark.parametrize(
    "strange",
    [
        *({"points": value} for value in (3000, 1, -3, "x", True, 12.0)),
        *({"types": 0}, {"hidden": 10**9}, {"hidden": -1}, {"shape_components": 999}, {"in_3d": 1}),
        *({"dropout": value} for value in (1.0, -0.1, "x", float("nan"))),
    ],
    ids=str,
)
def test_what_a_file_may_say_of_its_size_is_bounded(strange: dict[str, object]) -> None:
    """All pairs of its points are listed before any weights are compared: 3,000 took 800 MiB."""
    with pytest.raises((TypeError, ValueError), match=next(iter(strange))):
        OcclusionNetSettings.of_json(PAPER.as_json() | strange)


def test_the_car_space_has_a_place_for_every_type() -> None:
    with pytest.raises(ValueError, match="14 types"):
        OcclusionNet(OcclusionNetSettings(points=14, types=14), SPACE)


def test_a_template_without_a_shape_has_no_third_dimension() -> None:
    made = OcclusionNet(OcclusionNetSettings(points=17, types=17, hidden=16)).eval()
    output = made(torch.rand(2, 17, 3), None, torch.tensor([[0.0, 0.0, 9.0, 9.0]] * 2), torch.eye(3))
    assert output.points.shape == (2, 17, 2)
    assert output.shape is None


def learned(
    made: OcclusionNet,
    ask: Callable[[], OcclusionOutput],
    targets: OcclusionTargets,
    settings: OcclusionLossSettings,
    steps: int,
) -> tuple[OcclusionOutput, float]:
    """What is said after so many steps on one batch, and the loss then as a share of the first."""
    search = torch.optim.Adam(made.parameters(), lr=5e-3)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(search, steps)
    losses = []
    for _ in range(steps):
        output = ask()
        whole = summed(occlusion_losses(output, targets, made.graph, settings))
        search.zero_grad()
        whole.backward()
        search.step()
        rate.step()
        losses.append(whole.item())
    return output, losses[-1] / losses[0]


def test_one_batch_is_learned_by_heart() -> None:
    cars = draw_cars(4, 4)
    made = network(replace(PAPER, hidden=64, dropout=0.0), seed=2)
    output, left = learned(
        made,
        lambda: made(cars.nodes, None, cars.boxes, cars.matrix),
        cars.targets,
        OcclusionLossSettings(),
        200,
    )
    assert left < 2e-3
    hidden = ~cars.targets.visible
    assert (output.points - cars.targets.points)[hidden].norm(dim=-1).max() < 0.05
    assert torch.equal(output.visibility > 0.5, cars.targets.visible)
    assert output.shape is not None
    assert output.shape.placed is not None
    assert (output.shape.placed - cars.targets.placed).norm(dim=-1).mean() < 0.5


def test_the_released_form_learns_one_batch_by_heart() -> None:
    """Hidden points within the box and edges: its losses hardly hold the shape."""
    cars = draw_cars(4, 4)
    made = network(replace(released_settings(), hidden=64, dropout=0.0), seed=2)
    output, left = learned(
        made,
        lambda: made(cars.nodes, None, cars.boxes, cars.matrix),
        cars.targets,
        released_loss_settings(),
        120,
    )
    assert left < 5e-3
    taught = ~cars.targets.visible & (cars.targets.points.abs() <= 1.0).all(dim=2)
    assert (output.points - cars.targets.points)[taught].norm(dim=-1).max() < 0.1
    assert torch.equal(output.visibility > 0.5, cars.targets.visible)


def test_two_other_cameras_teach_one_batch_by_heart() -> None:
    """Hidden points come to where they are, which no label says."""
    views = [street_views(seed) for seed in range(1, 5)]
    truth = torch.cat([own for own, _ in views])
    others = OtherViews(
        torch.cat([other.first for _, other in views]),
        torch.cat([other.second for _, other in views]),
        torch.cat([other.tensors for _, other in views]),
        torch.cat([other.seen for _, other in views]),
    )
    random = torch.Generator().manual_seed(2)
    visible = torch.ones(4, 12, dtype=torch.bool)
    for row in visible:
        row[torch.randperm(12, generator=random)[:4]] = False
    guess = torch.rand(truth.shape, generator=random) * 2.0 - 1.0
    places = torch.where(visible[..., None], truth, guess)
    nodes = torch.cat([places, torch.where(visible, 0.9, 0.1)[..., None]], dim=2)
    targets = OcclusionTargets(
        torch.where(visible[..., None], truth, 9.0), visible, visible, torch.ones_like(visible), others
    )
    torch.manual_seed(2)
    made = OcclusionNet(replace(PAPER, hidden=64, dropout=0.0))
    settings = OcclusionLossSettings(hidden_from=HiddenFrom.TRIFOCAL, trifocal=100.0)
    output, left = learned(made, lambda: made(nodes), targets, settings, 120)
    assert left < 2e-3
    assert (places - truth)[~visible].norm(dim=-1).max() > 0.5
    assert (output.points - truth)[~visible].norm(dim=-1).max() < 0.05
    assert torch.equal(output.visibility > 0.5, visible)


def test_half_precision_is_for_the_network_and_not_for_geometry() -> None:
    made, cars = network(), draw_cars(4, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = made(cars.nodes, None, cars.boxes, cars.matrix)
        losses = occlusion_losses(output, cars.targets, made.graph, OcclusionLossSettings())
    assert output.shape is not None
    shape = output.shape
    assert shape.placed is not None
    rays = shape.placed.double() @ cars.matrix.double().T
    exact = to_box(rays[..., :2] / rays[..., 2:], cars.boxes)
    torch.testing.assert_close(shape.projected.double(), exact, rtol=1e-4, atol=1e-4)
    assert all(one.mean.isfinite() for one in losses.values())
