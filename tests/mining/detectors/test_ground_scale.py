"""The size of what stands on the ground, by a calibrated camera."""

from __future__ import annotations

import numpy as np
import pytest

from core.mining.detectors.ground_scale import GroundScale
from core.mining.detectors.motion_judge import kind_of
from core.mining.detectors.settings import LookFor
from core.records.boxes import Box
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.detections import Category

FOCAL_PX, HEIGHT_M, TILT = 1400.0, 6.0, np.deg2rad(15)
CAMERA = CalibrationRecord(
    CalibrationMethod.IMPORT,
    1920,
    1080,
    (FOCAL_PX, 0, 959.5, 0, FOCAL_PX, 539.5, 0, 0, 1),
    (),
    (0.0, -float(np.cos(TILT)), -float(np.sin(TILT))),
    HEIGHT_M,
    None,
    None,
)


def test_a_metre_at_thirty_metres_is_as_many_pixels_as_it_projects_to() -> None:
    # the point on the ground 30 m away, straight ahead of the point below the camera
    y, z = HEIGHT_M * np.cos(TILT) - 30 * np.sin(TILT), HEIGHT_M * np.sin(TILT) + 30 * np.cos(TILT)
    row = 539.5 + FOCAL_PX * y / z
    assert GroundScale(CAMERA)(960.0, row + 0.5) == pytest.approx(z / FOCAL_PX, rel=1e-9)


def test_there_is_no_ground_above_the_horizon() -> None:
    assert GroundScale(CAMERA)(960.0, 20.0) is None


def test_size_goes_before_shape() -> None:
    """A broad box is a car by its shape; 1 m by 1.75 m on the ground it is a person with a bag."""
    scale = GroundScale(CAMERA)
    per_pixel = scale(960.0, 700.0)
    assert per_pixel is not None
    w, h = 1.0 / per_pixel, 1.75 / per_pixel
    box = Box(960 - w / 2, 700 - h, w, h)
    assert kind_of(box, 1.0, LookFor.BOTH).category is Category.CAR
    assert kind_of(box, 1.0, LookFor.BOTH, scale).category is Category.PERSON
