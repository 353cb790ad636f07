"""Which points a camera sees past triangle meshes, in numpy: fast enough to run while a person drags.

A point is visible when the first surface along its ray is within 5 cm of it (DESIGN, "Words"); it is hidden
where a surface lies more than that before it. Everything is in the camera frame, metres; rays start at the
camera. Moller and Trumbore's test (1997), with all that does not depend on the ray worked out beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.cameras import Camera
from core.records.shapes import KeypointTag, keypoint_tag

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]
Indices = NDArray[np.intp]

NEAR_SURFACE_M = 0.05
NOBODY = -1
# a ray that just grazes an edge shared by two faces must hit one of them
_EDGE = 1e-9


@dataclass(frozen=True, eq=False)
class RayMesh:
    """A mesh made ready for rays from the camera.

    Attributes:
        low, high: (3,) corners of its box, camera frame, metres.
        planes: (3, 3F) of each face, what a ray's direction d is multiplied with: d.(e2 x e1), then
            d.(e2 x t), then d.(t x e1), where t is the way from its first corner to the camera.
        reach: (F,) e2.(t x e1), six times the volume under the face.
    """

    low: Array
    high: Array
    planes: Array
    reach: Array

    @property
    def face_count(self) -> int:
        """Number of faces."""
        return len(self.reach)


def ray_mesh(vertices: ArrayLike, faces: ArrayLike) -> RayMesh:
    """A mesh ready for rays.

    Args:
        vertices: (V, 3), camera frame, metres.
        faces: (F, 3) indices, F > 0; which way they face does not matter.
    """
    points = np.asarray(vertices, dtype=np.float64)
    corners = points[np.asarray(faces)]
    first = corners[:, 0]
    along, across = corners[:, 1] - first, corners[:, 2] - first
    normal, lean, side = np.cross(across, along), np.cross(across, -first), np.cross(-first, along)
    return RayMesh(
        corners.min(axis=(0, 1)),
        corners.max(axis=(0, 1)),
        np.ascontiguousarray(np.concatenate([normal, lean, side]).T),
        np.einsum("ij,ij->i", across, side),
    )


def first_surface(mesh: RayMesh, targets: ArrayLike) -> Array:
    """How far along the way to each target the mesh is first met.

    Args:
        targets: (n, 3), camera frame, metres.

    Returns:
        (n,) 1 where it is met at the target itself, 0.5 half-way, inf where it is never met.
    """
    rays = np.asarray(targets, dtype=np.float64)
    found = np.full(len(rays), np.inf)
    near = _meets_box(mesh, rays)
    if near.any():
        found[near] = _first_face(mesh, rays[near])
    return found


def hidden_behind(mesh: RayMesh, points: ArrayLike, tolerance_m: float = NEAR_SURFACE_M) -> Bits:
    """(n,) whether a mesh lies before points (n, 3) by more than a tolerance."""
    place = np.asarray(points, dtype=np.float64)
    return first_surface(mesh, place) < _nearest(place, tolerance_m)


@dataclass(frozen=True, eq=False)
class Sight:
    """What the camera sees of some points.

    Attributes:
        by_own: (n,) whether the object's own body hides the point.
        hider: (n,) index of the first other mesh before the point, or NOBODY.
    """

    by_own: Bits
    hider: Indices

    @property
    def visible(self) -> Bits:
        """(n,) whether nothing hides the point."""
        return ~self.by_own & (self.hider == NOBODY)


def sight(
    points: ArrayLike, meshes: Sequence[RayMesh], own: int | None = None, tolerance_m: float = NEAR_SURFACE_M
) -> Sight:
    """What hides each of an object's points.

    Args:
        points: (n, 3), camera frame, metres.
        meshes: everything that may hide them.
        own: index of the object's own mesh, or None.
    """
    place = np.asarray(points, dtype=np.float64)
    nearest = _nearest(place, tolerance_m)
    by_own = np.zeros(len(place), dtype=np.bool_)
    hider = np.full(len(place), NOBODY, dtype=np.intp)
    first = nearest.copy()
    for index, mesh in enumerate(meshes):
        met = first_surface(mesh, place)
        if index == own:
            by_own = met < nearest
            continue
        hider[met < first] = index
        np.minimum(first, met, out=first)
    return Sight(by_own, hider)


def tags(camera: Camera, points: ArrayLike, seen: Sight) -> list[KeypointTag]:
    """The tag of each point, by the order in which they win (DESIGN, "Words").

    Args:
        points: (n, 3), camera frame, metres. seen: of the same points.
    """
    inside = camera.contains(camera.project(points))
    return [
        keypoint_tag(truncated=not within, self_hidden=bool(own), other_hidden=bool(other))
        for within, own, other in zip(inside, seen.by_own, seen.hider != NOBODY, strict=True)
    ]


def _nearest(points: Array, tolerance_m: float) -> Array:
    """(n,) share of the way to each point before which a surface hides it."""
    return 1.0 - tolerance_m / np.maximum(np.linalg.norm(points, axis=-1), 1e-12)


def _meets_box(mesh: RayMesh, rays: Array) -> Bits:
    """(n,) whether rays from the camera meet the mesh's box on their way to the target or beyond."""
    with np.errstate(divide="ignore", invalid="ignore"):
        at_low, at_high = mesh.low / rays, mesh.high / rays
    # 0 / 0: the ray runs in the box's own face, which is no reason to leave it out
    enter = np.fmax.reduce(np.fmin(at_low, at_high), axis=1)
    leave = np.fmin.reduce(np.fmax(at_low, at_high), axis=1)
    return (leave >= enter * (1 - _EDGE)) & (leave > 0)


def _first_face(mesh: RayMesh, rays: Array) -> Array:
    count = mesh.face_count
    parts = rays @ mesh.planes.reshape(3, 3 * count)
    size, first, second = parts[:, :count], parts[:, count : 2 * count], parts[:, 2 * count :]
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v, length = first / size, second / size, mesh.reach / size
        hit = (u >= -_EDGE) & (v >= -_EDGE) & (u + v <= 1 + _EDGE) & (length > 0)
    return np.where(hit, length, np.inf).min(axis=1)
