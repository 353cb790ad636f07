"""Fits over the picture on the 2D canvas: their outlines, and wireframes where OpenGL fails."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.states.scene import SceneObject
from core.records.shapes import KeypointTag

Line = NDArray[np.float64]
"""(n, 2) pixels of a polyline, canvas coordinates."""


@dataclass(frozen=True, slots=True, eq=False)
class WireObject:
    """One fit on the picture.

    Attributes:
        object: the same as the viewport shows.
        outlines: closed polylines around it; none where a part of it is behind the camera.
        edges: (n, 4) x1, y1, x2, y2 of the edges that face the camera; of a person the bones.
        base: (4, 2) its corners on the road, in the order of its footprint; not a number behind the camera.
        bones: (n, 4) of a person's bones, as the edges; none for cars.
    """

    object: SceneObject
    outlines: tuple[Line, ...]
    edges: NDArray[np.float64]
    base: Line
    bones: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))


@dataclass(frozen=True, slots=True)
class WirePoint:
    """One keypoint of the selected object, canvas coordinates.

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
        objects: farthest first.
        selected: an instance's id, or None.
        points: of the selected one, those that are placed.
        span_px: how far all its keypoints reach as the fit has them, pixels of the picture; 0 where unknown.
    """

    objects: tuple[WireObject, ...] = ()
    selected: int | None = None
    points: tuple[WirePoint, ...] = ()
    span_px: float = 0.0
