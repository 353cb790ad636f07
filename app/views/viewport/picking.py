"""Which car is under the cursor: a ray against the cars' light meshes, in numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.states.scene import SceneObject

Array = NDArray[np.float64]

_LEVEL = 1  # the light stand-in, where a car has one
_EDGE = 1e-9


def car_on_ray(cars: Sequence[SceneObject], start: Array, direction: Array) -> int | None:
    """The index of the first car that a ray meets, or None.

    Args:
        start, direction: (3,) of the ray, world, metres; the direction of unit length.
    """
    if not cars:
        return None
    centres = np.array([car.centre for car in cars])
    reach = np.array([car.length_m for car in cars]) * 0.75
    way = centres - start
    along = way @ direction
    aside = np.linalg.norm(way - along[:, None] * direction, axis=1)
    near = np.flatnonzero((aside <= reach) & (along > -reach))
    best, found = np.inf, None
    for index in near[np.argsort(along[near])].tolist():
        car = cars[index]
        level = min(_LEVEL, len(car.levels) - 1)
        distance = _first_face(car.levels[level][:, :3], car.form.faces[level], start, direction)
        if distance < best:
            best, found = distance, index
    return found


def _first_face(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], start: Array, direction: Array
) -> float:
    """How far along the ray it meets a mesh first, or inf (Moller and Trumbore 1997)."""
    corners = vertices[faces].astype(np.float64)
    first = corners[:, 0]
    along, across = corners[:, 1] - first, corners[:, 2] - first
    turned = np.cross(direction, across)
    size = np.einsum("ij,ij->i", along, turned)
    away = start - first
    lean = np.cross(away, along)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.einsum("ij,ij->i", away, turned) / size
        v = lean @ direction / size
        length = np.einsum("ij,ij->i", across, lean) / size
        hit = (u >= -_EDGE) & (v >= -_EDGE) & (u + v <= 1 + _EDGE) & (length > 0)
    return float(length[hit].min(initial=np.inf))
