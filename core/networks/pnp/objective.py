"""What PnP minimises, half the weighted squared reprojection error, with its first and second derivatives.

Parameters of a pose are a small turn w about the camera's axes, exp(w) R, and a step of the translation, as
in `Camera.pose_jacobian`. Coordinates come before points, so that sums run over what lies together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.networks.rotations import cross_matrix, rotation_from_vector

POSE = 6


@dataclass(frozen=True, eq=False)
class Problems:
    """What poses are sought from, float64.

    Attributes:
        image: (b, 2, n) pixels; any finite number where the weight is 0.
        object: (b, 3, n) metres, in the object's own frame.
        matrix: (b, 3, 3) intrinsics.
        weights: (b, n), not negative, of the squared distances.
    """

    image: Tensor
    object: Tensor
    matrix: Tensor
    weights: Tensor

    def of(self, rows: Tensor) -> Problems:
        """Those of some rows, which may repeat."""
        return Problems(self.image[rows], self.object[rows], self.matrix[rows], self.weights[rows])


@dataclass(frozen=True, eq=False)
class Poses:
    """From objects to the camera.

    Attributes:
        rotation: (b, 3, 3). translation: (b, 3) metres.
    """

    rotation: Tensor
    translation: Tensor

    def of(self, rows: Tensor) -> Poses:
        """Those of some rows."""
        return Poses(self.rotation[rows], self.translation[rows])

    def stepped(self, steps: Tensor) -> Poses:
        """After steps (b, 6)."""
        return Poses(rotation_from_vector(steps[:, :3]) @ self.rotation, self.translation + steps[:, 3:])


@dataclass(frozen=True, eq=False)
class Seen:
    """What poses make of the points.

    Attributes:
        turned: (b, 3, n) R Z. rays: (b, 3, n) K (R Z + t); 1 deep where a point of weight 0 lies behind.
        pixels, residuals: (b, 2, n); the latter are what is seen minus what was given.
        ahead: (b, n) whether a point lies before the camera.
        cost: (b,) half the weighted sum of squares; inf where a point of weight lies behind the camera.
    """

    turned: Tensor
    rays: Tensor
    pixels: Tensor
    residuals: Tensor
    ahead: Tensor
    cost: Tensor


@dataclass(frozen=True, eq=False)
class Slopes:
    """Derivatives of the objective.

    Attributes:
        rays: (b, 6, 3, n) of the rays. pixels: (b, 6, 2, n) of the pixels.
        gradient: (b, 6). gauss_newton: (b, 6, 6), J^T W J.
    """

    rays: Tensor
    pixels: Tensor
    gradient: Tensor
    gauss_newton: Tensor


def look(problems: Problems, poses: Poses) -> Seen:
    """Projects the points and compares."""
    turned = poses.rotation @ problems.object
    rays = problems.matrix @ (turned + poses.translation[..., None])
    ahead = rays[:, 2] > 0
    counted = problems.weights > 0
    rays = torch.where(ahead[:, None], rays, torch.ones_like(rays))
    pixels = rays[:, :2] / rays[:, 2:]
    residuals = pixels - problems.image
    cost = 0.5 * (problems.weights * residuals.square().sum(dim=1)).sum(dim=1)
    lost = (counted & ~ahead).any(dim=1)
    return Seen(turned, rays, pixels, residuals, ahead, torch.where(lost, torch.inf, cost))


def slopes(problems: Problems, seen: Seen) -> Slopes:
    """Gradient, and the Hessian as Gauss and Newton have it."""
    by_turn = problems.matrix[:, None] @ -cross_matrix(seen.turned.mT)  # (b, n, 3, 3): K d(w x a)/dw
    by_place = problems.matrix.mT[..., None].expand(*problems.matrix.shape, seen.rays.shape[-1])
    by_rays = torch.cat([by_turn.permute(0, 3, 2, 1), by_place], dim=1)
    by_pixels = (by_rays[:, :, :2] - seen.pixels[:, None] * by_rays[:, :, 2:]) / seen.rays[:, None, 2:]
    columns = by_pixels.flatten(2)
    weighted = columns * problems.weights.repeat(1, 2)[:, None]
    gradient = (weighted @ seen.residuals.flatten(1)[..., None])[..., 0]
    return Slopes(by_rays, by_pixels, gradient, weighted @ columns.mT)


def hessian(problems: Problems, seen: Seen, at: Slopes) -> Tensor:
    """(b, 6, 6) the whole second derivative: Gauss and Newton's, the projection's bend and the turn's.

    Source: the function f of ALGORITHMS 5.4, differentiated once more by the pose.
    """
    # a pixel's second derivative by its ray, along a and b: -(a_z (d_b pi) + b_z (d_a pi)) / z
    pull = problems.weights[:, None] * seen.residuals
    along = (at.pixels * pull[:, None]).sum(dim=2)  # (b, 6, n)
    bend = (at.rays[:, :, 2] / seen.rays[:, None, 2]) @ along.mT
    # exp(w) a = a + w x a + (w (w.a) - a |w|^2) / 2
    outer = by_points(problems, seen) @ seen.turned.mT
    whole = at.gauss_newton - bend - bend.mT
    trace = outer.diagonal(dim1=1, dim2=2).sum(dim=1)[:, None, None]
    eye = torch.eye(3, dtype=outer.dtype, device=outer.device)
    whole[:, :3, :3] += 0.5 * (outer + outer.mT) - trace * eye
    return whole


def by_rays(problems: Problems, seen: Seen) -> Tensor:
    """(b, 3, n) the cost's derivative by the rays."""
    pull = problems.weights[:, None] * seen.residuals / seen.rays[:, 2:]
    return torch.cat([pull, -(pull * seen.pixels).sum(dim=1, keepdim=True)], dim=1)


def by_points(problems: Problems, seen: Seen) -> Tensor:
    """(b, 3, n) the cost's derivative by the points in the camera's frame."""
    return problems.matrix.mT @ by_rays(problems, seen)
