"""A camera beside a road, for tests that draw on the road and ask for the camera."""

from __future__ import annotations

from math import radians

import numpy as np

from core.geometry.cameras import pinhole
from core.synthesis.street.mounts import Mount, mount

FOCAL = 0.92  # of the picture's width
HEIGHT_M = 6.2


def road_view(width: int, height: int) -> Mount:
    """A camera 6.2 m over the origin that looks across and along a road; x along it, y away, z up."""
    camera = pinhole(width, height, FOCAL * width)
    return mount("road", camera, (0.0, 0.0, HEIGHT_M), radians(54.0), radians(11.5))


def pixels_of(view: Mount, *places: tuple[float, float, float]) -> list[tuple[float, float]]:
    """Where a camera sees places of its street frame, metres."""
    seen = view.camera.project(view.to_camera(np.array(places, dtype=np.float64)))
    return [(float(x), float(y)) for x, y in seen]
