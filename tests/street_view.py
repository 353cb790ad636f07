"""A fixed camera that looks at a road, in formulas of its own: tests draw with it and ask for the camera.

The street's frame: X along the street to the right, Y across it away from the camera, Z up, metres,
with the ground at Z = 0 and the camera above the origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StreetView:
    """A pinhole camera on a mast.

    Attributes:
        width, height: picture size in pixels.
        focal_px: focal length in pixels; the principal point is the picture's middle.
        mast_m: height of the camera above the ground, metres.
        yaw_rad: how far it is turned to the right, along the street.
        pitch_rad: how far it looks down.
    """

    width: int
    height: int
    focal_px: float
    mast_m: float
    yaw_rad: float
    pitch_rad: float

    @cached_property
    def position(self) -> Array:
        """(3,) the camera in the street's frame."""
        return np.array([0.0, 0.0, self.mast_m])

    @cached_property
    def rotation(self) -> Array:
        """(3, 3) from the street's frame to the camera's (x right, y down, z forward)."""
        sin_y, cos_y = np.sin(self.yaw_rad), np.cos(self.yaw_rad)
        sin_p, cos_p = np.sin(self.pitch_rad), np.cos(self.pitch_rad)
        return np.array(
            [
                [cos_y, -sin_y, 0.0],
                [-sin_y * sin_p, -cos_y * sin_p, -cos_p],
                [sin_y * cos_p, cos_y * cos_p, -sin_p],
            ]
        )

    @property
    def center_px(self) -> tuple[float, float]:
        """The principal point, in pixels whose first centre is (0, 0)."""
        return (self.width - 1) / 2.0, (self.height - 1) / 2.0

    def project(self, points: Array) -> tuple[Array, Array]:
        """Pixels (..., 2) and depths (...) in metres of points (..., 3) in the street's frame."""
        seen = (points - self.position) @ self.rotation.T
        depth = seen[..., 2]
        safe = np.maximum(depth, 1e-3)
        return seen[..., :2] / safe[..., None] * self.focal_px + np.array(self.center_px), depth


def default_view(width: int = 640, height: int = 360) -> StreetView:
    """A view along and across the road, for a picture of any size."""
    return StreetView(
        width=width,
        height=height,
        focal_px=0.92 * width,
        mast_m=6.2,
        yaw_rad=np.deg2rad(36.0),
        pitch_rad=np.deg2rad(11.5),
    )
