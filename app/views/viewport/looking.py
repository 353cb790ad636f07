"""From where the viewport looks at the world: pure matrices, beside the viewport that uses them.

A matrix takes world points to clip space with y down, so that the first row that is read back is the top of
the picture. Places on the widget are in its pixels, (0, 0) at its top left corner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.states.scene import SceneCamera

Array = NDArray[np.float64]

FIELD_RAD = np.deg2rad(45.0)  # up and down, of the free view
_NEAR_M, _FAR_M = 0.2, 600.0
_MOST_ZOOM = 40.0
_LOWEST_RAD, _HIGHEST_RAD = np.deg2rad(2.0), np.deg2rad(89.0)
_NEAREST_M, _FARTHEST_M = 2.0, 300.0
_FINEST_M, _COARSEST_M = 0.002, 1.0  # a pixel, from above


@dataclass(frozen=True, slots=True)
class CameraLook:
    """What the camera sees, exactly: the picture fitted into the widget, then zoomed and moved.

    Attributes:
        zoom: 1 shows the whole picture.
        x, y: the pixel of the picture in the middle of the widget; None for the picture's own middle.
    """

    zoom: float = 1.0
    x: float | None = None
    y: float | None = None

    def middle(self, camera: SceneCamera) -> tuple[float, float]:
        """The pixel in the middle of the widget."""
        x = (camera.width - 1) / 2 if self.x is None else self.x
        y = (camera.height - 1) / 2 if self.y is None else self.y
        return x, y

    def scale(self, camera: SceneCamera, width: float, height: float) -> float:
        """Widget pixels for a pixel of the picture."""
        return self.zoom * min(width / camera.width, height / camera.height)

    def matrix(self, camera: SceneCamera, width: float, height: float) -> Array:
        """(4, 4) from the world to clip space."""
        scale = self.scale(camera, width, height)
        x, y = self.middle(camera)
        # a pixel (u, v) is shown at scale * (u - x) from the middle; the widget is two wide in clip space
        across, down = 2 * scale / width, 2 * scale / height
        shown = np.array([[across, 0.0, -across * x], [0.0, down, -down * y]])
        rows = np.zeros((4, 4))
        rows[:2, :3] = shown @ camera.matrix
        rows[2:] = _depth_rows()
        return rows @ _to_camera(camera)

    def moved(self, camera: SceneCamera, width: float, height: float, dx: float, dy: float) -> CameraLook:
        """The same after a drag by so many widget pixels."""
        scale = self.scale(camera, width, height)
        x, y = self.middle(camera)
        return replace(self, x=x - dx / scale, y=y - dy / scale)

    def zoomed(
        self, camera: SceneCamera, width: float, height: float, factor: float, at: tuple[float, float]
    ) -> CameraLook:
        """The same zoomed, so that what is under a place of the widget stays there."""
        before = self.scale(camera, width, height)
        zoom = float(np.clip(self.zoom * factor, 0.5, _MOST_ZOOM))
        change = 1 / before - self.zoom / (before * zoom)
        x, y = self.middle(camera)
        return CameraLook(zoom, x + (at[0] - width / 2) * change, y + (at[1] - height / 2) * change)


@dataclass(frozen=True, slots=True)
class AboveLook:
    """Straight down, without perspective: ahead of the camera is up, its left is left.

    Attributes:
        x, y: the place in the middle, metres.
        pixel_m: metres a widget pixel.
    """

    x: float = 25.0
    y: float = 0.0
    pixel_m: float = 0.08

    def matrix(self, width: float, height: float, depth_m: float = 100.0) -> Array:
        """(4, 4) from the world to clip space."""
        across, down = 2 / (width * self.pixel_m), 2 / (height * self.pixel_m)
        return np.array(
            [
                [0.0, -across, 0.0, across * self.y],
                [-down, 0.0, 0.0, down * self.x],
                [0.0, 0.0, -1 / depth_m, 0.0],
                [0.0, 0.0, 0.0, 1.0],
            ]
        )

    def moved(self, dx: float, dy: float) -> AboveLook:
        """The same after a drag by so many widget pixels."""
        return replace(self, x=self.x + dy * self.pixel_m, y=self.y + dx * self.pixel_m)

    def zoomed(self, width: float, height: float, factor: float, at: tuple[float, float]) -> AboveLook:
        """The same zoomed, so that what is under a place of the widget stays there."""
        pixel_m = float(np.clip(self.pixel_m / factor, _FINEST_M, _COARSEST_M))
        change = self.pixel_m - pixel_m
        away = at[0] - width / 2, at[1] - height / 2
        return AboveLook(self.x - away[1] * change, self.y - away[0] * change, pixel_m)


@dataclass(frozen=True, slots=True)
class FreeLook:
    """Round about a place, as on a turntable.

    Attributes:
        target: what is in the middle, metres.
        azimuth_rad, elevation_rad: where one stands, seen from there: from x towards y, and up.
        distance_m: how far away.
    """

    target: tuple[float, float, float] = (20.0, 0.0, 0.0)
    azimuth_rad: float = np.deg2rad(-145.0)
    elevation_rad: float = np.deg2rad(28.0)
    distance_m: float = 35.0

    @property
    def away(self) -> Array:
        """(3,) unit, from the target to the eye."""
        flat = np.cos(self.elevation_rad)
        return np.array(
            [
                flat * np.cos(self.azimuth_rad),
                flat * np.sin(self.azimuth_rad),
                np.sin(self.elevation_rad),
            ]
        )

    @property
    def eye(self) -> Array:
        """(3,) where one stands."""
        return np.array(self.target) + self.distance_m * self.away

    def axes(self) -> Array:
        """(3, 3) rows: to the right, down and forward in the view."""
        forward = -self.away
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward])

    def matrix(self, width: float, height: float) -> Array:
        """(4, 4) from the world to clip space."""
        axes = self.axes()
        view = np.eye(4)
        view[:3, :3], view[:3, 3] = axes, -axes @ self.eye
        down = 1 / np.tan(FIELD_RAD / 2)
        lens = np.zeros((4, 4))
        lens[0, 0], lens[1, 1] = down * height / width, down
        lens[2:] = _depth_rows()
        return lens @ view

    def turned(self, dx: float, dy: float) -> FreeLook:
        """The same after a drag by so many widget pixels: half a degree each."""
        step = np.deg2rad(0.5)
        elevation = float(np.clip(self.elevation_rad + dy * step, _LOWEST_RAD, _HIGHEST_RAD))
        return replace(self, azimuth_rad=self.azimuth_rad - dx * step, elevation_rad=elevation)

    def moved(self, height: float, dx: float, dy: float) -> FreeLook:
        """The same with its place dragged over the ground."""
        pixel_m = 2 * self.distance_m * np.tan(FIELD_RAD / 2) / height
        axes = self.axes()
        ahead = axes[2] * [1.0, 1.0, 0.0]
        ahead /= max(float(np.linalg.norm(ahead)), 1e-9)
        step = pixel_m * (-dx * axes[0] + dy / np.sin(max(self.elevation_rad, 0.2)) * ahead)
        x, y, z = np.array(self.target) + step
        return replace(self, target=(float(x), float(y), float(z)))

    def zoomed(self, factor: float) -> FreeLook:
        """The same from nearer (factor above 1) or farther away."""
        distance = float(np.clip(self.distance_m / factor, _NEAREST_M, _FARTHEST_M))
        return replace(self, distance_m=distance)


def to_widget(matrix: Array, points: ArrayLike, width: float, height: float) -> Array:
    """Where world points are shown.

    Args:
        matrix: (4, 4) of a look. points: (..., 3), metres.

    Returns:
        (..., 2) widget pixels; NaN behind the eye.
    """
    place = np.asarray(points, dtype=np.float64)
    clip = place @ matrix[:, :3].T + matrix[:, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = np.where(clip[..., 3:] > 0, clip[..., :2] / clip[..., 3:], np.nan)
    shown: Array = (flat + 1) / 2 * np.array([width, height])
    return shown


def ray_through(matrix: Array, x: float, y: float, width: float, height: float) -> tuple[Array, Array]:
    """The line of sight through a place of the widget: a point (3,) and a unit direction (3,)."""
    inverse = np.linalg.inv(matrix)
    flat = [2 * x / width - 1, 2 * y / height - 1]
    near, far = (inverse @ np.array([*flat, depth, 1.0]) for depth in (-1.0, 1.0))
    start, end = near[:3] / near[3], far[:3] / far[3]
    way = end - start
    return start, way / np.linalg.norm(way)


def _depth_rows() -> Array:
    """(2, 4) clip depth from -1 at the nearest to 1 at the farthest, and the depth to divide by."""
    span = _FAR_M - _NEAR_M
    return np.array(
        [[0.0, 0.0, (_FAR_M + _NEAR_M) / span, -2 * _FAR_M * _NEAR_M / span], [0.0, 0.0, 1.0, 0.0]]
    )


def _to_camera(camera: SceneCamera) -> Array:
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = camera.rotation, camera.translation
    return whole
