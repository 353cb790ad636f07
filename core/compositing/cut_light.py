"""Where a frame and its background show the same clear ground, and how their light differs there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Bits = NDArray[np.bool_]
Array = NDArray[np.float32]

_NEAR_PX = 3  # from the mask, where light is compared
_LEAST_FAR_PX, _MOST_FAR_PX, _FAR_SHARE = 10, 24, 1 / 6  # and of the object's larger side
_DARK, _CLIPPED = 12, 247  # channels outside hold no measure of how bright they were
_MOST_PIXELS = 512  # more say no more about the light
_DIFFERENT = 0.06  # of the ground's brightness, and
_DIFFERENT_LEVELS = 7.0  # levels: what differs more than both is not the same ground
_ENOUGH = 64


def light_of_frame(seen: Image, bare: Image | None, inside: Bits, taken: Bits) -> Array:
    """(3,) how much brighter than the background the frame is around an object; ones without a background.

    The median over the pixels around it: shadows, and things that are not in the background, weigh little.
    """
    if bare is None:
        return np.ones(3, np.float32)
    around = ~inside & ~taken & (_distance(inside) > _NEAR_PX) & _measurable(seen) & _measurable(bare)
    if np.count_nonzero(around) < _ENOUGH:
        return np.ones(3, np.float32)
    ratios = seen[around].astype(np.float32) / bare[around].astype(np.float32)
    gain: Array = np.clip(np.median(ratios, axis=0), 0.5, 2.0).astype(np.float32)
    return gain


def clear_ground(
    seen: Image, bare: Image | None, gain: Array, inside: Bits, taken: Bits, shade: Image
) -> Image:
    """Where light is compared: ground around the object that nothing stands on and no shadow falls on.

    Args:
        seen, bare: (h, w, 3) the frame and the background, or None.
        gain: (3,) the frame's light over the background's.
        inside, taken: (h, w) the object, and the others.
        shade: (h, w) the contact shadow.

    Returns:
        (h, w) 255 there, else 0; thinned to about five hundred pixels, evenly.
    """
    distance = _distance(inside)
    size = max(np.ptp(np.flatnonzero(inside.any(axis=side))) + 1 for side in (0, 1))
    far = min(max(_FAR_SHARE * size, _LEAST_FAR_PX), _MOST_FAR_PX)
    clear = ~inside & ~taken & (distance > _NEAR_PX) & (distance <= far) & (shade == 255)
    clear &= _measurable(seen)
    if bare is not None:
        expected = bare.astype(np.float32) * gain
        off = np.abs(cv2.blur(seen.astype(np.float32), (3, 3)) - cv2.blur(expected, (3, 3)))
        same = off.max(axis=2) <= np.maximum(_DIFFERENT_LEVELS, _DIFFERENT * expected.max(axis=2))
        clear &= same & _measurable(bare)
    return _thinned(clear)


def _measurable(image: Image) -> Bits:
    return (image.min(axis=2) >= _DARK) & (image.max(axis=2) <= _CLIPPED)


def _distance(inside: Bits) -> Array:
    """Pixels to the object; 0 inside."""
    away = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return away.astype(np.float32, copy=False)


def _thinned(bits: Bits) -> Image:
    """Every so many-th of the pixels, row by row."""
    places = np.flatnonzero(bits)
    step = max(1, -(-places.size // _MOST_PIXELS))
    out = np.zeros(bits.size, np.uint8)
    out[places[step // 2 :: step]] = 255
    return out.reshape(bits.shape)
