"""Similarities between point sets, and shapes fitted to twelve keypoints up to a similarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.shapes.space import CarShapeSpace

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """x -> scale * rotation @ x + translation.

    Attributes:
        scale: a positive number.
        rotation: (3, 3), proper: it never mirrors.
        translation: (3,).
    """

    scale: float
    rotation: FloatArray
    translation: FloatArray

    def apply(self, points: ArrayLike) -> FloatArray:
        """(..., 3) -> (..., 3)."""
        return self.scale * np.asarray(points, dtype=np.float64) @ self.rotation.T + self.translation


def similarity(source: ArrayLike, target: ArrayLike) -> Similarity:
    """The similarity that brings points nearest to others in the least-squares sense (Umeyama, PAMI 1991).

    Args:
        source, target: (N, 3), corresponding rows, at least three that are not on one line.
    """
    a, b = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 2 or a.shape[1] != 3 or len(a) < 3:
        raise ValueError(f"two arrays of at least three points expected, not {a.shape} and {b.shape}")
    a_mean, b_mean = a.mean(axis=0), b.mean(axis=0)
    centred = a - a_mean
    left, stretch, right = np.linalg.svd((b - b_mean).T @ centred)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = left @ np.diag(signs) @ right
    scale = float((stretch * signs).sum() / (centred**2).sum())
    return Similarity(scale, rotation, b_mean - scale * rotation @ a_mean)


@dataclass(frozen=True, slots=True, eq=False)
class ShapeFit:
    """A shape brought to measured keypoints.

    Attributes:
        beta: (k,).
        placing: from the car frame to the measured points.
        rms: root of the mean squared 3D distance over the twelve points, in the measured points' unit.
    """

    beta: FloatArray
    placing: Similarity
    rms: float


def fit_up_to_similarity(
    space: CarShapeSpace, points: ArrayLike, components: int = 5, prior: float = 1e-4, rounds: int = 40
) -> ShapeFit:
    """The shape and similarity that bring a space's keypoints to measured ones, by turns.

    Args:
        space: the shape space.
        points: (12, 3), any right-handed frame and unit.
        components: how many numbers of the space to use.
        prior: weight of |beta|^2 beside squared metres in the car frame.
        rounds: how often shape and similarity are refined; each round can only lower the error.
    """
    measured = np.asarray(points, dtype=np.float64)
    beta = np.zeros(components)
    for _ in range(rounds):
        back = similarity(measured, space.keypoints(beta))
        beta = space.coefficients(back.apply(measured), components, prior)
    model = space.keypoints(beta)
    placing = similarity(model, measured)
    distances = np.linalg.norm(placing.apply(model) - measured, axis=1)
    return ShapeFit(beta, placing, float(np.sqrt((distances**2).mean())))
