"""Cars of the default space before the reference camera, by the set-up of ALGORITHMS 10."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.evidence import KeypointEvidence
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.poses import Pose
from core.geometry.visibility import ray_mesh, sight
from core.shapes.keypoints import COUNT
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

NEAR_M, FAR_M = 15.0, 60.0


def reference_camera() -> tuple[Camera, GroundPlane]:
    """1920x1080, f = 1400 px, 6 m high, 15 degrees down."""
    tilt = np.deg2rad(15.0)
    return pinhole(1920, 1080, 1400.0), GroundPlane(np.array([0.0, -np.cos(tilt), -np.sin(tilt)]), 6.0)


@dataclass(frozen=True, eq=False)
class TrueCar:
    """A car, and what is seen of it.

    Attributes:
        place: (2,) on the ground's frame. heading: radians. beta: (K,) of the whole space.
        pose: car to camera. points: (12, 3) camera frame. pixels: (12, 2). visible: (12,).
    """

    place: Array
    heading: float
    beta: Array
    pose: Pose
    points: Array
    pixels: Array
    visible: NDArray[np.bool_]

    def evidence(
        self, rng: np.random.Generator, noise_px: float, dropped: float, sigma_px: float | None = None
    ) -> KeypointEvidence:
        """Its visible points, some left out, with noise."""
        kept = self.visible & (rng.random(COUNT) >= dropped)
        pixels = np.where(kept[:, None], self.pixels + rng.normal(0.0, noise_px, (COUNT, 2)), np.nan)
        sigma = np.where(kept, noise_px if sigma_px is None else sigma_px, np.inf)
        return KeypointEvidence(pixels, sigma, kept)


def draw_cars(
    space: CarShapeSpace, camera: Camera, plane: GroundPlane, count: int, seed: int
) -> Sequence[TrueCar]:
    """Cars 15 to 60 m away of all headings and shapes, their middles in the picture."""
    rng = np.random.default_rng(seed)
    cars: list[TrueCar] = []
    while len(cars) < count:
        distance = rng.uniform(NEAR_M, FAR_M)
        place = np.array([distance, distance * rng.uniform(-0.6, 0.6)])
        heading, beta = float(rng.uniform(-np.pi, np.pi)), rng.normal(size=space.components)
        if camera.contains(camera.project(pose_on_ground(plane, place, heading).translation)):
            cars.append(car_at(space, camera, plane, place, heading, beta))
    return cars


def car_at(
    space: CarShapeSpace, camera: Camera, plane: GroundPlane, place: Array, heading: float, beta: Array
) -> TrueCar:
    """A car, and which of its points neither its own body nor the picture's border hides."""
    assert space.mesh is not None
    pose = pose_on_ground(plane, place, heading)
    points = pose.apply(space.keypoints(beta))
    mesh = ray_mesh(pose.apply(space.vertices(beta)), space.mesh.faces)
    pixels = camera.project(points)
    visible = sight(points, [mesh], own=0).visible & camera.contains(pixels)
    return TrueCar(place, heading, beta, pose, points, pixels, visible)
