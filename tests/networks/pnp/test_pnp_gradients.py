"""Gradients of the PnP layer: against differences of the solver, against algebra, and put to use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from core.networks.pnp.layer import solve_pnp  # noqa: E402
from core.networks.pnp.objective import Poses, Problems, hessian, look, slopes  # noqa: E402
from core.networks.projection import moved, project  # noqa: E402
from tests.networks.pnp.views import MATRIX, SPACE, Views, draw_views  # noqa: E402

COUNT = 6
VIEWS = draw_views(COUNT, 3.0, 1)
WEIGHTS = torch.linspace(0.3, 2.0, 12, dtype=torch.float64).expand(COUNT, 12).clone()
WEIGHTS[:, 4] = 0.0
RANDOM = torch.Generator().manual_seed(2)
INPUTS = {
    "image": VIEWS.image,
    "object": VIEWS.object,
    "matrix": MATRIX.repeat(COUNT, 1, 1),
    "weights": WEIGHTS,
}
STEPS = {"image": 0.02, "object": 3e-4, "matrix": 0.02, "weights": 2e-4}
ENTRIES = {"matrix": [(0, 0), (0, 2), (1, 1), (1, 2), (0, 1)]}


def poses(inputs: dict[str, Tensor]) -> Tensor:
    """(B, 12) rotation and translation."""
    found = solve_pnp(
        inputs["image"],
        inputs["object"],
        inputs["matrix"],
        inputs["weights"],
        start=(VIEWS.rotation, VIEWS.translation),
    )
    assert found.held.all()
    return torch.cat([found.rotation.flatten(1), found.translation], dim=1)


def slope(name: str, way: Tensor) -> Tensor:
    """(B, 12) central differences of fourth order of the poses along a direction of one input."""

    def at(steps: float) -> Tensor:
        changed = INPUTS | {name: INPUTS[name] + steps * STEPS[name] * way}
        return poses(changed)

    return (8 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12 * STEPS[name])


@pytest.mark.parametrize("name", INPUTS)
def test_gradients_are_the_solvers_differences(name: str) -> None:
    losses = torch.randn(COUNT, 12, generator=RANDOM, dtype=torch.float64)
    inputs = {key: value.clone().requires_grad_() for key, value in INPUTS.items()}
    (poses(inputs) * losses).sum().backward()
    grad = inputs[name].grad
    assert grad is not None
    shape = INPUTS[name].shape[1:]
    found, expected = [], []
    for entry in (
        torch.cartesian_prod(*(torch.arange(size) for size in shape)).reshape(-1, len(shape)).tolist()
    ):
        if name == "matrix" and tuple(entry) not in ENTRIES["matrix"]:
            continue  # a matrix with another bottom row is no camera's
        if name == "weights" and entry == [4]:
            continue  # no weight below zero
        way = torch.zeros_like(INPUTS[name])
        way[(slice(None), *entry)] = 1.0
        expected.append((slope(name, way) * losses).sum(dim=1))
        found.append(grad[(slice(None), *entry)])
    one, other = torch.stack(found, dim=1), torch.stack(expected, dim=1)
    assert ((one - other).norm(dim=1) / other.norm(dim=1)).max() < 1e-6


def test_a_point_without_weight_says_what_it_would_do_with_some() -> None:
    losses = torch.randn(COUNT, 12, generator=RANDOM, dtype=torch.float64)
    weights = WEIGHTS.clone().requires_grad_()
    (poses(INPUTS | {"weights": weights}) * losses).sum().backward()
    assert weights.grad is not None
    size, more = 1e-5, torch.zeros_like(WEIGHTS)
    more[:, 4] = size
    ends = [poses(INPUTS | {"weights": WEIGHTS + steps * more}) for steps in (0.0, 1.0, 2.0)]
    expected = (4 * ends[1] - 3 * ends[0] - ends[2]) / (2 * size)
    torch.testing.assert_close(weights.grad[:, 4], (expected * losses).sum(dim=1), rtol=1e-4, atol=1e-9)
    # one that is nowhere would do nothing
    image = INPUTS["image"].clone()
    image[:, 4] = torch.nan
    lost = WEIGHTS.clone().requires_grad_()
    (poses(INPUTS | {"image": image, "weights": lost}) * losses).sum().backward()
    assert lost.grad is not None
    assert (lost.grad[:, 4] == 0).all()
    torch.testing.assert_close(lost.grad[:, :4], weights.grad[:, :4])


def test_the_hessian_is_the_objectives() -> None:
    problems = Problems(VIEWS.image.mT, VIEWS.object.mT, INPUTS["matrix"], WEIGHTS)
    # anywhere, not only at the minimum
    here = Poses(VIEWS.rotation, VIEWS.translation + 0.3)
    seen = look(problems, here)
    at = slopes(problems, seen)

    def cost(steps: Tensor) -> Tensor:
        return look(problems, here.stepped(steps)).cost.sum()

    zero = torch.zeros(COUNT, 6, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(cost(zero), zero)
    torch.testing.assert_close(at.gradient, first, rtol=1e-10, atol=1e-8)
    second = torch.autograd.functional.hessian(cost, zero)
    own = torch.stack([second[row, :, row] for row in range(COUNT)])
    torch.testing.assert_close(hessian(problems, seen, at), own, rtol=1e-9, atol=1e-6)


def test_without_residual_it_is_gauss_and_newtons() -> None:
    views = draw_views(COUNT, 0.0, 3)
    image = views.image.clone().requires_grad_()
    found = solve_pnp(image, views.object, MATRIX, WEIGHTS)
    rows = [torch.autograd.grad(found.translation[:, k].sum(), image, retain_graph=True)[0] for k in range(3)]
    problems = Problems(views.image.mT, views.object.mT, INPUTS["matrix"], WEIGHTS)
    at = slopes(problems, look(problems, Poses(views.rotation, views.translation)))
    columns = at.pixels * WEIGHTS[:, None, None]
    jacobian = torch.linalg.solve(at.gauss_newton, columns.flatten(2)).reshape(columns.shape)
    expected = jacobian[:, 3:].permute(0, 1, 3, 2)  # (B, 3, 12, 2)
    torch.testing.assert_close(torch.stack(rows, dim=1), expected, rtol=1e-6, atol=1e-9)


def shaped(beta: Tensor) -> Tensor:
    """(B, 12, 3) the car space in torch."""
    mean, steps = torch.from_numpy(SPACE.mean), torch.from_numpy(SPACE.jacobian(5))
    return mean + torch.einsum("bk,ijk->bij", beta, steps)


def minimised(loss: Callable[[], Tensor], parameter: Tensor) -> float:
    """Loss after gradient descent with a memory (L-BFGS)."""
    search = torch.optim.LBFGS(
        [parameter], max_iter=400, tolerance_grad=1e-13, tolerance_change=1e-16, line_search_fn="strong_wolfe"
    )

    def step() -> Tensor:
        search.zero_grad()
        value = loss()
        value.backward()
        return value

    search.step(step)
    return float(loss().detach())


def recovered(views: Views, beta: Tensor) -> tuple[Tensor, Tensor]:
    found = solve_pnp(views.image, shaped(beta), MATRIX)
    return found.rotation, found.translation


def test_pose_and_shape_are_recovered_from_keypoints_by_descent() -> None:
    views = draw_views(4, 0.0, 4)
    beta = torch.zeros(4, 5, dtype=torch.float64, requires_grad=True)

    def loss() -> Tensor:
        rotation, translation = recovered(views, beta)
        pixels = project(moved(shaped(beta), rotation, translation), MATRIX)
        return (pixels - views.image).square().mean()

    before = float(loss().detach())
    assert minimised(loss, beta) < 1e-8 * before
    rotation, translation = recovered(views, beta.detach())
    torch.testing.assert_close(beta.detach(), views.beta, rtol=0, atol=1e-2)
    torch.testing.assert_close(rotation, views.rotation, rtol=0, atol=1e-3)
    torch.testing.assert_close(translation, views.translation, rtol=1e-3, atol=1e-3)


def test_keypoints_are_moved_to_where_they_give_the_pose_asked_for() -> None:
    views = draw_views(4, 4.0, 5)
    truth = project(moved(views.object, views.rotation, views.translation), MATRIX)
    image = views.image.clone().requires_grad_()

    def loss() -> Tensor:
        found = solve_pnp(image, views.object, MATRIX)
        turn, place = found.rotation - views.rotation, found.translation - views.translation
        return turn.square().sum() + place.square().sum()

    before = float(loss().detach())
    assert minimised(loss, image) < 1e-10 * before
    # only what changes the pose is moved, and noise that fits no pose stays
    assert (image.detach() - truth).norm() < (views.image - truth).norm()
