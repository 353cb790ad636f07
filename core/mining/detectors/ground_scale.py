"""How large what stands at a place in the picture is, by its camera's calibration."""

from __future__ import annotations

import math

import numpy as np

from core.geometry.calibration.result import from_record
from core.records.cameras import CalibrationRecord


class GroundScale:
    """Metres per pixel, across the line of sight, of what stands on the ground (WALT3D, section 3).

    Args:
        calibration: with a ground plane.

    Raises:
        ValueError: it has no ground plane.
        CalibrationError: its numbers are no camera's.
    """

    def __init__(self, calibration: CalibrationRecord) -> None:
        self._camera, plane = from_record(calibration)
        self._focal_px = sum(self._camera.focal) / 2
        if plane is None:
            raise ValueError("a calibration without a ground plane tells no size")
        self._plane = plane

    def __call__(self, x: float, y: float) -> float | None:
        """At a pixel-edge place; None where there is no ground, above the horizon."""
        depth_m = float(self._plane.depth_or_nan(self._camera, np.array([x - 0.5, y - 0.5])))
        return None if math.isnan(depth_m) else depth_m / self._focal_px
