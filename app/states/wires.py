"""Fits over the picture on the 2D canvas: their outlines, and wireframes where OpenGL fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.states.scene import SceneCar

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


@dataclass(frozen=True, slots=True, eq=False)
class Wires:
    """Everything that is drawn of fits over one frame.

    Attributes:
        cars: farthest first.
        selected: an instance's id, or None.
        points: (n, 4) x1, y1, x2, y2 from where the selected car's keypoints were placed to where its fit
            puts them.
        outliers: which of those points disagree with the fit.
    """

    cars: tuple[WireCar, ...] = ()
    selected: int | None = None
    points: NDArray[np.float64] | None = None
    outliers: tuple[bool, ...] = ()
