"""A camera's calibration as plain numbers: what stages hand over, the store keeps and a view shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class CalibrationMethod(StrEnum):
    """How a calibration was come by."""

    VANISHING_POINTS = "vanishing_points"
    RECTANGLE = "rectangle"
    GROUND_POINTS = "ground_points"
    HORIZON = "horizon"
    POINT_CLOUD = "point_cloud"
    CARS = "cars"
    PEOPLE = "people"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class RangeUncertainty:
    """What a pixel is worth at one distance.

    Attributes:
        distance_m: along the ground, straight ahead of the point below the camera.
        along_m_per_px: ground that one pixel covers along the line of sight; NaN where it is out of sight.
        across_m_per_px: the same across it.
        sigma_m: standard deviation of the distance that this pixel is said to be at, from the calibration's
            own uncertainty; NaN where it is out of sight.
    """

    distance_m: float
    along_m_per_px: float
    across_m_per_px: float
    sigma_m: float


@dataclass(frozen=True, slots=True)
class CalibrationUncertainty:
    """One standard deviation of what a calibration says, if what was drawn is 1 px off, or as it shows.

    Attributes:
        focal_percent: of the focal length; 0 where it was given, and what it was where it was kept.
        height_percent: of the camera's height; 0 where it was given.
        normal_deg: root mean square angle of the ground's normal.
        ranges: at some distances.
    """

    focal_percent: float
    height_percent: float
    normal_deg: float
    ranges: tuple[RangeUncertainty, ...]


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """One calibration of one camera, in plain numbers (DESIGN, "Frames and units").

    Attributes:
        width, height: of the picture, pixels.
        matrix: nine numbers, row by row.
        distortion: 0, 4, 5, 8, 12 or 14 coefficients in OpenCV's order.
        normal: of the ground, camera frame, up towards the camera; None where the ground is unknown.
        height_m: of the camera above the ground; None where the ground is unknown.
        residual_px: root mean square of what was drawn against what the camera says; None where unknown.
        uncertainty: None where unknown, such as of an imported camera.
        notes: plain sentences for the person.
    """

    method: CalibrationMethod
    width: int
    height: int
    matrix: tuple[float, ...]
    distortion: tuple[float, ...]
    normal: tuple[float, float, float] | None
    height_m: float | None
    residual_px: float | None
    uncertainty: CalibrationUncertainty | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A calibration as it stands in a project.

    Attributes:
        id, camera_id: which, and whose.
        version: counted from 1 for each camera.
        record: its numbers.
        evidence: what was drawn or read, in plain JSON, so that it can be drawn on later.
        annotator: who accepted it.
        created_at: when, seconds UTC epoch.
        in_force: whether it is the one that the camera has now.
    """

    id: int
    camera_id: int
    version: int
    record: CalibrationRecord
    evidence: Mapping[str, Any]
    annotator: str
    created_at: float
    in_force: bool
