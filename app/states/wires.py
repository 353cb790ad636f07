"""Fits over the picture on the 2D canvas: their outlines, and wireframes where OpenGL fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.states.scene import SceneCar
from core.records.shapes import KeypointTag

Line = NDArray[np.float64]
"""(n, 2) pixels of a polyline, canvas coordinates."""


@dataclass(frozen=True, slots=True, eq=False)
class WireCar:
    """One fit on the picture.

    Attributes:
        car: the same as the viewport shows.
        outlines: closed polylines around it; none where a part of it is behind the camera.
        edges: (n, 4) x1, y1, x2, y2 of the edges that face the camera.
        base: (4, 2) its corners on the road, in the order of the car's footprint; not a number behind the
            camera.
    """

    car: SceneCar
    outlines: tuple[Line, ...]
    edges: NDArray[np.float64]
    base: Line


@dataclass(frozen=True, slots=True)
class WirePoint:
    """One keypoint of the selected car, canvas coordinates.

    Attributes:
        x, y: where it was placed.
        fitted_x, fitted_y: where the fit puts it; not a number behind the camera.
        tag: what is said of it.
        by_person: whether a person placed it; else it was taken over from a fit.
        outlier: whether it disagrees with the fit.
    """

    x: float
    y: float
    fitted_x: float
    fitted_y: float
    tag: KeypointTag
    by_person: bool
    outlier: bool


@dataclass(frozen=True, slots=True, eq=False)
class Wires:
    """Everything that is drawn of fits over one frame.

    Attributes:
        cars: farthest first.
        selected: an instance's id, or None.
        points: of the selected car, those that are placed.
        span_px: how far all its keypoints reach as the fit has them, pixels of the picture; 0 where unknown.
    """

    cars: tuple[WireCar, ...] = ()
    selected: int | None = None
    points: tuple[WirePoint, ...] = ()
    span_px: float = 0.0
