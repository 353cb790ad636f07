"""Draws a network's coarse mask in the picture's pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.records.masks import MaskPatch


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a coarse mask lies: coarse = picture * step + start, both on pixel edges.

    Attributes:
        step_x, step_y: coarse pixels per picture pixel.
        start_x, start_y: the coarse place of the picture's corner.
    """

    step_x: float
    step_y: float
    start_x: float
    start_y: float


def draw_mask(
    values: NDArray[np.float32], placement: Placement, corners: NDArray[np.float64], threshold: float
) -> MaskPatch | None:
    """The pixels of a box where a coarse mask, interpolated, is above a threshold; None where none is.

    The values are interpolated at the picture's pixel centres before they are compared, which keeps
    outlines smooth.

    Args:
        values: (h, w) float32, coarse. placement: where they lie.
        corners: (4,) left, top, right, bottom of the box, pixels on pixel edges, inside the picture.
    """
    left, top, right, bottom = np.rint(corners).astype(int).tolist()  # pixels whose centre lies inside
    if right <= left or bottom <= top:
        return None
    # OpenCV counts from pixel centres, on both sides
    centres = np.array(
        [
            [placement.step_x, 0.0, (left + 0.5) * placement.step_x + placement.start_x - 0.5],
            [0.0, placement.step_y, (top + 0.5) * placement.step_y + placement.start_y - 0.5],
        ]
    )
    drawn = cv2.warpAffine(
        values,
        centres,
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    bits = np.asarray(drawn) > threshold
    return MaskPatch(left, top, bits) if bits.any() else None
