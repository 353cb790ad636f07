"""Draws a car of the synthetic street into a layer."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.car_bodies import CarBody, Finish
from core.synthesis.layers import Color, Layer, LayerBrush
from core.synthesis.light import shade, shadow_on_ground
from core.synthesis.street_view import StreetView

Array = NDArray[np.float64]

_RIM_SIDES = 20
_CIRCLE = np.linspace(0.0, 2.0 * np.pi, _RIM_SIDES, endpoint=False)
_FIXED_COLORS: dict[Finish, Color] = {
    Finish.TRIM: (38.0, 40.0, 44.0),
    Finish.HEADLAMP: (236.0, 238.0, 228.0),
    Finish.TAILLAMP: (176.0, 26.0, 30.0),
    Finish.PLATE: (222.0, 220.0, 206.0),
}
_GLASS_DARK = np.array([34.0, 42.0, 52.0])
_GLASS_SKY = np.array([150.0, 176.0, 198.0])
_TYRE: Color = (26.0, 27.0, 29.0)
_TYRE_TREAD: Color = (17.0, 18.0, 19.0)
_ARCH: Color = (14.0, 14.0, 16.0)
_RIM: Color = (142.0, 146.0, 150.0)
_RIM_DARK: Color = (70.0, 73.0, 77.0)


@dataclass(frozen=True, slots=True, eq=False)
class CarPose:
    """Where a car stands.

    Attributes:
        x, y: of its origin in the street's frame, metres.
        heading: 1 along the street's X, -1 against it.
        travelled_m: how far it has rolled, which turns its wheels.
    """

    x: float
    y: float
    heading: int
    travelled_m: float

    def to_street(self, points: Array) -> Array:
        """Points (..., 3) of the car in the street's frame."""
        turned = points * np.array([self.heading, self.heading, 1.0])
        return turned + np.array([self.x, self.y, 0.0])


def draw_car(body: CarBody, paint: Color, pose: CarPose, view: StreetView) -> Layer:
    """A car as the view sees it, without its shadow."""
    quads = pose.to_street(body.quads)
    normals = body.normals * np.array([pose.heading, pose.heading, 1.0])
    pixels, _ = view.project(quads)
    towards = view.position - quads.mean(axis=1)
    faces = np.flatnonzero((normals * towards).sum(axis=1) > 0)
    colors = _face_colors(body, normals, paint)
    wheels = [_wheel_pixels(body, hub, pose, view) for hub in body.wheels]
    everything = np.concatenate([pixels.reshape(-1, 2), *(wheel.reshape(-1, 2) for wheel in wheels)])
    brush = LayerBrush(everything.min(axis=0), everything.max(axis=0))
    for wheel in wheels:
        brush.polygon(_hull(np.concatenate([wheel[0], wheel[1]])), _TYRE_TREAD)
    for face in faces:
        red, green, blue = colors[face]
        brush.polygon(pixels[face], (float(red), float(green), float(blue)))
    for hub, wheel in zip(body.wheels, wheels, strict=True):
        outward = np.sign(hub[1]) * pose.heading
        if outward * (view.position[1] - pose.y) > 0:
            _draw_wheel(brush, wheel, pose.travelled_m / body.wheel_radius)
    return brush.finish()


def car_shadow(body: CarBody, pose: CarPose, view: StreetView) -> list[tuple[Array, float]]:
    """Polygons (n, 2) in pixels and how dark each is: where the sun and where the sky are kept out."""
    cast = shadow_on_ground(pose.to_street(body.outline))
    back, front, right, left = body.footprint
    under = np.array([[back, right, 0.0], [front, right, 0.0], [front, left, 0.0], [back, left, 0.0]])
    under[:, :2] *= 0.97
    cast_px, _ = view.project(np.concatenate([cast, pose.to_street(under)]))
    under_px, _ = view.project(pose.to_street(under))
    return [(_hull(cast_px), 0.42), (_hull(under_px), 0.45)]


def _face_colors(body: CarBody, normals: Array, paint: Color) -> Array:
    """(n, 3) RGB of each face in this light."""
    light = shade(normals)[:, None]
    colors = np.array(paint) * light
    # paint mirrors a little of the sky
    colors += 26.0 * np.maximum(normals[:, 2:3], 0.0) ** 2
    glass = body.finishes == Finish.GLASS
    mirrored = np.clip(normals[glass, 2:3] * 0.75 + 0.12, 0.0, 0.7)
    colors[glass] = _GLASS_DARK + mirrored * (_GLASS_SKY - _GLASS_DARK)
    for finish, color in _FIXED_COLORS.items():
        chosen = body.finishes == finish
        colors[chosen] = np.array(color) * light[chosen]
    return colors


def _wheel_pixels(body: CarBody, hub: Array, pose: CarPose, view: StreetView) -> Array:
    """(4, n, 2) pixels of a wheel's outer edge, inner edge, rim and arch."""
    side = np.sign(hub[1])
    rings = []
    for radius, depth in ((1.0, 0.0), (1.0, -body.wheel_width), (0.64, 0.012), (1.2, 0.006)):
        ring = np.stack(
            [
                hub[0] + radius * body.wheel_radius * np.cos(_CIRCLE),
                np.full(_RIM_SIDES, hub[1] + side * depth),
                hub[2] + radius * body.wheel_radius * np.sin(_CIRCLE),
            ],
            axis=-1,
        )
        rings.append(ring)
    rings[3][:, 2] = np.maximum(rings[3][:, 2], hub[2])
    pixels, _ = view.project(pose.to_street(np.stack(rings)))
    return pixels


def _draw_wheel(brush: LayerBrush, wheel: Array, turned_rad: float) -> None:
    """The arch above, the tyre, and a rim whose spokes turn."""
    brush.polygon(_hull(wheel[3]), _ARCH)
    brush.polygon(wheel[0], _TYRE)
    brush.polygon(wheel[2], _RIM_DARK)
    rim = wheel[2]
    middle = rim.mean(axis=0)
    step = turned_rad / (2.0 * np.pi) * _RIM_SIDES
    for spoke in range(5):
        at = (spoke * _RIM_SIDES / 5.0 - step) % _RIM_SIDES
        a, b = (_around(rim, at + offset) for offset in (-1.0, 1.0))
        brush.polygon(np.stack([middle, a, b]), _RIM)


def _around(ring: Array, at: float) -> Array:
    """A point (2,) at a fractional place of a closed ring."""
    low = int(np.floor(at))
    share = at - low
    return ring[low % _RIM_SIDES] * (1.0 - share) + ring[(low + 1) % _RIM_SIDES] * share


def _hull(points: Array) -> Array:
    hull = cv2.convexHull(points.astype(np.float32).reshape(-1, 1, 2))
    return np.asarray(hull, dtype=np.float64).reshape(-1, 2)
