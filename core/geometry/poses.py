"""Rigid motions: poses, rotations as vectors, and a car's place and heading on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_SMALL = 1e-4


@dataclass(frozen=True, eq=False)
class Pose:
    """A rigid motion from one frame to another, such as from a car to a camera: X' = R X + t.

    Attributes:
        rotation: (3, 3), orthonormal, determinant 1.
        translation: (3,), metres.
    """

    rotation: Array
    translation: Array

    def apply(self, points: ArrayLike) -> Array:
        """(..., 3) points of the first frame in the second, metres."""
        return np.asarray(points, dtype=np.float64) @ self.rotation.T + self.translation

    def rotate(self, directions: ArrayLike) -> Array:
        """(..., 3) directions of the first frame in the second."""
        return np.asarray(directions, dtype=np.float64) @ self.rotation.T

    def inverse(self) -> Pose:
        """From the second frame to the first."""
        return Pose(self.rotation.T, -self.rotation.T @ self.translation)

    @property
    def centre(self) -> Array:
        """(3,) the second frame's origin in the first: where the camera is, if this is world to camera."""
        return -self.rotation.T @ self.translation


def identity() -> Pose:
    """The motion that leaves everything where it is."""
    return Pose(np.eye(3), np.zeros(3))


def compose(outer: Pose, inner: Pose) -> Pose:
    """First `inner`, then `outer`: from inner's first frame to outer's second."""
    return Pose(outer.rotation @ inner.rotation, outer.rotation @ inner.translation + outer.translation)


def cross_matrix(vectors: ArrayLike) -> Array:
    """(..., 3) a -> (..., 3, 3) matrices [a] with [a] b = a x b."""
    a = np.asarray(vectors, dtype=np.float64)
    out = np.zeros((*a.shape, 3))
    out[..., 0, 1], out[..., 0, 2], out[..., 1, 2] = -a[..., 2], a[..., 1], -a[..., 0]
    out[..., 1, 0], out[..., 2, 0], out[..., 2, 1] = a[..., 2], -a[..., 1], a[..., 0]
    return out


def rotation_from_vector(vectors: ArrayLike) -> Array:
    """Rotations about the vectors, by their lengths in radians (Rodrigues).

    Args:
        vectors: (..., 3).

    Returns:
        (..., 3, 3).
    """
    a = np.asarray(vectors, dtype=np.float64)
    square = (a * a).sum(axis=-1)[..., None, None]
    angle = np.sqrt(square)
    safe = np.maximum(angle, _SMALL)
    # below 1e-4 rad the next terms of the series are below 1e-17
    sine = np.where(angle < _SMALL, 1 - square / 6, np.sin(safe) / safe)
    cosine = np.where(angle < _SMALL, 0.5 - square / 24, (1 - np.cos(safe)) / safe**2)
    across = cross_matrix(a)
    return np.eye(3) + sine * across + cosine * (across @ across)


def vector_from_rotation(rotations: ArrayLike) -> Array:
    """Rotations as vectors of 0 to pi radians; undoes `rotation_from_vector`.

    Goes through the quaternion, which is as exact at 0 as at a half turn.

    Args:
        rotations: (..., 3, 3).

    Returns:
        (..., 3), radians.
    """
    r = np.asarray(rotations, dtype=np.float64)
    xx, yy, zz = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    wx, wy, wz = r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]
    xy, xz, yz = r[..., 1, 0] + r[..., 0, 1], r[..., 2, 0] + r[..., 0, 2], r[..., 2, 1] + r[..., 1, 2]
    # each row is the quaternion (w, x, y, z) times four times one of its parts: the longest is the surest
    rows = np.stack(
        [
            np.stack([1 + xx + yy + zz, wx, wy, wz], axis=-1),
            np.stack([wx, 1 + xx - yy - zz, xy, xz], axis=-1),
            np.stack([wy, xy, 1 - xx + yy - zz, yz], axis=-1),
            np.stack([wz, xz, yz, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(np.linalg.norm(rows, axis=-1), axis=-1)[..., None, None]
    q = np.take_along_axis(rows, best, axis=-2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    q = np.where(q[..., :1] < 0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[..., :1])
    return q[..., 1:] * np.where(sine < 1e-12, 2.0, angle / np.maximum(sine, 1e-12))


def rotation_from_quaternion(quaternion: ArrayLike) -> Array:
    """(4,) w, x, y, z of any length but 0 -> (3, 3)."""
    q = np.asarray(quaternion, dtype=np.float64)
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def rotation_angle(first: ArrayLike, second: ArrayLike) -> Array:
    """(...,) angle between rotations (..., 3, 3), radians."""
    between = np.swapaxes(np.asarray(first, dtype=np.float64), -1, -2) @ np.asarray(second, dtype=np.float64)
    return np.linalg.norm(vector_from_rotation(between), axis=-1)


def heading_rotation(heading_rad: float) -> Array:
    """(3, 3) a turn about z, up, by an angle from x towards y, radians."""
    cosine, sine = np.cos(heading_rad), np.sin(heading_rad)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
