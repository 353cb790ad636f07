"""Cars of the default space before the reference camera, as exact as projection makes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fitter import FitSettings, VehicleFitter
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.poses import Pose
from core.geometry.visibility import ray_mesh, sight
from core.shapes.keypoints import COUNT
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space

Array = NDArray[np.float64]

TILT = np.deg2rad(15.0)
CAMERA = pinhole(1920, 1080, 1400.0)
PLANE = GroundPlane(np.array([0.0, -np.cos(TILT), -np.sin(TILT)]), 6.0)


@lru_cache(maxsize=1)
def space() -> CarShapeSpace:
    return default_space()


def fitter(
    plane: GroundPlane | None = PLANE, camera: Camera = CAMERA, settings: FitSettings = FitSettings()
) -> VehicleFitter:
    return VehicleFitter(camera, plane, space(), settings)


def stand(place: Sequence[float], heading: float, plane: GroundPlane = PLANE) -> Pose:
    return pose_on_ground(plane, place, heading)


def pixels_of(pose: Pose, beta: ArrayLike = (0.0,), camera: Camera = CAMERA) -> Array:
    return camera.project(pose.apply(space().keypoints(beta)))


def seen_points(pose: Pose, beta: ArrayLike = (0.0,), camera: Camera = CAMERA) -> NDArray[np.bool_]:
    """Which keypoints the car's whole mesh and the picture's border leave visible."""
    points = pose.apply(space().keypoints(beta))
    mesh = space().mesh
    assert mesh is not None
    body = ray_mesh(pose.apply(space().vertices(beta)), mesh.faces)
    return sight(points, [body], own=0).visible & camera.contains(camera.project(points))


def evidence(
    pixels: Array, kept: ArrayLike | None = None, sigma_px: float = 2.0, *, seen: bool = True
) -> KeypointEvidence:
    """Points as evidence; `kept` are indices or booleans, all where None."""
    there = np.zeros(COUNT, dtype=bool)
    if kept is None:
        there[:] = True
    elif len(np.atleast_1d(kept)):
        there[np.asarray(kept)] = True
    return KeypointEvidence(
        np.where(there[:, None], pixels, np.nan),
        np.where(there, sigma_px, np.inf),
        there if seen else None,
    )
