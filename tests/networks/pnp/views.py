"""Cars before the reference camera, for the tests of PnP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.shapes.space_file import default_space

MATRIX = torch.from_numpy(np.array(pinhole(1920, 1080, 1400.0).matrix))
SPACE = default_space()
_TILT = np.deg2rad(15.0)
_PLANE = GroundPlane(np.array([0.0, -np.cos(_TILT), -np.sin(_TILT)]), 6.0)


@dataclass(frozen=True, eq=False)
class Views:
    """Cars, float64: image (B, 12, 2) pixels with noise, object (B, 12, 3), and the truth."""

    image: Tensor
    object: Tensor
    rotation: Tensor
    translation: Tensor
    beta: Tensor


def draw_views(count: int, noise_px: float, seed: int) -> Views:
    """Cars 15 to 40 m away, of all headings and shapes."""
    rng = np.random.default_rng(seed)
    beta = rng.normal(size=(count, 5))
    points = SPACE.keypoints(beta)
    poses = [
        pose_on_ground(_PLANE, (rng.uniform(15.0, 40.0), rng.uniform(-5.0, 5.0)), rng.uniform(-np.pi, np.pi))
        for _ in range(count)
    ]
    placed = np.stack([pose.apply(one) for pose, one in zip(poses, points, strict=True)])
    image = pinhole(1920, 1080, 1400.0).project(placed)
    return Views(
        torch.from_numpy(image + rng.normal(0.0, noise_px, image.shape)),
        torch.from_numpy(points),
        torch.from_numpy(np.stack([pose.rotation for pose in poses])),
        torch.from_numpy(np.stack([pose.translation for pose in poses])),
        torch.from_numpy(beta),
    )
