"""Shapes of objects inside windows of the picture, for the tests that compare pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import window
from core.records.masks import MaskPatch
from core.records.occlusion import Observation

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

_REACH_PX = 1.5  # how far apart two shapes that touch may lie: the error of a mask's outline,
_REACH_SHARE = 0.03  # with a part that grows with the object,
_REACH_MOST_PX = 6.0  # but never beyond a coarse mask's cell
FAINT = 2.0  # contact fades to nothing at this many reaches


def reach_px(size: float) -> float:
    """How far from an object of size L = max(w, h) px something still touches it, pixels."""
    return min(_REACH_PX + _REACH_SHARE * size, _REACH_MOST_PX)


class Surroundings:
    """An object's shape in a window around it, and how near each pixel of the window is to it.

    Args:
        one: the object; where it has no mask, its box stands in.
    """

    def __init__(self, one: Observation) -> None:
        self._size = one.box.size
        self._reach = reach_px(self._size)
        margin = FAINT * self._reach + 1
        self.left, self.top = int(np.floor(one.box.x - margin)), int(np.floor(one.box.y - margin))
        self.width = int(np.ceil(one.box.right + margin)) - self.left
        self.height = int(np.ceil(one.box.bottom + margin)) - self.top
        self._one = one
        self._nearness: Floats | None = None

    def own(self) -> Bools:
        """The object's own pixels inside this window, (height, width)."""
        return self.of(shape_of(self._one))

    def of(self, patch: MaskPatch) -> Bools:
        """An object's pixels inside this window, (height, width)."""
        return window(patch, self.left, self.top, self.width, self.height)

    def shared_border(self, cover: Bools) -> float:
        """How far what covers lies against or over this object, as a share of its size.

        Its pixels count fully on this object and at its outline, and fade to nothing at twice the reach;
        their sum over the reach is the length of the border that the two share.

        Args:
            cover: (height, width), what may lie in front.
        """
        if self._nearness is None:
            self._nearness = self._measure()
        return float(self._nearness[cover].sum()) / (self._reach * self._size)

    def _measure(self) -> Floats:
        """(height, width): 1 on the object, falling to 0 at twice the reach."""
        own = self.own()
        if not own.any():
            return np.zeros(own.shape, dtype=np.float32)
        distance = cv2.distanceTransform((~own).view(np.uint8), cv2.DIST_L2, 5)
        return np.maximum(1.0 - distance / np.float32(FAINT * self._reach), np.float32(0.0))


def shape_of(one: Observation) -> MaskPatch:
    """An object's mask, or its box where it has none."""
    if one.mask is not None:
        return one.mask
    left, top = round(one.box.x), round(one.box.y)
    height, width = max(round(one.box.bottom) - top, 1), max(round(one.box.right) - left, 1)
    return MaskPatch(left, top, np.ones((height, width), dtype=np.bool_))


def full_shape(one: Observation) -> MaskPatch:
    """What an object would show if nothing thin stood in front of it: the convex hull of its mask.

    A box is taken for an ellipse: its corners show what is behind the object.
    """
    shape = shape_of(one)
    bits = shape.bits.astype(np.uint8)
    if one.mask is None:
        height, width = bits.shape
        middle = ((width - 1) / 2, (height - 1) / 2)
        filled = cv2.ellipse(np.zeros_like(bits), (middle, (width, height), 0.0), (1,), -1)
    else:
        outlines, _ = cv2.findContours(bits, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if not outlines:
            return shape
        hull = cv2.convexHull(np.concatenate(outlines))
        filled = cv2.fillConvexPoly(np.zeros_like(bits), hull, (1,))
    return MaskPatch(shape.x, shape.y, filled.astype(np.bool_))


def trimmed(shape: MaskPatch, rim_px: int) -> MaskPatch:
    """The shape without its rim, which a detector may have drawn too wide; a copy."""
    kernel = np.ones((2 * rim_px + 1, 2 * rim_px + 1), dtype=np.uint8)
    padded = np.pad(shape.bits.astype(np.uint8), 1)
    bits = cv2.erode(padded, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    return MaskPatch(shape.x, shape.y, bits[1:-1, 1:-1].astype(np.bool_))
