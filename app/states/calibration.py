"""What the Calibration tab and its drawing on the frame show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.records.cameras import CalibrationMethod, CalibrationRecord, CalibrationRow, RangeUncertainty
from core.records.project import CameraRow
from core.records.sketches import Sketch, StrokeRole

Line = NDArray[np.float64]
"""(n, 2) pixels of a polyline."""


@dataclass(frozen=True, slots=True, eq=False)
class Stick:
    """An upright of a man's height on the ground, and how far away it stands."""

    line: Line
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class GroundDrawing:
    """What shows by eye whether a calibration is right, as polylines over the frame."""

    grid: tuple[Line, ...] = ()
    horizon: tuple[Line, ...] = ()
    sticks: tuple[Stick, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationState:
    """A camera's calibration, and the one that is being made.

    Attributes:
        camera: whose, or None.
        size: width and height of the picture in the middle, pixels; None without one.
        history: every calibration of the camera, the newest first.
        way: the way that is chosen; None where nothing is being made.
        sketch: what is drawn, where the way is one that is drawn.
        role: what the next click draws; None where it draws nothing.
        selected: (stroke, point) that keys move, or None.
        step: what to do next, a sentence; "" where nothing is missing.
        candidate: what Accept would save, or None.
        residuals: how far each drawn point (stroke, point) is from what the candidate says, pixels.
        problem, way_out: why what is drawn is refused, and what to draw instead.
        choices, choice: cameras of the file that is imported, where it has several, and the chosen one.
        ranges: what a pixel is worth at some distances, of the same calibration as the ground.
        ground: drawn over the frame: of the candidate, or of the calibration in force.
        ground_is_new: whether it is the candidate's.
        waiting: whether a proposal waits for the end of what is being made.
    """

    camera: CameraRow | None = None
    size: tuple[int, int] | None = None
    history: tuple[CalibrationRow, ...] = ()
    way: CalibrationMethod | None = None
    sketch: Sketch | None = None
    role: StrokeRole | None = None
    selected: tuple[int, int] | None = None
    step: str = ""
    candidate: CalibrationRecord | None = None
    residuals: Mapping[tuple[int, int], float] = field(default_factory=dict)
    problem: str = ""
    way_out: str = ""
    choices: tuple[str, ...] = ()
    choice: str = ""
    ranges: tuple[RangeUncertainty, ...] = ()
    ground: GroundDrawing = GroundDrawing()
    ground_is_new: bool = False
    waiting: bool = False

    @property
    def in_force(self) -> CalibrationRow | None:
        """The calibration that the camera has now."""
        return next((row for row in self.history if row.in_force), None)
