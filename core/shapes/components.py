"""Principal components of cars: keypoints and mesh analysed together, so that both share beta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_MESH_WEIGHT = 0.5
"""The mesh's say beside the keypoints' in what the components are; fits see keypoints only."""


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """What a principal component analysis found, largest share of the keypoints' variance first.

    Attributes:
        mean: (12, 3).
        directions: (K, 12, 3), unit length each.
        sigmas: (K,), metres.
        explained: (K,) part of the keypoints' variance.
        mesh_mean: (V, 3), or None.
        mesh_directions: (K, V, 3), or None.
    """

    mean: FloatArray
    directions: FloatArray
    sigmas: FloatArray
    explained: FloatArray
    mesh_mean: FloatArray | None
    mesh_directions: FloatArray | None


def principal_components(keypoints: FloatArray, vertices: FloatArray | None, count: int) -> Components:
    """Components of aligned cars.

    Scores have unit variance over the cars, so that a unit Gaussian is beta's prior.

    Args:
        keypoints: (N, 12, 3), car frame, metres.
        vertices: (N, V, 3) of one topology, or None.
        count: how many components; fewer where the cars span fewer.

    Returns:
        the components; each one's sign is chosen so that its largest keypoint coordinate is positive.
    """
    cars = len(keypoints)
    mean = keypoints.mean(axis=0)
    points = (keypoints - mean).reshape(cars, -1)
    blocks = [points / np.sqrt(keypoints.shape[1])]
    shape = None
    mesh_mean = None
    if vertices is not None:
        mesh_mean = vertices.mean(axis=0)
        shape = (vertices - mesh_mean).reshape(cars, -1)
        blocks.append(_MESH_WEIGHT * shape / np.sqrt(vertices.shape[1]))
    left, stretch, _ = np.linalg.svd(np.concatenate(blocks, axis=1), full_matrices=False)
    kept = int(min(count, (stretch > 1e-9 * stretch[0]).sum(), cars - 1))
    scores = left[:, :kept] * np.sqrt(cars - 1)
    loads = scores.T @ points / (cars - 1)
    loads, scores = _signed_and_sorted(loads, scores)
    sigmas = np.linalg.norm(loads, axis=1)
    total = float((points**2).sum() / (cars - 1))
    directions = (loads / sigmas[:, None]).reshape(kept, -1, 3)
    mesh_directions = None
    if shape is not None and vertices is not None:
        mesh_directions = (scores.T @ shape / (cars - 1) / sigmas[:, None]).reshape(kept, -1, 3)
    return Components(mean, directions, sigmas, sigmas**2 / total, mesh_mean, mesh_directions)


def _signed_and_sorted(loads: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Components by falling share of the keypoints' variance, with a sign that no solver chooses."""
    order = np.argsort(-np.linalg.norm(loads, axis=1), kind="stable")
    loads, scores = loads[order], scores[:, order]
    largest = np.abs(loads).argmax(axis=1)
    signs = np.sign(loads[np.arange(len(loads)), largest])
    return loads * signs[:, None], scores * signs
