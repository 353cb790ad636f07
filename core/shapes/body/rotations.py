"""Axis-angle vectors and rotation matrices, in batches."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def matrices(axis_angles: ArrayLike) -> FloatArray:
    """(..., 3) axis times angle in radians -> (..., 3, 3) (Rodrigues), exact near zero too."""
    vectors = np.asarray(axis_angles, dtype=np.float64)
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    # sin(a)/a and (1 - cos a)/a^2 without a division by zero
    first = np.sinc(angle / np.pi)
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*vectors.shape[:-1], 3, 3)
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross))


def axis_angles(rotations: ArrayLike) -> FloatArray:
    """(..., 3, 3) rotations of less than half a turn -> (..., 3) axis times angle, radians."""
    turns = np.asarray(rotations, dtype=np.float64)
    cosine = np.clip((np.trace(turns, axis1=-2, axis2=-1) - 1) / 2, -1, 1)
    angle = np.arccos(cosine)
    odd = np.stack(
        [
            turns[..., 2, 1] - turns[..., 1, 2],
            turns[..., 0, 2] - turns[..., 2, 0],
            turns[..., 1, 0] - turns[..., 0, 1],
        ],
        axis=-1,
    )
    return np.asarray(odd / (2 * np.sinc(angle / np.pi))[..., None])
