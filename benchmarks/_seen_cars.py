"""Cars of the default space before a camera, with noisy keypoints, as in ALGORITHMS.md, section 10."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.evidence import KeypointEvidence
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.visibility import ray_mesh, sight
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

COMPONENTS = 5


@dataclass(frozen=True, eq=False)
class Scene:
    """A camera and its road."""

    camera: Camera
    plane: GroundPlane


def scene(
    focal_px: float = 1400.0,
    height_m: float = 6.0,
    pitch_deg: float = 15.0,
    roll_deg: float = 0.0,
    size: tuple[int, int] = (1920, 1080),
) -> Scene:
    """The reference camera, or another."""
    pitch, roll = np.deg2rad(pitch_deg), np.deg2rad(roll_deg)
    up = np.array([-np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch), -np.sin(pitch)])
    return Scene(pinhole(*size, focal_px), GroundPlane(up, height_m))


@dataclass(frozen=True, eq=False)
class SeenCar:
    """One car in one frame: its truth and what is seen of it.

    Attributes:
        place: (2,) on the ground's frame, metres. heading: radians. shape: (5,) beta.
        visible: (12,) which points the camera sees past the car's own body.
        evidence: noisy keypoints of those visible points that were not dropped.
    """

    place: Array
    heading: float
    shape: Array
    visible: NDArray[np.bool_]
    evidence: KeypointEvidence


def see(
    where: Scene,
    space: CarShapeSpace,
    place: Array,
    heading: float,
    shape: Array,
    rng: np.random.Generator,
    noise_px: float = 2.0,
    drop: float = 0.4,
) -> SeenCar:
    """Looks at one car; points outside the picture are not seen."""
    assert space.mesh is not None
    pose = pose_on_ground(where.plane, place, heading)
    points = pose.apply(space.keypoints(shape))
    body = ray_mesh(pose.apply(space.proxy_vertices(shape)), space.mesh.proxy_faces)
    pixels = where.camera.project(points)
    visible = sight(points, [body], own=0).visible & where.camera.contains(pixels)
    kept = visible & (rng.random(len(points)) >= drop)
    noisy = pixels + rng.normal(0.0, noise_px, pixels.shape)
    evidence = KeypointEvidence(
        np.where(kept[:, None], noisy, np.nan), np.where(kept, noise_px if noise_px else 1.0, np.inf), kept
    )
    return SeenCar(np.asarray(place, dtype=np.float64), heading, shape, visible, evidence)


def place_in_sight(
    where: Scene, rng: np.random.Generator, near_m: float = 15.0, far_m: float = 60.0, margin: float = 0.08
) -> Array:
    """(2,) a place on the road that lies well inside the picture, at a distance from the camera."""
    frame = where.plane.frame()
    inset = margin * np.array([where.camera.width, where.camera.height])
    for _ in range(10_000):
        distance = rng.uniform(near_m, far_m)
        bearing = rng.uniform(-0.8, 0.8)
        ahead = np.sqrt(max(distance**2 - where.plane.height**2, 0.0))
        place = ahead * np.array([np.cos(bearing), np.sin(bearing)])
        pixel = where.camera.project(frame.apply(np.array([*place, 0.0])))
        if (
            np.isfinite(pixel).all()
            and where.camera.contains(pixel + inset)
            and where.camera.contains(pixel - inset)
        ):
            return place
    raise RuntimeError("this camera sees no road at these distances")


def draw_car(
    where: Scene,
    space: CarShapeSpace,
    rng: np.random.Generator,
    near_m: float = 15.0,
    far_m: float = 60.0,
    noise_px: float = 2.0,
    drop: float = 0.4,
) -> SeenCar:
    """A random car of the space at a random place, facing anywhere."""
    place = place_in_sight(where, rng, near_m, far_m)
    heading = float(rng.uniform(-np.pi, np.pi))
    return see(where, space, place, heading, rng.normal(size=COMPONENTS), rng, noise_px, drop)
