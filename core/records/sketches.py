"""What a person draws on a frame to calibrate a camera: strokes in pixels, and numbers that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.records.cameras import CalibrationMethod

Point = tuple[float, float]


class StrokeRole(StrEnum):
    """What a stroke stands for."""

    CORNERS = "corners"  # of the rectangle, in order around it
    FIRST = "first"  # a line of the first direction
    SECOND = "second"  # a line of the second, at a right angle to the first on the road
    LENGTH = "length"  # a length on the road
    HORIZON = "horizon"
    UPRIGHT = "upright"  # a line along something that stands upright
    PLACE = "place"  # one point, and where it is on the map
    STRAIGHT = "straight"  # along something straight, with a point between its ends: how the lens bends


@dataclass(frozen=True, slots=True)
class Stroke:
    """One thing that was drawn.

    Attributes:
        points: pixels; fewer than the role needs while it is being drawn.
        place: of a PLACE: x east and y north in metres, or latitude and longitude in degrees; None until
            it is told.
    """

    role: StrokeRole
    points: tuple[Point, ...]
    place: Point | None = None


@dataclass(frozen=True, slots=True)
class Sketch:
    """All that was drawn for one calibration.

    Attributes:
        way: RECTANGLE, VANISHING_POINTS, HORIZON or GROUND_POINTS.
        strokes: in the order drawn.
        sides_m: of the rectangle: from its first corner to the second, and on to the third.
        height_m: of the camera above the road, where it is measured.
        length_m: of the known length.
        focal_px: where it is known.
        degrees: whether places are latitude and longitude.
        keep_lens: whether matrix and distortion of the calibration in force are kept.
    """

    way: CalibrationMethod
    strokes: tuple[Stroke, ...] = ()
    sides_m: tuple[float, float] | None = None
    height_m: float | None = None
    length_m: float | None = None
    focal_px: float | None = None
    degrees: bool = False
    keep_lens: bool = False

    def of(self, role: StrokeRole) -> tuple[Stroke, ...]:
        """The strokes of one role."""
        return tuple(stroke for stroke in self.strokes if stroke.role is role)


DRAWN_WAYS = (
    CalibrationMethod.RECTANGLE,
    CalibrationMethod.VANISHING_POINTS,
    CalibrationMethod.HORIZON,
    CalibrationMethod.GROUND_POINTS,
)
"""The ways that are drawn on a frame."""
