"""What moves in a picture: where it differs from the reference of its scene."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media.background_reference import Reference

_THRESHOLD_FACTOR = 2.0
_LOWEST_THRESHOLD = 12.0  # levels
_SMALLEST_SPECK = 3  # pixels across; smaller differences are noise and leaves


def moving_pixels(preview: NDArray[np.uint8], reference: Reference) -> NDArray[np.bool_]:
    """(h, w) bool: where a picture shows something else than the reference.

    Args:
        preview: (h, w, 3) uint8, at the reference's size and exposure.
        reference: of the scene.
    """
    apart = cv2.absdiff(cv2.blur(preview, (3, 3)), cv2.blur(reference.image, (3, 3)))
    threshold = max(_LOWEST_THRESHOLD, _THRESHOLD_FACTOR * reference.tolerance)
    strongest = cv2.max(cv2.max(apart[:, :, 0], apart[:, :, 1]), apart[:, :, 2])
    differs = (strongest > threshold).astype(np.uint8)
    without_specks = cv2.medianBlur(differs, _SMALLEST_SPECK)
    filled = cv2.morphologyEx(without_specks, cv2.MORPH_CLOSE, _disc(5))
    grown = cv2.dilate(filled, _disc(3))
    return grown > 0


def grow_mask(mask: NDArray[np.bool_], margin_px: int) -> NDArray[np.bool_]:
    """A mask with a rim of so many pixels around it."""
    if margin_px <= 0:
        return mask
    return cv2.dilate(mask.astype(np.uint8), _disc(2 * margin_px + 1)) > 0


def _disc(diameter_px: int) -> NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter_px, diameter_px)).astype(np.uint8)
