"""Cameras on a street: where one hangs, where it looks, and what it sees there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import Pose
from core.synthesis.street.layout import Layout

Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]

REFERENCE_DOWN = float(np.deg2rad(15.0))


@dataclass(frozen=True)
class Mount:
    """A camera in its place.

    Attributes:
        name: tells cameras of one street apart; also part of the seed of its sensor's noise.
        camera: intrinsics and distortion.
        position: (3,) street frame (x along the road, y left, z up from the road), metres.
        rotation: (3, 3) from the street frame to the camera frame (x right, y down, z forward).
    """

    name: str
    camera: Camera
    position: Matrix
    rotation: Matrix

    @property
    def pose(self) -> Pose:
        """Street to camera."""
        return Pose(self.rotation, -self.rotation @ self.position)

    @property
    def ground(self) -> GroundPlane:
        """The road's surface in the camera frame."""
        return GroundPlane(self.rotation @ np.array([0.0, 0.0, 1.0]), float(self.position[2]))

    def to_camera(self, points: NDArray[np.floating]) -> Matrix:
        """(..., 3) points of the street in the camera frame."""
        return np.asarray((points - self.position) @ self.rotation.T, dtype=np.float64)

    @cached_property
    def rays(self) -> Floats:
        """(H, W, 3) directions through the pixels' centres, street frame, each 1 m deep."""
        return self.rays_at(0, 0, self.camera.width, self.camera.height)

    def rays_at(
        self, left: int, top: int, right: int, bottom: int, shift: tuple[float, float] = (0.0, 0.0)
    ) -> Floats:
        """Directions through the pixels of a window, each moved by `shift` pixels.

        The window may reach beyond the picture.
        """
        x, y = np.arange(left, right) + shift[0], np.arange(top, bottom) + shift[1]
        if self.camera.is_distorted:
            return self.rays_through(np.stack(np.meshgrid(x, y), axis=-1))
        # without distortion a column's and a row's share of a direction do not depend on each other
        right, below, ahead = self.rotation
        across = np.outer((x - self.camera.centre[0]) / self.camera.focal[0], right)
        down = np.outer((y - self.camera.centre[1]) / self.camera.focal[1], below) + ahead
        planes = [np.add.outer(*pair).astype(np.float32) for pair in zip(down.T, across.T, strict=True)]
        return np.asarray(cv2.merge(planes), dtype=np.float32)

    def rays_through(self, pixels: NDArray[np.floating]) -> Floats:
        """(..., 3) directions in the street frame, 1 m deep, through (..., 2) pixels."""
        return np.asarray(self.camera.unproject(pixels) @ self.rotation, dtype=np.float32)

    def window(self, left: int, top: int, right: int, bottom: int) -> Floats:
        """`rays_at`, from the picture's own rays where the window lies inside it."""
        if left >= 0 and top >= 0 and right <= self.camera.width and bottom <= self.camera.height:
            return self.rays[top:bottom, left:right]
        return self.rays_at(left, top, right, bottom)


def mount(name: str, camera: Camera, position: tuple[float, float, float], yaw: float, pitch: float) -> Mount:
    """A level camera at a place.

    Args:
        yaw: where it looks, radians from +x towards +y.
        pitch: how far down it looks, radians.
    """
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    rotation = np.stack([right, np.cross(forward, right), forward])
    return Mount(name, camera, np.array(position, dtype=np.float64), rotation)


def reference_camera(width: int, height: int) -> Camera:
    """The reference camera's angle of view (f = 1,400 px at 1920 x 1080) in a picture of any size."""
    return pinhole(width, height, 1400.0 * width / 1920.0)


def default_mount(
    layout: Layout,
    width: int,
    height: int,
    *,
    above_m: float = 6.0,
    down_rad: float = REFERENCE_DOWN,
    focal_px: float | None = None,
) -> Mount:
    """A camera over the right half of the road that looks along it.

    Args:
        above_m: its height over the road.
        down_rad: how far down it looks.
        focal_px: focal length; the reference camera's angle of view where None.
    """
    rng = np.random.default_rng([layout.seed, 71])
    y = float(rng.uniform(-1.0, -0.2)) * layout.driven_half
    yaw = float(rng.uniform(-0.06, 0.12)) - 0.014 * y
    camera = reference_camera(width, height) if focal_px is None else pinhole(width, height, focal_px)
    return mount("main", camera, (0.0, y, above_m), yaw, down_rad)


def far_mount(layout: Layout, width: int, height: int) -> Mount:
    """A second camera: at a corner of the junction, looking back at what the default one looks at."""
    x = layout.side_x + layout.side_half + 7.0
    return mount(
        "far", reference_camera(width, height), (x, layout.road_half + 1.0, 7.0), -2.75, float(np.deg2rad(17))
    )


def kerb_mount(layout: Layout, width: int, height: int) -> Mount:
    """A third camera: above the right pavement, looking across the road.

    A lamp post, a sign and trees stand between it and the lanes, so that still things hide cars too.
    """
    y = -(layout.road_half + 2.5)
    yaw, pitch = float(np.deg2rad(35.0)), float(np.deg2rad(14.0))
    return mount("kerb", reference_camera(width, height), (6.0, y, 6.0), yaw, pitch)
