"""The sun over the synthetic street: shading of faces and shadows on the ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# towards the sun, in the street's frame: behind the camera's left shoulder, so that what it sees is lit
_TOWARDS_SUN = np.array([-0.42, -0.50, 0.92])
SUN = _TOWARDS_SUN / np.linalg.norm(_TOWARDS_SUN)

_AMBIENT = 0.42
_SKY = 0.26
_DIRECT = 0.52


def shade(normals: Array) -> Array:
    """Brightness (...) of faces with unit normals (..., 3) in the street's frame; about 1 in full light."""
    sky = _SKY * (0.5 + 0.5 * normals[..., 2])
    return _AMBIENT + sky + _DIRECT * np.maximum(normals @ SUN, 0.0)


def shadow_on_ground(points: Array) -> Array:
    """Where the shadows of points (..., 3) fall on the ground, (..., 3) with Z = 0."""
    return points - SUN * (points[..., 2:3] / SUN[2])
