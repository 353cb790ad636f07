"""Poses from points: the right ones from no start at all, and what is said where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry.poses import rotation_angle, rotation_from_vector  # noqa: E402
from core.networks.pnp.layer import PnPSettings, Trouble, solve_pnp, working_device  # noqa: E402
from tests.networks.pnp.views import MATRIX, draw_views  # noqa: E402


def test_exact_points_give_the_exact_pose() -> None:
    views = draw_views(64, 0.0, 1)
    found = solve_pnp(views.image, views.object, MATRIX)
    assert found.held.all()
    torch.testing.assert_close(found.rotation, views.rotation, rtol=0, atol=1e-9)
    torch.testing.assert_close(found.translation, views.translation, rtol=1e-9, atol=0)
    assert found.rms_px.max() < 1e-9


def test_noisy_points_give_opencvs_minimum() -> None:
    views = draw_views(16, 2.0, 2)
    found = solve_pnp(views.image, views.object, MATRIX)
    for row in range(16):
        points, pixels = views.object[row].numpy(), views.image[row].numpy()
        turn = cv2.Rodrigues(views.rotation[row].numpy())[0]
        place = views.translation[row].numpy().reshape(3, 1).copy()
        criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 200, 1e-14)
        turn, place = cv2.solvePnPRefineLM(points, pixels, MATRIX.numpy(), None, turn, place, criteria)
        angle = rotation_angle(rotation_from_vector(turn[:, 0]), found.rotation[row].numpy())
        assert angle < 1e-5
        np.testing.assert_allclose(found.translation[row].numpy(), place[:, 0], rtol=1e-5, atol=1e-4)


def test_any_turn_is_found_with_half_of_the_points() -> None:
    views = draw_views(200, 0.0, 3)
    rng = np.random.default_rng(3)
    turns = torch.from_numpy(rotation_from_vector(rng.normal(size=(200, 3)) * 2.0))
    placed = views.object @ turns.mT + views.translation[:, None]
    image = placed[..., :2] / placed[..., 2:] * 1400.0 + MATRIX[:2, 2]
    weights = torch.ones(200, 12)
    for row in range(200):
        weights[row, rng.permutation(12)[:6]] = 0.0
    # what has no weight may be anything
    image = torch.where(weights[..., None] > 0, image, torch.nan)
    found = solve_pnp(image, views.object, MATRIX, weights)
    assert found.held.all()
    torch.testing.assert_close(found.rotation, turns, rtol=0, atol=1e-7)


def test_flat_things_are_told_from_their_mirror_picture() -> None:
    rng = np.random.default_rng(4)
    flat = torch.from_numpy(np.concatenate([rng.normal(size=(100, 8, 2)), np.zeros((100, 8, 1))], axis=2))
    turns = torch.from_numpy(rotation_from_vector(rng.normal(size=(100, 3))))
    places = torch.from_numpy(rng.uniform([-1, -1, 8], [1, 1, 14], (100, 3)))
    placed = flat @ turns.mT + places[:, None]
    image = placed[..., :2] / placed[..., 2:] * 1400.0 + MATRIX[:2, 2]
    found = solve_pnp(image, flat, MATRIX)
    right = (found.rotation - turns).abs().amax(dim=(1, 2)) < 1e-6
    assert right.all()


def test_heavy_points_are_kept_to() -> None:
    views = draw_views(20, 0.0, 5)
    moved = views.image.clone()
    moved[:, 0] += torch.tensor([25.0, -10.0])
    weights = torch.ones(20, 12, dtype=torch.float64)
    weights[:, 0] = 1e-6
    found = solve_pnp(moved, views.object, MATRIX, weights)
    torch.testing.assert_close(found.translation, views.translation, rtol=1e-4, atol=1e-4)
    assert (solve_pnp(moved, views.object, MATRIX).translation - views.translation).norm(dim=1).min() > 0.02


def test_a_start_is_where_it_begins() -> None:
    views = draw_views(20, 1.0, 6)
    free = solve_pnp(views.image, views.object, MATRIX)
    near = solve_pnp(views.image, views.object, MATRIX, start=(views.rotation, views.translation))
    torch.testing.assert_close(near.rotation, free.rotation, rtol=0, atol=1e-9)
    rough = solve_pnp(views.image, views.object, MATRIX, start=(1.01 * views.rotation, views.translation))
    torch.testing.assert_close(rough.rotation, free.rotation, rtol=0, atol=1e-9)
    behind = solve_pnp(views.image, views.object, MATRIX, start=(views.rotation, -views.translation))
    assert (behind.trouble == Trouble.BEHIND_CAMERA).all()


def troubles() -> dict[str, tuple[torch.Tensor, torch.Tensor, torch.Tensor, Trouble]]:
    """Image points, object points and weights of one car, and what is wrong with them."""
    views = draw_views(1, 0.5, 7)
    image, points, ones = views.image, views.object, torch.ones(1, 12, dtype=torch.float64)
    three = torch.zeros_like(ones)
    three[:, :3] = 1.0
    line = points.clone()
    line[..., 1:] = 0.0
    shuffled = image[:, [7, 2, 9, 4, 11, 0, 5, 10, 1, 6, 3, 8]]
    broken = image.clone()
    broken[0, 3, 0] = torch.nan
    return {
        "three points": (image, points, three, Trouble.TOO_FEW_POINTS),
        "no number": (broken, points, ones, Trouble.TOO_FEW_POINTS),
        "a weight below zero": (image, points, -ones, Trouble.TOO_FEW_POINTS),
        "all on a line": (image, line, ones, Trouble.ILL_CONDITIONED),
        "all on one spot": (image, points * 0.0, ones, Trouble.ILL_CONDITIONED),
        "huge points": (image, points * 1e200, ones, Trouble.ILL_CONDITIONED),
        "huge pixels": (image * 1e200, points, ones, Trouble.BEHIND_CAMERA),
        "names mixed up": (shuffled, points, ones, Trouble.MISFIT),
    }


@pytest.mark.parametrize("name", troubles())
def test_what_gives_no_pose_says_so_and_pulls_at_nothing(name: str) -> None:
    image, points, weights, trouble = troubles()[name]
    good = draw_views(1, 0.5, 8)
    ones = torch.ones(1, 12, dtype=torch.float64)
    inputs = [
        torch.cat(pair).requires_grad_()
        for pair in ((image, good.image), (points, good.object), (weights, ones))
    ]
    found = solve_pnp(inputs[0], inputs[1], MATRIX, inputs[2])
    assert found.trouble.tolist() == [trouble, Trouble.NONE]
    assert found.rotation.isfinite().all()
    assert found.translation.isfinite().all()
    (found.rotation.sum() + found.translation.sum()).backward()
    for one in inputs:
        assert one.grad is not None
        assert one.grad[0].abs().max() == 0
        assert one.grad[1].abs().max() > 0
    alone = solve_pnp(good.image, good.object, MATRIX)
    torch.testing.assert_close(found.translation[1], alone.translation[0], rtol=1e-9, atol=0)


def test_a_batch_of_nothing_is_nothing() -> None:
    found = solve_pnp(torch.zeros(0, 12, 2), torch.zeros(12, 3), torch.eye(3))
    assert found.rotation.shape == (0, 3, 3)
    assert found.held.shape == (0,)


def test_thresholds_are_settings() -> None:
    views = draw_views(4, 2.0, 9)
    strict = PnPSettings(most_condition=10.0)
    assert (
        solve_pnp(views.image, views.object, MATRIX, settings=strict).trouble == Trouble.ILL_CONDITIONED
    ).all()
    strict = PnPSettings(most_misfit=1e-3)
    assert (solve_pnp(views.image, views.object, MATRIX, settings=strict).trouble == Trouble.MISFIT).all()


def test_single_precision_is_solved_in_double() -> None:
    views = draw_views(8, 1.0, 10)
    image = views.image.float().requires_grad_()
    found = solve_pnp(image, views.object.float(), MATRIX.float())
    assert found.rotation.dtype == found.translation.dtype == torch.float32
    exact = solve_pnp(views.image, views.object, MATRIX)
    torch.testing.assert_close(found.translation.double(), exact.translation, rtol=1e-4, atol=1e-4)
    found.translation.sum().backward()
    assert image.grad is not None
    assert image.grad.dtype == torch.float32


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_poses_alone_have_a_gradient(kind: torch.dtype) -> None:
    """How well a pose fits is told and not taught, whatever the precision."""
    views = draw_views(2, 1.0, 5)
    found = solve_pnp(views.image.to(kind).requires_grad_(), views.object.to(kind), MATRIX.to(kind))
    assert found.rotation.requires_grad
    assert found.translation.requires_grad
    assert not found.rms_px.requires_grad
    assert not found.trouble.requires_grad


def test_autocast_leaves_it_alone() -> None:
    views = draw_views(8, 1.0, 10)
    plain = solve_pnp(views.image, views.object, MATRIX)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = solve_pnp(views.image, views.object, MATRIX)
    assert torch.equal(inside.rotation, plain.rotation)


def test_devices_without_double_precision_leave_the_work_to_the_cpu() -> None:
    assert working_device(torch.device("mps")) == torch.device("cpu")
    assert working_device(torch.device("cuda", 1)) == torch.device("cuda", 1)


@pytest.mark.gpu
def test_a_gpu_finds_the_same() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA here")
    views = draw_views(64, 2.0, 11)
    sides = []
    for device in ("cpu", "cuda"):
        image = views.image.to(device).requires_grad_()
        found = solve_pnp(image, views.object.to(device), MATRIX.to(device))
        found.translation.sum().backward()
        assert image.grad is not None
        sides.append((found.translation.cpu(), image.grad.cpu()))
    torch.testing.assert_close(sides[0], sides[1], rtol=1e-7, atol=1e-9)
