"""Projection exists twice, in numpy and in torch: both give the same pixels."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry.cameras import Camera  # noqa: E402
from core.geometry.poses import Pose, rotation_from_vector  # noqa: E402
from core.networks.projection import moved, project, unproject  # noqa: E402

CAMERA = Camera(1920, 1080, np.array([[1400.0, 0.0, 955.3], [0.0, 1390.0, 548.1], [0.0, 0.0, 1.0]]))
MATRIX = torch.from_numpy(np.array(CAMERA.matrix))


def test_torch_projects_and_unprojects_as_numpy_does() -> None:
    rng = np.random.default_rng(1)
    turns = rotation_from_vector(rng.normal(size=(5, 3)))
    places = rng.uniform([-4, -4, -8], [4, 4, 10], (5, 3))
    points = rng.normal(size=(5, 12, 3)) * 3.0
    found = project(moved(*(torch.from_numpy(a) for a in (points, turns, places))), MATRIX)
    expected = np.stack(
        [CAMERA.project(Pose(r, t).apply(p)) for r, t, p in zip(turns, places, points, strict=True)]
    )
    assert np.isnan(expected).any()  # some lie behind the camera
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    pixels = rng.uniform(0, 1000, (5, 12, 2))
    np.testing.assert_allclose(
        unproject(torch.from_numpy(pixels), MATRIX).numpy(), CAMERA.unproject(pixels), rtol=1e-12
    )


def test_what_is_behind_the_camera_pulls_at_nothing() -> None:
    points = torch.tensor([[[1.0, 2.0, 4.0], [1.0, 2.0, -4.0], [1.0, 2.0, 0.0]]], requires_grad=True)
    pixels = project(points, MATRIX.float())
    assert pixels.isnan().any(dim=-1).tolist() == [[False, True, True]]
    pixels.nan_to_num(0.0).sum().backward()
    assert points.grad is not None
    assert points.grad[0, 0].abs().sum() > 0
    assert points.grad[0, 1:].abs().sum() == 0


def test_halves_are_for_networks() -> None:
    points = torch.tensor([[[1.0, 2.0, 17.3]]])
    plain = project(points, MATRIX.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(project(points, MATRIX.float()), plain)
    # bf16 has three digits
    assert project(points.bfloat16(), MATRIX.float()).dtype == torch.float32
