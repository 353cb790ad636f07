"""PASCAL3D+'s viewpoints: azimuth, elevation and the turn of the picture, as a rotation.

The object's frame has z up; the camera looks at its origin from (d cos e sin a, -d cos e cos a, d sin e), and
its own frame has x right, y up and z towards the viewer, so that the object lies at (0, 0, -d). Source: Xiang
et al., WACV 2014; NeMo's and OOD-CV's evaluation (ALGORITHMS 8). Angles between rotations do not depend on
the choice of frames, as long as both are told in the same.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rotation_from_viewpoint(azimuth_rad: float, elevation_rad: float, theta_rad: float) -> Array:
    """(3, 3) from the object's frame to the camera's: a turn by -a about z, by e - pi/2 about x, by theta
    about z."""
    return _about_z(theta_rad) @ _about_x(elevation_rad - math.pi / 2) @ _about_z(-azimuth_rad)


def _about_z(angle_rad: float) -> Array:
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _about_x(angle_rad: float) -> Array:
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])
