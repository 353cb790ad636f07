"""A fit's car as points, meshes and outlines in the camera frame, from the shape space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.cameras import Camera
from core.geometry.mesh_outline import mesh_outline
from core.geometry.poses import Pose
from core.geometry.visibility import RayMesh, ray_mesh
from core.records.fits import VehicleFit
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]
Faces = NDArray[np.int32]

# a body on the twelve keypoints alone, for spaces without a mesh: sides, roof, ends, floor
_POINT_FACES = np.array(
    [[0, 4, 8], [0, 8, 10], [0, 10, 2], [2, 10, 6], [1, 9, 5], [1, 11, 9], [1, 3, 11], [3, 7, 11],
     [8, 9, 11], [8, 11, 10], [4, 5, 9], [4, 9, 8], [4, 0, 1], [4, 1, 5], [10, 11, 7], [10, 7, 6],
     [6, 7, 3], [6, 3, 2], [0, 2, 3], [0, 3, 1]],
    dtype=np.int32,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PlacedMesh:
    """A fit's surface.

    Attributes:
        vertices: (V, 3), camera frame, metres.
        faces: (F, 3), counter-clockwise from outside.
    """

    vertices: Array
    faces: Faces


def fit_pose(fit: VehicleFit) -> Pose:
    """From the car frame to the camera frame."""
    return Pose(np.reshape(fit.rotation, (3, 3)), np.array(fit.translation))


def fit_keypoints(fit: VehicleFit, space: CarShapeSpace) -> Array:
    """(12, 3) the keypoints where the fit puts them, camera frame, metres."""
    return fit_pose(fit).apply(space.keypoints(known_shape(fit, space)))


def known_shape(fit: VehicleFit, space: CarShapeSpace) -> Array:
    """(k,) the fit's coefficients, no more than the space has."""
    return np.array(fit.shape[: space.components], dtype=np.float64)


def fit_mesh(fit: VehicleFit, space: CarShapeSpace) -> PlacedMesh:
    """The whole mesh; a body on the keypoints where the space has no mesh."""
    if space.mesh is None:
        return fit_proxy(fit, space)
    return PlacedMesh(fit_pose(fit).apply(space.vertices(known_shape(fit, space))), space.mesh.faces)


def fit_proxy(fit: VehicleFit, space: CarShapeSpace) -> PlacedMesh:
    """The light stand-in; a body on the keypoints where the space has no mesh."""
    if space.mesh is None:
        return PlacedMesh(fit_keypoints(fit, space), _POINT_FACES)
    vertices = fit_pose(fit).apply(space.proxy_vertices(known_shape(fit, space)))
    return PlacedMesh(vertices, space.mesh.proxy_faces)


def fit_ray_mesh(fit: VehicleFit, space: CarShapeSpace) -> RayMesh:
    """The light stand-in ready for rays, to say what it hides."""
    proxy = fit_proxy(fit, space)
    return ray_mesh(proxy.vertices, proxy.faces)


def sizes_m(space: CarShapeSpace, betas: ArrayLike) -> Array:
    """Length, width and height of cars, mirrors left out as far as the light stand-in does.

    Args:
        betas: (n, k).

    Returns:
        (n, 3) metres; between the outermost keypoints, and from the road, where the space has no mesh.
    """
    beta = np.atleast_2d(np.asarray(betas, dtype=np.float64))
    points = space.keypoints(beta) if space.mesh is None else space.proxy_vertices(beta)
    sizes = np.ptp(points, axis=1)
    sizes[:, 2] = points[..., 2].max(axis=1)
    return sizes


def fit_outline(fit: VehicleFit, camera: Camera, space: CarShapeSpace) -> list[Array]:
    """The outline of the fit's car in the picture.

    Returns:
        polygons (n, 2) in pixels, the longest first; none where a part of the car is behind the camera.
    """
    proxy = fit_proxy(fit, space)
    return mesh_outline(camera.project(proxy.vertices), proxy.faces)
