"""Which vertices are the keypoints: every annotated point in a picture votes for vertices near it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ShapeSpaceError
from core.shapes.keypoints import COUNT, LEFT, NAMES, RIGHT

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]

_CAP = 0.06
"""Beyond this part of the car's size in the picture, all misses are equally bad: wrong poses are common."""


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedCar:
    """A known car at a known pose, with keypoints that a person placed in the picture.

    Attributes:
        model: its row among the meshes.
        rotation: (3, 3) from the meshes' frame to the camera's.
        translation: (3,) metres.
        points: (12, 2) pixels.
        placed: (12,) which of them a person placed.
    """

    model: int
    rotation: FloatArray
    translation: FloatArray
    points: FloatArray
    placed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Vote:
    """What a vote came to.

    Attributes:
        ids: (12,) the chosen vertices.
        votes: (12,) how many annotations each was chosen by.
        miss: (12,) median distance in the picture between annotation and vertex, as part of the car's size.
    """

    ids: IndexArray
    votes: IndexArray
    miss: FloatArray


def vote_keypoints(
    vertices: ArrayLike, cars: Sequence[AnnotatedCar], camera_matrix: ArrayLike, *, across: int
) -> Vote:
    """Votes the twelve keypoints' vertices.

    A vertex and its twin on the other side stand together, so that left and right annotations both count.

    Args:
        vertices: (N, V, 3) of one topology, in metres, in the frame that the poses start from.
        cars: the annotated cars.
        camera_matrix: (3, 3).
        across: which axis of that frame runs across the cars (0, 1 or 2).

    Raises:
        ShapeSpaceError: a keypoint has no annotation on either side.
    """
    meshes = np.asarray(vertices, dtype=np.float64)
    matrix = np.asarray(camera_matrix, dtype=np.float64)
    twins = _twins(meshes.mean(axis=0), across)
    cost = np.zeros((COUNT, meshes.shape[1]))
    votes = np.zeros(COUNT, dtype=np.int32)
    misses = []
    for car in cars:
        rays = (meshes[car.model] @ car.rotation.T + car.translation) @ matrix.T
        if rays[:, 2].min() <= 0 or not car.placed.any():
            continue
        pixels = rays[:, :2] / rays[:, 2:]
        size = np.ptp(pixels, axis=0).max()
        away = np.linalg.norm(pixels - car.points[car.placed][:, None], axis=2) / size
        cost[car.placed] += np.minimum(away, _CAP)
        votes += car.placed
        misses.append((car.placed, away))
    ids = np.zeros(COUNT, dtype=np.int32)
    for right, left in zip(RIGHT, LEFT, strict=True):
        if votes[right] + votes[left] == 0:
            raise ShapeSpaceError(
                f"No annotated car shows its {NAMES[right]} or {NAMES[left]}.", "Add annotations of it."
            )
        chosen = int(np.argmin(cost[left] + cost[right][twins]))
        ids[left], ids[right] = chosen, twins[chosen]
    return Vote(ids, votes, _median_miss(misses, ids))


def _twins(mesh: FloatArray, across: int) -> IndexArray:
    """(V,) for each vertex the one nearest to its mirror image."""
    mirror = np.ones(3)
    mirror[across] = -1.0
    middle = np.zeros(3)
    middle[across] = mesh[:, across].min() + mesh[:, across].max()
    images = mesh * mirror + middle
    nearest = [int(np.argmin(((mesh - image) ** 2).sum(axis=1))) for image in images]
    return np.array(nearest, dtype=np.int32)


def _median_miss(misses: list[tuple[NDArray[np.bool_], FloatArray]], ids: IndexArray) -> FloatArray:
    """(12,) median over the annotations; nan where there is none."""
    of_point: list[list[float]] = [[] for _ in range(COUNT)]
    for placed, away in misses:
        for row, point in enumerate(np.flatnonzero(placed)):
            of_point[point].append(float(away[row, ids[point]]))
    return np.array([np.median(values) if values else np.nan for values in of_point])
