"""A camera above a flat road as four numbers, and what they do to the keypoints of cars standing on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.ground_model import POSE, GroundModel
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import rotation_from_vector

Array = NDArray[np.float64]

CAMERA = 4
FOCAL, ROLL, PITCH, HEIGHT = range(CAMERA)


@dataclass(frozen=True, eq=False)
class RoadCamera:
    """A camera of square pixels above its road.

    Its parameters are steps from where it is: log of the focal length, turns about the ground's x and y axes
    in radians, log of the height.

    Attributes:
        focal_px: pixels.
        plane: the road.
    """

    focal_px: float
    plane: GroundPlane

    def moved(self, step: Array) -> tuple[RoadCamera, float]:
        """The camera after a step (4,), and how much further headings count from its own ground's x, radians.

        The ground's x follows the camera's axis, which a roll moves sideways where the camera looks down.
        """
        axes = self.plane.frame().rotation
        turned = rotation_from_vector(axes[:, 0] * step[ROLL] + axes[:, 1] * step[PITCH]) @ axes
        height = self.plane.height * float(np.exp(step[HEIGHT]))
        plane = GroundPlane(turned[:, 2], height)
        ahead = plane.frame().rotation.T @ turned[:, 0]
        return RoadCamera(self.focal_px * float(np.exp(step[FOCAL])), plane), float(
            np.arctan2(ahead[1], ahead[0])
        )


class CameraModel:
    """Cars on the road with derivatives by place, heading, shape and then the camera's four numbers.

    Places scale with the height: what a step of the height leaves as it was is the place in heights, so that
    the car stays at its pixel and only its size in the picture changes.
    """

    def __init__(self, camera: RoadCamera, basis: ShapeBasis) -> None:
        ideal = pinhole(1, 1, camera.focal_px, (0.0, 0.0))
        self._ground = GroundModel(ideal, camera.plane, basis)
        self._focal = camera.focal_px
        self._axes = camera.plane.frame().rotation[:, :2]

    def project(self, state: Array) -> tuple[Array, Array]:
        """See `levenberg_marquardt.Model`: (b, 3 + K) -> (b, 2, 12) and (b, 3 + K + 4, 2, 12)."""
        pixels, slope = self._ground.project(state)
        by_camera = np.empty((len(state), CAMERA, 2, pixels.shape[-1]))
        by_camera[:, FOCAL] = pixels
        x, y = pixels[:, 0] / self._focal, pixels[:, 1] / self._focal
        # a turn w of the camera's points about the camera moves the ray (x, y, 1) by w x ray
        by_turn = self._focal * np.stack(
            [np.stack([-x * y, -(1 + y * y)], 1), np.stack([1 + x * x, x * y], 1), np.stack([-y, x], 1)], 1
        )
        by_camera[:, ROLL : PITCH + 1] = np.einsum("aw,bwin->bain", self._axes.T, by_turn)
        # a higher camera with places as far in heights sees the car smaller, about its own origin
        by_camera[:, HEIGHT] = -self._by_size(state, pixels)
        return pixels, np.concatenate([slope, by_camera], axis=1)

    def prior(self, state: Array) -> tuple[Array, Array, Array]:
        """Nothing: the bundle gives each car its prior once, however often it is seen."""
        parameters = state.shape[1] + CAMERA
        return np.zeros(len(state)), np.zeros((len(state), parameters)), np.zeros((parameters, parameters))

    def moved(self, state: Array, steps: Array) -> Array:
        """Cars after their own part of the steps; the bundle moves the camera."""
        return state + steps[:, : state.shape[1]]

    def _by_size(self, state: Array, pixels: Array) -> Array:
        """(b, 2, 12) what growing by a factor does to the points, by its log."""
        matrix = self._ground.matrix
        cosine, sine = np.cos(state[:, 2]), np.sin(state[:, 2])
        shape = self._ground.basis.points(state[:, POSE:])
        ahead = cosine[:, None] * shape[:, 0] - sine[:, None] * shape[:, 1]
        aside = sine[:, None] * shape[:, 0] + cosine[:, None] * shape[:, 1]
        rays = np.einsum("ri,bin->brn", matrix[:, :3], np.stack([ahead, aside, shape[:, 2]], 1))
        depth = rays[:, 2] + (state[:, :2] @ matrix[2, :2] + matrix[2, 3])[:, None]
        return (rays[:, :2] - pixels * rays[:, 2:]) / depth[:, None]
