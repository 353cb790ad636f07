"""Cameras over a flat road, and what they see of it: the truth that calibration must find again."""

from __future__ import annotations

import numpy as np

from core.geometry.calibration.lens import Lens
from core.geometry.calibration.result import CalibrationResult
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground

LENS = Lens(1920, 1080)


def ground(pitch_deg: float = 15.0, roll_deg: float = 0.0, height: float = 6.0) -> GroundPlane:
    """A plane under a camera that looks down, then leans to the side."""
    pitch, roll = np.deg2rad([pitch_deg, roll_deg])
    up = [np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch), -np.sin(pitch)]
    return GroundPlane(np.array(up), height)


def reference() -> tuple[Camera, GroundPlane]:
    """DESIGN's reference camera."""
    return pinhole(1920, 1080, 1400.0), ground()


def on_road(
    camera: Camera,
    plane: GroundPlane,
    points: object,
    place: tuple[float, float] = (0.0, 0.0),
    heading: float = 0.0,
) -> np.ndarray:
    """Pixels of points (n, 3), metres, of a frame on the road at a place and heading."""
    return camera.project(pose_on_ground(plane, place, heading).apply(points))


def rectangle_pixels(
    camera: Camera,
    plane: GroundPlane,
    width: float,
    length: float,
    place: tuple[float, float],
    heading: float,
) -> np.ndarray:
    """Corners of a rectangle about a place, its length along the heading: the first side is its length."""
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * [length / 2, width / 2, 0.0]
    return on_road(camera, plane, corners, place, heading)


def errors(result: CalibrationResult, camera: Camera, plane: GroundPlane) -> np.ndarray:
    """Focal length and height in percent, signed, and the normal's angle in degrees."""
    assert result.plane is not None
    angle = np.rad2deg(2 * np.arcsin(np.linalg.norm(result.plane.normal - plane.normal) / 2))
    return np.array(
        [
            100 * (result.camera.focal[0] / camera.focal[0] - 1),
            100 * (result.plane.height / plane.height - 1),
            angle,
        ]
    )
