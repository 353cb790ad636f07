"""PASCAL3D+'s viewpoints, from where the camera is and what it looks at."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.geometry.poses import rotation_angle
from core.geometry.viewpoints import rotation_from_viewpoint


@pytest.mark.parametrize(("azimuth", "elevation"), [(0.0, 0.0), (0.7, 0.3), (4.0, -0.2), (2.0, 1.5)])
def test_the_camera_looks_at_the_object_and_z_is_up(azimuth: float, elevation: float) -> None:
    rotation = rotation_from_viewpoint(azimuth, elevation, 0.0)
    assert rotation.T @ rotation == pytest.approx(np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1)
    camera = np.array(
        [
            math.cos(elevation) * math.sin(azimuth),
            -math.cos(elevation) * math.cos(azimuth),
            math.sin(elevation),
        ]
    )
    assert rotation @ camera == pytest.approx([0, 0, 1])
    up = rotation @ [0, 0, 1]
    assert up[0] == pytest.approx(0)
    assert up[1] == pytest.approx(math.cos(elevation))


def test_theta_turns_the_picture() -> None:
    level, turned = rotation_from_viewpoint(1.0, 0.4, 0.0), rotation_from_viewpoint(1.0, 0.4, 0.25)
    assert rotation_angle(level, turned) == pytest.approx(0.25)
    assert (turned @ level.T)[:, 2] == pytest.approx([0, 0, 1])
