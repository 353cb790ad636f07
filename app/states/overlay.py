"""What is drawn over a frame: the instances in it and the trail of the selected track."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.states.review_marks import LabelMark
from core.records.masks import MaskPatch


class OverlayRole(StrEnum):
    """Why an instance stands out in the frame."""

    NONE = "none"
    SELECTED = "selected"
    OCCLUDER = "occluder"
    SAME_TRACK = "same_track"


@dataclass(frozen=True, slots=True, eq=False)
class OverlayInstance:
    """One instance to draw.

    Attributes:
        id: the instance's id.
        left, top, right, bottom: its box in canvas coordinates: the centre of the picture's top left
            pixel is (0, 0), so a box over the whole picture is (-0.5, -0.5, W - 0.5, H - 0.5).
        mask: the part that is seen, or None.
        outline: (n, 4) x1, y1, x2, y2 of the mask's border, in canvas coordinates; (0, 4) without a mask.
        mark: its label.
        caption: a short text beside the box, such as "car 33".
        tooltip: what hovering tells.
        role: why it stands out.
        whole: (n, 2) each, canvas coordinates: the borders of its whole extent, hidden part and all, where a
            network told it.
    """

    id: int
    left: float
    top: float
    right: float
    bottom: float
    mask: MaskPatch | None
    outline: NDArray[np.float64]
    mark: LabelMark
    caption: str
    tooltip: str
    role: OverlayRole = OverlayRole.NONE
    whole: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Everything drawn over one frame.

    Attributes:
        instances: in drawing order.
        trail: (n, 2) float, where the selected track's box centres were, in canvas coordinates, in
            the order of time; empty where there is no track.
        trail_now: index in trail of the frame shown, or None.
    """

    instances: tuple[OverlayInstance, ...] = ()
    trail: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    trail_now: int | None = None
