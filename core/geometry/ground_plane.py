"""The road as a plane below the camera: depth of pixels, the horizon, metres per pixel, cars standing on it.

Camera frame throughout: x right, y down, z forward, metres. The plane is n.X + d = 0 with the unit normal n
pointing up, towards the camera, and d > 0 the camera's height (DESIGN, "Frames and units").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import AboveHorizonError, CalibrationError
from core.geometry.cameras import Camera
from core.geometry.poses import Pose, compose, heading_rotation

Array = NDArray[np.float64]

# nearer to the horizon than this sine of an angle, a ray is taken to run along the ground
_LEVEL = 1e-9


@dataclass(frozen=True, eq=False)
class GroundPlane:
    """The ground in the camera frame.

    Attributes:
        normal: (3,) unit, up towards the camera; made unit here.
        height: of the camera above the ground, metres.

    Raises:
        CalibrationError: where the height is not positive or the normal has no direction.
    """

    normal: Array
    height: float

    def __post_init__(self) -> None:
        normal = np.array(self.normal, dtype=np.float64)
        length = float(np.linalg.norm(normal)) if normal.shape == (3,) else 0.0
        if not (np.isfinite(length) and length > 0):
            raise CalibrationError(
                "The ground's normal has no direction.", "Give three numbers that are not all zero."
            )
        if not (np.isfinite(self.height) and self.height > 0):
            raise CalibrationError(
                f"The camera's height above the ground comes out as {self.height:g} m: the plane faces away.",
                "The normal must point up, towards the camera; check the order of the points.",
            )
        normal /= length
        normal.setflags(write=False)
        object.__setattr__(self, "normal", normal)
        object.__setattr__(self, "height", float(self.height))

    def heights(self, points: ArrayLike) -> Array:
        """(...,) metres above the ground of points (..., 3)."""
        return np.asarray(points, dtype=np.float64) @ self.normal + self.height

    def foot(self, points: ArrayLike) -> Array:
        """(..., 3) the points of the ground straight below points (..., 3)."""
        place = np.asarray(points, dtype=np.float64)
        return place - self.heights(place)[..., None] * self.normal

    def depth_or_nan(self, camera: Camera, pixels: ArrayLike) -> Array:
        """Depth of the ground that pixels see: z = -d / (n^T K^-1 p) (WALT3D, section 3).

        Args:
            pixels: (..., 2).

        Returns:
            (...,) metres along the camera's axis; NaN at and above the horizon.
        """
        return self._depth_of_rays(camera.unproject(pixels))

    def depth(self, camera: Camera, pixels: ArrayLike) -> Array:
        """`depth_or_nan` for pixels that must all see the ground.

        Raises:
            AboveHorizonError: where one lies at or above the horizon.
        """
        depth = self.depth_or_nan(camera, pixels)
        _refuse_sky(depth, np.asarray(pixels, dtype=np.float64))
        return depth

    def points_or_nan(self, camera: Camera, pixels: ArrayLike) -> Array:
        """(..., 3) points of the ground that pixels (..., 2) see; NaN at and above the horizon."""
        rays = camera.unproject(pixels)
        return rays * self._depth_of_rays(rays)[..., None]

    def points(self, camera: Camera, pixels: ArrayLike) -> Array:
        """`points_or_nan` for pixels that must all see the ground.

        Raises:
            AboveHorizonError: where one lies at or above the horizon.
        """
        found = self.points_or_nan(camera, pixels)
        _refuse_sky(found[..., 2], np.asarray(pixels, dtype=np.float64))
        return found

    def horizon(self, camera: Camera) -> Array:
        """(3,) the horizon a x + b y + c = 0 in undistorted pixels, with a^2 + b^2 = 1: l ~ K^-T n.

        The ground lies where a x + b y + c is positive, but for the camera's looking straight up or down,
        where there is no horizon.

        Raises:
            CalibrationError: where the camera looks straight along the normal.
        """
        line = -np.linalg.inv(camera.matrix).T @ self.normal
        size = float(np.hypot(line[0], line[1]))
        if size < 1e-12 * abs(line[2]):
            raise CalibrationError(
                "The camera looks straight down, so there is no horizon.", "Draw the grid instead."
            )
        return line / size

    def frame(self) -> Pose:
        """The ground's own frame, to the camera's.

        Origin on the ground straight below the camera, x forward (the camera's axis laid on the ground), y
        left, z up, metres. Where the camera looks straight down, x is the picture's upper side.
        """
        axis = np.array([0.0, 0.0, 1.0]) - self.normal[2] * self.normal
        if np.linalg.norm(axis) < 1e-6:
            axis = np.array([0.0, -1.0, 0.0]) + self.normal[1] * self.normal
        forward = axis / np.linalg.norm(axis)
        return Pose(
            np.stack([forward, np.cross(self.normal, forward), self.normal], axis=1),
            -self.height * self.normal,
        )

    def tilt(self) -> tuple[float, float]:
        """How far down the camera looks, and how far it leans to its right (clockwise), radians."""
        pitch = float(np.arcsin(np.clip(-self.normal[2], -1.0, 1.0)))
        return pitch, float(np.arctan2(-self.normal[0], -self.normal[1]))

    def _depth_of_rays(self, rays: Array) -> Array:
        rise = rays @ self.normal
        with np.errstate(divide="ignore", invalid="ignore"):
            sees_ground = rise < -_LEVEL * np.linalg.norm(rays, axis=-1)
            return np.where(sees_ground, -self.height / rise, np.nan)


def ground_plane_of(camera_to_ground: Pose) -> GroundPlane:
    """The plane z = 0 of a frame with z up, seen from a camera; undoes `GroundPlane.frame`.

    Args:
        camera_to_ground: from the camera frame to that frame.

    Raises:
        CalibrationError: where the camera is below the plane.
    """
    return GroundPlane(camera_to_ground.rotation[2], float(camera_to_ground.translation[2]))


def pose_on_ground(plane: GroundPlane, place: ArrayLike, heading_rad: float) -> Pose:
    """A car's pose from its three degrees of freedom on the ground.

    Args:
        place: (2,) x forward and y left of the ground's own frame, metres.
        heading_rad: from the ground's x towards its y.

    Returns:
        From the car frame (origin on the ground) to the camera frame.
    """
    x, y = np.asarray(place, dtype=np.float64).tolist()
    return compose(plane.frame(), Pose(heading_rotation(heading_rad), np.array([x, y, 0.0])))


def place_on_ground(plane: GroundPlane, pose: Pose) -> tuple[Array, float]:
    """A car's place (2,) and heading on the ground; undoes `pose_on_ground`.

    A pose that hovers or leans is laid on the ground.
    """
    on_ground = compose(plane.frame().inverse(), pose)
    forward = on_ground.rotation[:, 0]
    return on_ground.translation[:2], float(np.arctan2(forward[1], forward[0]))


def metres_per_pixel(camera: Camera, plane: GroundPlane, distances_m: ArrayLike) -> tuple[Array, Array]:
    """What one pixel covers of the ground straight ahead.

    Args:
        distances_m: (...,) along the ground from the point below the camera.

    Returns:
        (...,) metres per pixel along the line of sight, and across it; NaN where the camera cannot see.
    """
    distances = np.asarray(distances_m, dtype=np.float64)
    frame = plane.frame()
    zeros = np.zeros_like(distances)
    points = frame.apply(np.stack([distances, zeros, zeros], axis=-1))
    seen = np.isfinite(camera.project(points)).all(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = camera.project_jacobian(points) @ frame.rotation[:, :2]
        spans = np.where(seen, 1.0 / np.linalg.norm(slope, axis=-2), np.nan)
    return spans[..., 0], spans[..., 1]


def _refuse_sky(depth: Array, pixels: Array) -> None:
    lost = np.isnan(depth).reshape(-1)
    if not lost.any():
        return
    x, y = pixels.reshape(-1, 2)[lost][0].tolist()
    raise AboveHorizonError(
        f"The pixel ({x:.0f}, {y:.0f}) lies on or above the horizon, where there is no ground.",
        "Choose a pixel below the horizon line.",
    )
