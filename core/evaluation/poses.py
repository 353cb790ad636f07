"""How far poses and shapes of rigid objects are off: angle, place, depth, shape, ADD and reprojection.

For poses (R, t) that were found and (R*, t*) that are true, from the object's frame to the camera's (x right,
y down, z forward; metres). One number for each object; `median_of` and `accuracy` sum them up.
Source: ALGORITHMS 8 (pose Acc, ADD); Tulsiani and Malik, CVPR 2015 (Acc at pi/6); Hinterstoisser et al.,
ACCV 2012 (ADD).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.keypoints import Share
from core.geometry.poses import rotation_angle

Array = NDArray[np.float64]

ACCURATE_RAD = math.pi / 6
"""Rotations off by less are right (ALGORITHMS 8)."""

FINE_RAD = math.pi / 18
"""The stricter limit beside it."""


def rotation_errors(found: ArrayLike, truth: ArrayLike) -> Array:
    """The angle of R^T R*, |log(R^T R*)|_F / sqrt 2: how far one is to be turned to be the other.

    Args:
        found, truth: (n, 3, 3).

    Returns:
        (n,) 0 to pi, radians.
    """
    said, known = _pair(found, truth, (3, 3))
    return rotation_angle(said, known).reshape(len(said))


def place_errors(found: ArrayLike, truth: ArrayLike) -> Array:
    """|t - t*|.

    Args:
        found, truth: (n, 3), metres.

    Returns:
        (n,) metres.
    """
    said, known = _pair(found, truth, (3,))
    return np.linalg.norm(said - known, axis=1)


def depth_errors(found: ArrayLike, truth: ArrayLike) -> Array:
    """|t_z - t*_z| / t*_z: along the camera's axis, as a share of how far away the object is.

    Args:
        found, truth: (n, 3), metres; the true ones before the camera.

    Returns:
        (n,) shares.
    """
    said, known = _pair(found, truth, (3,))
    if (known[:, 2] <= 0).any():
        raise ValueError("an object lies behind the camera")
    return np.abs(said[:, 2] - known[:, 2]) / known[:, 2]


def shape_errors(found: ArrayLike, truth: ArrayLike) -> Array:
    """Mean over points of |X - X*|, both in the object's own frame: poses do not matter.

    Args:
        found, truth: (n, V, 3) corresponding points of the shapes, such as a mesh's vertices, metres.

    Returns:
        (n,) metres.
    """
    said, known = _pair(found, truth, (None, 3))
    return np.linalg.norm(said - known, axis=2).mean(axis=1)


def add_errors(
    rotation: ArrayLike,
    translation: ArrayLike,
    true_rotation: ArrayLike,
    true_translation: ArrayLike,
    points: ArrayLike,
) -> Array:
    """ADD: mean over points of |(R X + t) - (R* X + t*)|, of the true shape in both poses.

    Args:
        rotation, true_rotation: (n, 3, 3). translation, true_translation: (n, 3), metres.
        points: (n, V, 3) of each object's shape in its own frame, metres.

    Returns:
        (n,) metres.
    """
    turns, known_turns = _pair(rotation, true_rotation, (3, 3))
    places, known_places = _pair(translation, true_translation, (3,))
    shape = np.asarray(points, dtype=np.float64)
    if shape.ndim != 3 or shape.shape[::2] != (len(turns), 3) or len(turns) != len(places):
        raise ValueError(f"{len(turns)} rotations, {len(places)} translations, points of {shape.shape}")
    moved = np.einsum("nij,nvj->nvi", turns - known_turns, shape) + (places - known_places)[:, None]
    return np.linalg.norm(moved, axis=2).mean(axis=1)


def reprojection_errors(found: ArrayLike, truth: ArrayLike) -> Array:
    """Mean over points of |p - p*| in the picture, over those that are in both before the camera.

    Args:
        found, truth: (n, k, 2) pixels; NaN where a point has no place in the picture.

    Returns:
        (n,) pixels; inf where no point has a place in both.
    """
    said, known = _pair(found, truth, (None, 2))
    away = np.linalg.norm(said - known, axis=2)
    there = np.isfinite(away)
    total = np.where(there, away, 0.0).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.inf)


def accuracy(errors: ArrayLike, limit: float = ACCURATE_RAD, missed: int = 0) -> Share:
    """The share of errors below a limit, such as Acc at pi/6.

    Args:
        errors: (n,). limit: in their unit; an error of just so much is wrong.
        missed: further objects of which nothing was said: they count as wrong.
    """
    off = np.asarray(errors, dtype=np.float64)
    return Share(int((off < limit).sum()), off.size + missed)


def median_of(errors: ArrayLike) -> float | None:
    """The median of errors (n,); None where there are none."""
    off = np.asarray(errors, dtype=np.float64)
    return float(np.median(off)) if off.size else None


def _pair(found: ArrayLike, truth: ArrayLike, shape: tuple[int | None, ...]) -> tuple[Array, Array]:
    """Both as arrays; ValueError where they are not (n, *shape), None standing for any number but 0."""
    said, known = np.asarray(found, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    fits = said.shape == known.shape and said.ndim == 1 + len(shape)
    if not fits or any(
        have == 0 if want is None else have != want for have, want in zip(said.shape[1:], shape, strict=True)
    ):
        raise ValueError(f"arrays of {said.shape} and {known.shape}")
    return said, known
