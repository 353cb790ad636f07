"""What three cameras say of one point: the trifocal tensor of calibrated cameras, and triangulation.

Coordinates of a picture may be pixels or, better conditioned, those of a box in it; see `in_box`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.boxes import edges_from_centres
from core.geometry.cameras import Camera
from core.geometry.poses import Pose, cross_matrix
from core.records.boxes import Box

Array = NDArray[np.float64]

_NOTHING = 1e-12


def projection_matrix(camera: Camera, pose: Pose) -> Array:
    """(3, 4) from points of the world to pixels of the camera without its distortion, up to scale.

    Args:
        pose: world to camera, metres.
    """
    return camera.matrix @ np.concatenate([pose.rotation, pose.translation[:, None]], axis=1)


def in_box(matrix: ArrayLike, box: Box) -> Array:
    """The projection matrix (3, 4) to coordinates of a box: -1 and 1 at its edges, not cut off outside."""
    left, top = edges_from_centres((0.0, 0.0)) - (box.x, box.y)
    scale = np.array(
        [
            [2.0 / box.w, 0.0, 2.0 * left / box.w - 1.0],
            [0.0, 2.0 / box.h, 2.0 * top / box.h - 1.0],
            [0.0, 0.0, 1.0],
        ]
    )
    return scale @ np.asarray(matrix, dtype=np.float64)


def trifocal_tensor(first: ArrayLike, own: ArrayLike, second: ArrayLike) -> Array:
    """The tensor T of three cameras, with [x_own] (sum_i x_first_i T_i) [x_second] = 0 for one point in all.

    Source: Hartley and Zisserman, Multiple View Geometry, 15.1, and ALGORITHMS 3.6: in the frame in which
    `first` is [I | 0], `own` is [A | a4] and `second` [B | b4], T_i = a_i b4^T - a4 b_i^T.

    Args:
        first, own, second: (3, 4) projection matrices of one world.

    Returns:
        (3, 3, 3), of unit length as a vector of 27 numbers; zero where two cameras are in one place.
    """
    # the frame's axes are what `first` sees as its own axes, and its centre
    frame = np.linalg.svd(np.asarray(first, dtype=np.float64))
    axes = np.concatenate([np.linalg.pinv(np.asarray(first, dtype=np.float64)), frame.Vh[3:].T], axis=1)
    a, b = np.asarray(own, dtype=np.float64) @ axes, np.asarray(second, dtype=np.float64) @ axes
    tensor = np.einsum("ji,k->ijk", a[:, :3], b[:, 3]) - np.einsum("j,ki->ijk", a[:, 3], b[:, :3])
    length = float(np.linalg.norm(tensor))
    # rounding must not be taken for a tensor
    is_none = length <= _NOTHING * np.linalg.norm(a) * np.linalg.norm(b)
    return np.zeros((3, 3, 3)) if is_none else tensor / length


def trifocal_misses(tensor: ArrayLike, first: ArrayLike, own: ArrayLike, second: ArrayLike) -> Array:
    """How far points in three pictures are from being one point: [x_own] (sum_i x_first_i T_i) [x_second].

    Args:
        tensor: (3, 3, 3). first, own, second: (..., 2) in the coordinates of the tensor's matrices.

    Returns:
        (..., 3, 3), without units: over the lengths of (x, y, 1) of all three.
    """
    one, middle, other = (_unit(points) for points in (first, own, second))
    sheet = np.einsum("...i,ijk->...jk", one, np.asarray(tensor, dtype=np.float64))
    return cross_matrix(middle) @ sheet @ cross_matrix(other)


def triangulated(matrices: ArrayLike, points: ArrayLike) -> Array:
    """Points of the world from where cameras see them, by least squares of the linear equations.

    Args:
        matrices: (v, 3, 4) projection matrices, v of at least 2.
        points: (v, n, 2) in their coordinates.

    Returns:
        (n, 3) metres.
    """
    cameras, seen = np.asarray(matrices, dtype=np.float64), np.asarray(points, dtype=np.float64)
    rows = seen[..., None] * cameras[:, None, 2:] - cameras[:, None, :2]  # (v, n, 2, 4)
    rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    stacked = rows.swapaxes(0, 1).reshape(seen.shape[1], -1, 4)
    found = np.linalg.svd(stacked).Vh[:, 3]
    return found[:, :3] / found[:, 3:]


def _unit(points: ArrayLike) -> Array:
    """(..., 2) -> (..., 3) as directions of unit length."""
    place = np.asarray(points, dtype=np.float64)
    whole = np.concatenate([place, np.ones((*place.shape[:-1], 1))], axis=-1)
    return whole / np.linalg.norm(whole, axis=-1, keepdims=True)
