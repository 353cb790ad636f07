"""The frame panel as data: a frame's pixels or why there are none, and what lies over it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.states.overlay import Overlay


@dataclass(frozen=True, slots=True, eq=False)
class FrameState:
    """What the frame panel shows; pixels and overlay always belong to the same frame.

    Attributes:
        frame_id, source_id: which frame; None before any.
        image: (H, W, 3) uint8 RGB, or None where it could not be decoded and no crop stands in.
        width, height: of the picture.
        overlay: what is drawn over it.
        title: which footage, and where in it.
        error: why the pixels are missing, and the way out; empty where they are there.
        away: what a banner says where this is not the selected instance's own frame.
        focus: left, top, right, bottom of the selected instance's box in canvas coordinates, if here.
    """

    frame_id: int | None = None
    source_id: int | None = None
    image: NDArray[np.uint8] | None = None
    width: int = 0
    height: int = 0
    overlay: Overlay = field(default_factory=Overlay)
    title: str = ""
    error: str = ""
    away: str = ""
    focus: tuple[float, float, float, float] | None = None
