"""Lens distortion in torch against numpy's, its gradients, and what a mirror makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from core.geometry.cameras import Camera  # noqa: E402
from core.geometry.distortion import padded  # noqa: E402
from core.networks.lens import MIRRORED, bent, straightened  # noqa: E402

LENSES = (
    (-0.28, 0.07, 0.0, 0.0),
    (-0.31, 0.12, 0.002, -0.001, -0.02),
    (0.4, 0.1, 0.001, 0.002, 0.02, 0.65, 0.15, 0.03),
    (-0.2, 0.05, 0.001, -0.002, 0.0, 0.0, 0.0, 0.0, 0.01, -0.003, -0.008, 0.002, 0.03, -0.05),
)


def camera(distortion: tuple[float, ...]) -> Camera:
    return Camera(1280, 720, np.array([[900.0, 0, 650.0], [0, 880.0, 350.0], [0, 0, 1]]), distortion)


def numbers(of: Camera) -> tuple[torch.Tensor, torch.Tensor]:
    matrix, bend = np.array(of.matrix), padded(of.distortion)
    return torch.from_numpy(matrix)[None].float(), torch.from_numpy(bend)[None].float()


def grid() -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, 1279, 9), np.linspace(0, 719, 7))
    return np.stack([x, y], axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("distortion", LENSES)
def test_it_is_the_cameras_own_lens(distortion: tuple[float, ...]) -> None:
    lens, pixels = camera(distortion), grid()
    ideal = lens.undistort(pixels)
    assert np.abs(ideal - pixels).max() > 20  # it does bend
    found, there = straightened(torch.from_numpy(pixels)[None].float(), *numbers(lens))
    assert there.all()
    assert found[0].numpy() == pytest.approx(ideal, abs=0.02)
    again = bent(torch.from_numpy(ideal)[None].float(), *numbers(lens))
    assert again[0].numpy() == pytest.approx(pixels, abs=0.02)


@settings(max_examples=25)
@given(st.floats(-0.3, 0.3), st.floats(-0.01, 0.01), st.floats(0, 1279), st.floats(0, 719))
def test_there_and_back(k1: float, p1: float, x: float, y: float) -> None:
    matrix, distortion = numbers(camera((k1, 0.02, p1, -p1 / 2)))
    pixel = torch.tensor([[[x, y]]])
    ideal, there = straightened(pixel, matrix, distortion)
    assert there.all()
    assert bent(ideal, matrix, distortion)[0, 0].tolist() == pytest.approx([x, y], abs=0.02)


def test_gradients_are_those_of_finite_differences() -> None:
    matrix, distortion = (one.double() for one in numbers(camera(LENSES[3])))
    pixels = torch.tensor([[[200.0, 100.0], [1000.0, 600.0]]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda one: straightened(one, matrix, distortion)[0], [pixels])
    assert torch.autograd.gradcheck(lambda one: bent(one, matrix, distortion), [pixels])


def test_beyond_the_fold_there_is_no_pixel_and_no_gradient() -> None:
    """k1 = -0.3 folds at a radius of 1.05: nothing further out has a place, and no pixel comes from there."""
    lens = camera((-0.3, 0.0, 0.0, 0.0))
    far = torch.tensor([[[650.0 + 900 * 1.2, 350.0], [650.0 + 900 * 3.0, 350.0], [700.0, 350.0]]])
    far.requires_grad_()
    seen = bent(far, *numbers(lens))
    assert seen.isfinite().all(dim=2).tolist() == [[False, False, True]]
    torch.nan_to_num(seen).sum().backward()
    assert far.grad is not None
    assert far.grad.isfinite().all()
    assert not far.grad[0, :2].any()
    # the lens brings nothing further out than 1.05 (1 - 0.3 * 1.11) = 0.70
    outside = torch.tensor([[[650.0 + 900 * 0.8, 350.0]]], requires_grad=True)
    straight, there = straightened(outside, *numbers(lens))
    assert not there.any()
    assert torch.equal(straight, outside)
    straight.sum().backward()
    assert outside.grad is not None
    assert outside.grad.isfinite().all()


def test_in_a_mirror_the_mirrored_lens_does_the_same() -> None:
    matrix, distortion = numbers(camera(LENSES[3]))
    pixels = torch.from_numpy(grid())[None].float()
    turned = matrix.clone()
    turned[:, 0, 2] = 1279 - matrix[:, 0, 2]
    mirror = torch.tensor([-1.0, 1.0])
    shift = torch.tensor([1279.0, 0.0])
    straight, _ = straightened(pixels * mirror + shift, turned, distortion * torch.tensor(MIRRORED))
    expected, _ = straightened(pixels, matrix, distortion)
    assert (straight * mirror + shift - expected).abs().max() < 0.02


def test_without_a_lens_nothing_is_changed() -> None:
    pixels = torch.rand(2, 3, 2)
    matrix = torch.eye(3).expand(2, 3, 3)
    assert bent(pixels, matrix, None) is pixels
    straight, there = straightened(pixels, matrix, torch.zeros(2, 14))
    assert there.all()
    assert straight.numpy() == pytest.approx(pixels.numpy(), abs=1e-6)
