"""Rotations in torch: from vectors by their angles, and from the six numbers that networks predict."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from core.networks.precision import exact

_SMALL = 1e-4


def cross_matrix(vectors: Tensor) -> Tensor:
    """(..., 3) a -> (..., 3, 3) matrices [a] with [a] b = a x b."""
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).unflatten(-1, (3, 3))


@exact
def rotation_from_vector(vectors: Tensor) -> Tensor:
    """Rotations about the vectors, by their lengths in radians (Rodrigues); has a gradient at zero too.

    Args:
        vectors: (..., 3).

    Returns:
        (..., 3, 3); as `core.geometry.poses.rotation_from_vector`.
    """
    square = (vectors * vectors).sum(dim=-1)[..., None, None]
    near = square < _SMALL * _SMALL
    # the root has no gradient at 0, which would spoil the branch that is not taken, too
    angle = torch.where(near, torch.ones_like(square), square).sqrt()
    sine = torch.where(near, 1 - square / 6, angle.sin() / angle)
    cosine = torch.where(near, 0.5 - square / 24, (1 - angle.cos()) / (angle * angle))
    across = cross_matrix(vectors)
    eye = torch.eye(3, dtype=vectors.dtype, device=vectors.device)
    return eye + sine * across + cosine * (across @ across)


@exact
def rotations_from_6d(numbers: Tensor) -> Tensor:
    """Rotations from two columns that need be neither of unit length nor at right angles (Gram and Schmidt).

    Source: Zhou et al., CVPR 2019.

    Args:
        numbers: (..., 6), the first column and then the second, as HMR 2.0 has them.

    Returns:
        (..., 3, 3), orthonormal, determinant 1.
    """
    first, second = numbers.unflatten(-1, (2, 3)).unbind(-2)
    x = normalize(first, dim=-1)
    y = normalize(second - (x * second).sum(dim=-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def rotations_to_6d(rotations: Tensor) -> Tensor:
    """(..., 3, 3) -> (..., 6): the first two columns; undone by `rotations_from_6d`."""
    return rotations[..., :2].mT.flatten(-2)
