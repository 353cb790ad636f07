"""A car shape space made ready to draw: levels of detail, each as one matrix product away from any car.

Positions and normals are both linear in the shape's coefficients (normals to first order), so that hundreds
of cars are baked at once and one car in well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.shapes.meshes import corner_normals, face_normals
from core.shapes.proxy import cluster_proxy
from core.shapes.space import CarShapeSpace, MeshBasis

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
IndexArray = NDArray[np.int32]

COARSE_CELL_M = 0.8  # of the last level: about a hundred faces
_STEP = 0.5  # sigmas to both sides, for the slope of the normals
_GRADE = 1e-3  # corners of one vertex with the same normal are one


class Material(IntEnum):
    """What a part looks like; its number is what the viewport's shader knows."""

    PAINT = 0
    GLASS = 1
    DARK = 2
    RIM = 3
    FRONT_LIGHT = 4
    REAR_LIGHT = 5
    SKIN = 6
    HAIR = 7
    CLOTHES = 100  # and up to 100 more: how far they are trousers, percent


_OF_PART: dict[str, Material] = {
    "front_window": Material.GLASS,
    "quarter_window": Material.GLASS,
    "rear_screen": Material.GLASS,
    "rear_window": Material.GLASS,
    "windscreen": Material.GLASS,
    "mirror_glass": Material.GLASS,
    "cladding": Material.DARK,
    "gap": Material.DARK,
    "grille": Material.DARK,
    "tyre": Material.DARK,
    "underside": Material.DARK,
    "rim": Material.RIM,
    "headlight": Material.FRONT_LIGHT,
    "taillight": Material.REAR_LIGHT,
}
_TOO_THIN = {"cladding", "gap", "grille"}


@dataclass(frozen=True, slots=True, eq=False)
class DrawableLevel:
    """One level of detail.

    Attributes:
        mean: (S, 6) position and normal of each corner, car frame, metres.
        slopes: (K, S, 6) what one unit of each coefficient does to them.
        faces: (F, 3), counter-clockwise from outside.
        materials: (S,) of each corner, see Material.
    """

    mean: Floats
    slopes: Floats
    faces: IndexArray
    materials: NDArray[np.uint8]

    def bake(self, betas: ArrayLike) -> Floats:
        """(N, S, 6) positions and normals of cars, car frame; normals not quite of unit length.

        Args:
            betas: (N, k) with k up to K; components left out are zero.
        """
        steps = np.atleast_2d(np.asarray(betas, dtype=np.float32))
        count = steps.shape[1]
        flat = self.slopes[:count].reshape(count, self.mean.size)
        baked: Floats = self.mean + (steps @ flat).reshape(len(steps), *self.mean.shape)
        return baked


def drawable_levels(space: CarShapeSpace) -> tuple[DrawableLevel, ...]:
    """The levels of a space, the finest first: its mesh, its light stand-in, and about a hundred faces.

    Raises:
        ValueError: the space has keypoints only, no mesh.
    """
    mesh = space.mesh
    if mesh is None:
        raise ValueError(f"the shape space {space.name!r} has keypoints only, no mesh")
    face_materials = _materials(mesh.faces, mesh.parts)
    # dark strips as thin as a face would be torn to teeth by larger faces
    plain = face_materials.copy()
    for name in _TOO_THIN & mesh.parts.keys():
        plain[mesh.parts[name]] = Material.PAINT
    ends = [mesh.mean[:, axis].argmin() for axis in (0, 2)] + [mesh.mean[:, axis].argmax() for axis in (0, 2)]
    kept = np.concatenate([mesh.keypoint_ids, np.array(ends, dtype=np.int32)])  # it is as long and as high
    coarse = cluster_proxy(mesh.mean, mesh.faces, kept, COARSE_CELL_M)
    sets = (
        (np.arange(len(mesh.mean), dtype=np.int32), mesh.faces),
        (mesh.proxy_ids, mesh.proxy_faces),
        (coarse.vertex_ids, coarse.faces),
    )
    return tuple(
        _level(
            space,
            mesh,
            ids,
            faces,
            face_materials if number == 0 else _nearest(mesh, plain, ids, faces),
        )
        for number, (ids, faces) in enumerate(sets)
    )


def box_level(size_m: tuple[float, float, float]) -> DrawableLevel:
    """A plain box on the ground, for a car whose mesh is not known.

    Args:
        size_m: length, width and height.
    """
    corners: list[Array] = []
    faces: list[tuple[int, int, int]] = []
    for axis in range(3):
        for side in (-1.0, 1.0):
            normal = side * np.eye(3)[axis]
            along = np.eye(3)[(axis + 1) % 3]
            across = np.cross(normal, along)
            start = len(corners)
            for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corners.append(np.concatenate([normal + u * along + v * across, normal]))
            faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    mean = np.array(corners)
    mean[:, 2] += 1.0  # from the ground up
    mean[:, :3] *= np.asarray(size_m, dtype=np.float64) / 2
    return DrawableLevel(
        mean.astype(np.float32),
        np.zeros((0, len(mean), 6), dtype=np.float32),
        np.array(faces, dtype=np.int32),
        np.zeros(len(mean), dtype=np.uint8),
    )


def _materials(faces: IndexArray, parts: Mapping[str, IndexArray]) -> NDArray[np.uint8]:
    found = np.full(len(faces), Material.PAINT, dtype=np.uint8)
    for name, indices in parts.items():
        found[indices] = _OF_PART.get(name, Material.PAINT)
    return found


def _nearest(
    mesh: MeshBasis, materials: NDArray[np.uint8], ids: IndexArray, faces: IndexArray
) -> NDArray[np.uint8]:
    """The materials of a coarser level's faces: of the finest face nearest to each one's middle."""
    whole = mesh.mean[mesh.faces].mean(axis=1)
    middles = mesh.mean[ids][faces].mean(axis=1)
    away = (middles**2).sum(axis=1)[:, None] - 2 * middles @ whole.T + (whole**2).sum(axis=1)
    return materials[away.argmin(axis=1)]


def _level(
    space: CarShapeSpace, mesh: MeshBasis, ids: IndexArray, faces: IndexArray, materials: NDArray[np.uint8]
) -> DrawableLevel:
    """Splits vertices where the surface has an edge or changes its material, and follows them by beta."""
    groups = materials.astype(np.int32)
    normals = corner_normals(mesh.mean[ids], faces, groups)
    keys = np.concatenate(
        [faces.reshape(-1, 1), np.repeat(groups, 3)[:, None], np.round(normals.reshape(-1, 3) / _GRADE)],
        axis=1,
    )
    _, first, places = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    corners = faces.reshape(-1)[first]
    slopes = np.zeros((space.components, len(first), 6))
    slopes[:, :, :3] = space.sigmas[:, None, None] * mesh.directions[:, ids[corners]]
    # the corners that are one here are summed over the same faces whatever the shape, so that a difference
    # of two shapes' normals is a slope
    split = places.reshape(-1, 3).astype(np.int32)
    for number in range(space.components):
        step = _STEP * space.sigmas[number] * mesh.directions[number][ids]
        ahead = _smooth(mesh.mean[ids] + step, faces, split, len(first))
        behind = _smooth(mesh.mean[ids] - step, faces, split, len(first))
        slopes[number, :, 3:] = (ahead - behind) / (2 * _STEP)
    mean = np.concatenate(
        [mesh.mean[ids[corners]], _smooth(mesh.mean[ids], faces, split, len(first))], axis=1
    )
    return DrawableLevel(
        mean.astype(np.float32),
        slopes.astype(np.float32),
        split,
        np.repeat(materials, 3)[first],
    )


def _smooth(vertices: Array, faces: IndexArray, split: IndexArray, count: int) -> Array:
    """(count, 3) unit normals: of the faces at each corner, by area."""
    areas = np.repeat(face_normals(vertices, faces), 3, axis=0)
    summed = np.stack([np.bincount(split.reshape(-1), areas[:, axis], count) for axis in range(3)], axis=1)
    return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)
