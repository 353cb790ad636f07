"""Tells whether a background shows an object: what stands there for hours is in the median too."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Bits = NDArray[np.bool_]

ALIKE = 0.6
"""Correlation of an object's brightness with the background's from which it is the same thing."""

_SMOOTH_PX = 3  # a pixel's own noise says nothing
_PLAIN = 3.0  # levels; what differs less from its own mean has nothing to correlate
_SAME_LEVELS = 12.0


def shows(background: Image, seen: Image, bits: Bits) -> bool:
    """Whether a background shows an object where it was seen.

    By the correlation of both over the object's pixels, so that another light does not matter; an object
    without any pattern is compared by its brightness.

    Args:
        background, seen: (h, w, 3) uint8 RGB, the same part of the background and of the object's frame.
        bits: (h, w) True inside the object.
    """
    if not bits.any():
        return False
    here = _brightness(seen)[bits]
    there = _brightness(background)[bits]
    here_off, there_off = here - here.mean(), there - there.mean()
    spread = float(np.sqrt((here_off * here_off).mean()))
    if spread < _PLAIN:
        return float(np.abs(here - there).mean()) < _SAME_LEVELS
    scale = float(np.sqrt((here_off * here_off).sum() * (there_off * there_off).sum()))
    return scale > 0 and float((here_off * there_off).sum()) / scale >= ALIKE


def _brightness(image: Image) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.blur(grey, (_SMOOTH_PX, _SMOOTH_PX)), dtype=np.float32)
