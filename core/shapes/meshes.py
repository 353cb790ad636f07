"""Triangle meshes of cars, with named parts, and the few questions that are asked of any mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class CarMesh:
    """A car's surface in the car frame, faces counter-clockwise from outside.

    Attributes:
        vertices: (V, 3) float64, metres; x forward, y left, z up.
        faces: (F, 3) int32, indices into vertices.
        parts: part name -> (n,) int32 indices into faces; every face belongs to one part.
    """

    vertices: FloatArray
    faces: IndexArray
    parts: Mapping[str, IndexArray]


def face_normals(vertices: FloatArray, faces: IndexArray) -> FloatArray:
    """(F, 3) normals, each as long as twice its triangle's area."""
    first, second, third = (vertices[faces[:, corner]] for corner in range(3))
    return np.cross(second - first, third - first)


def signed_volume(vertices: FloatArray, faces: IndexArray) -> float:
    """Enclosed volume in cubic metres; positive where a closed surface faces outwards."""
    first, second, third = (vertices[faces[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->", first, np.cross(second, third)) / 6.0)


def is_watertight(faces: IndexArray) -> bool:
    """Whether every edge belongs to exactly two faces that run along it in opposite directions."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    keys = edges[:, 0] << 32 | edges[:, 1]
    back = edges[:, 1] << 32 | edges[:, 0]
    return len(np.unique(keys)) == len(keys) and np.array_equal(np.sort(keys), np.sort(back))


def corner_normals(
    vertices: FloatArray, faces: IndexArray, groups: IndexArray | None = None, crease_rad: float = 0.7
) -> FloatArray:
    """Normals for smooth shading that keep an edge where the surface turns by more than an angle.

    A corner's normal is the area-weighted mean over the faces at its vertex that turn less than the angle
    away from the corner's own face.

    Args:
        vertices: (V, 3), metres.
        faces: (F, 3).
        groups: (F,) a number for each face; the surface is never smoothed across groups, such as from
            paint to glass. None for one group.
        crease_rad: the angle, radians.

    Returns:
        (F, 3, 3) unit normals, one for each corner of each face.
    """
    areas = face_normals(vertices, faces)
    units = areas / np.maximum(np.linalg.norm(areas, axis=1, keepdims=True), 1e-15)
    first, second = _faces_sharing_a_vertex(faces)
    near = np.einsum("ij,ij->i", units[first // 3], units[second // 3]) > np.cos(crease_rad)
    if groups is not None:
        near &= groups[first // 3] == groups[second // 3]
    sums = _summed(areas[second[near] // 3], first[near], faces.size)
    # a face without area has no normal of its own: it takes its neighbours' mean
    flat = np.linalg.norm(sums, axis=1) < 1e-15
    if flat.any():
        sums[flat] = _summed(areas[second // 3], first, faces.size)[flat]
    normals = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-15)
    return normals.reshape(-1, 3, 3)


def _summed(values: FloatArray, places: NDArray[np.integer], count: int) -> FloatArray:
    """(count, 3) the sums of those (N, 3) values that go to the same place."""
    return np.stack([np.bincount(places, values[:, axis], count) for axis in range(3)], axis=1)


def _faces_sharing_a_vertex(faces: IndexArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All ordered pairs of corners (face * 3 + place) at one vertex, each corner with itself too."""
    corners = np.argsort(faces.ravel(), kind="stable").astype(np.int64)
    counts = np.bincount(faces.ravel())
    counts = counts[counts > 0].astype(np.int64)
    starts = np.cumsum(counts) - counts
    first = np.repeat(corners, np.repeat(counts, counts))
    inside = np.arange((counts**2).sum()) - np.repeat(np.cumsum(counts**2) - counts**2, counts**2)
    second = corners[np.repeat(starts, counts**2) + inside % np.repeat(counts, counts**2)]
    return first, second
