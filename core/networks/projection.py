"""Perspective projection in torch: `core.geometry.cameras` for cameras without distortion, in batches.

Camera frame: x right, y down, z forward, metres. Pixels: (0, 0) is the centre of the top left pixel. Networks
see ideal pictures: points of a camera with distortion are taken to its ideal picture first, by
`Camera.undistort`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.networks.precision import exact


@exact
def moved(points: Tensor, rotation: Tensor, translation: Tensor) -> Tensor:
    """Points in another frame, R X + t.

    Args:
        points: (..., N, 3). rotation: (..., 3, 3). translation: (..., 3).

    Returns:
        (..., N, 3).
    """
    return points @ rotation.mT + translation[..., None, :]


@exact
def project(points: Tensor, matrix: Tensor) -> Tensor:
    """Pixels of points.

    Args:
        points: (..., N, 3), camera frame, metres.
        matrix: (..., 3, 3) intrinsics, pixels.

    Returns:
        (..., N, 2) pixels; NaN at and behind the camera, where no gradient goes.
    """
    rays = points @ matrix.mT
    ahead = rays[..., 2:] > 0
    pixels = rays[..., :2] / torch.where(ahead, rays[..., 2:], 1.0)
    return torch.where(ahead, pixels, torch.nan)


@exact
def unproject(pixels: Tensor, matrix: Tensor) -> Tensor:
    """Directions through pixels; undoes `project`.

    Args:
        pixels: (..., N, 2). matrix: (..., 3, 3) intrinsics, pixels.

    Returns:
        (..., N, 3), camera frame, with z = 1.
    """
    place = torch.cat([pixels, torch.ones_like(pixels[..., :1])], dim=-1)
    rays = torch.linalg.solve(matrix, place.mT).mT
    return rays / rays[..., 2:]
