"""The ground of a calibration as lines over a frame of a certain size."""

from __future__ import annotations

import numpy as np

from app.states.calibration import GroundDrawing, Stick
from core.errors import AmodalError
from core.records.cameras import CalibrationRecord, RangeUncertainty

_STICKS_M = (10.0, 20.0, 40.0, 80.0)


def ground_drawing(record: CalibrationRecord, size: tuple[int, int]) -> GroundDrawing:
    """Grid, horizon, and sticks straight ahead; nothing where the ground is not known."""
    from core.geometry.calibration.result import from_record
    from core.geometry.ground_drawing import grid_lines, horizon_lines, stick_lines

    try:
        camera, plane = from_record(record)
    except AmodalError:  # numbers of somebody's file that are no camera's: the tab says so
        return GroundDrawing()
    if plane is None:
        return GroundDrawing()
    if (camera.width, camera.height) != size:
        camera = camera.resized(*size)
    sticks = [
        Stick(line, f"{distance:.0f} m")
        for distance in _STICKS_M
        for line in stick_lines(camera, plane, [[distance, 0.0]])
    ]
    return GroundDrawing(tuple(grid_lines(camera, plane)), tuple(horizon_lines(camera, plane)), tuple(sticks))


def ranges_seen(record: CalibrationRecord) -> tuple[RangeUncertainty, ...]:
    """What a pixel is worth at some distances; how far off they may be is NaN where nothing tells it."""
    from core.geometry.calibration.result import from_record, ranges_of

    if record.uncertainty is not None:
        return record.uncertainty.ranges
    try:
        camera, plane = from_record(record)
    except AmodalError:
        return ()
    return () if plane is None else ranges_of(camera, plane)


def stick_at(record: CalibrationRecord, size: tuple[int, int], x: float, y: float) -> Stick | None:
    """A stick whose foot is at a pixel; None where there is no ground."""
    from core.geometry.calibration.result import from_record
    from core.geometry.ground_drawing import stick_at_pixel

    try:
        camera, plane = from_record(record)
        if plane is None:
            return None
        if (camera.width, camera.height) != size:
            camera = camera.resized(*size)
        lines = stick_at_pixel(camera, plane, (x, y))
        foot = plane.points(camera, (x, y))
    except AmodalError:
        return None
    distance = float(np.linalg.norm(foot + plane.height * plane.normal))
    return Stick(lines[0], f"{distance:.1f} m") if lines else None
