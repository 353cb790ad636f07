"""The contact shadow of an object: where the ground at its feet is darker than in the background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Bits = NDArray[np.bool_]
Array = NDArray[np.float32]

_FAINTEST, _CLEAR = 0.95, 0.87  # of the light: lighter is noise, darker is surely shadow
_NEAR, _REACH = 0.3, 0.5  # of the object's larger side: so far from it a shadow is whole, and is at all
_TINT = 0.12  # channels of a shadow differ in their light by less
_TOUCHES_PX = 3
_LOWER = 0.5  # of the object's height: a shadow lies at its feet
_SMOOTH_PX = 1.0
_FADE_PX = 2.0
_DARK = 10.0  # levels: where the ground is darker, its light cannot be told
_STRANGE = 0.25  # of the light, brighter or of another colour: something that no mask tells of
_STRANGE_PX = 3
_SURELY_OWN = 3.0  # times as near to the object as to any other: a shadow there is whole


def contact_shadow(seen: Image, expected: Array, inside: Bits, taken: Bits) -> Image:
    """How much light an object's shadow leaves to the ground.

    A shadow is ground that is evenly darker in all channels, with the ground's own texture, beside the lower
    half of the object and touching it, and on no other object. Where others are near, their shadows lie
    there too: it fades towards the middle between both.

    Args:
        seen: (h, w, 3) the frame around the object.
        expected: (h, w, 3) the background there under the frame's light.
        inside, taken: (h, w) the object, and the others.

    Returns:
        (h, w) of 255; 255 where there is no shadow.
    """
    ratio = (seen.astype(np.float32) + 1.0) / (expected + 1.0)
    ratio = np.asarray(cv2.medianBlur(ratio, 3), dtype=np.float32)
    light = ratio.mean(axis=2)
    even = np.ptp(ratio, axis=2) < _TINT
    feet = _lower_half(inside)
    ground = ~inside & ~taken & feet
    dark = ground & even & (light < _FAINTEST) & (expected.max(axis=2) > _DARK)
    own = _ownness(inside, taken | _strangers(ratio, inside))
    dark &= own > 0
    region = _touching(_opened(dark), inside & feet)
    out = np.full(inside.shape, 255, np.uint8)
    if not region.any():
        return out
    smooth = _smoothed(np.minimum(light, 1.0), region)
    # under the object's edge it goes on as beside it, elsewhere it fades away
    under = inside & (cv2.dilate(region.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)
    fade = np.clip(_depth_in((region | inside) & feet) / _FADE_PX, 0.0, 1.0) * _nearness(inside)
    fade *= own
    fade *= np.clip((_FAINTEST - smooth) / (_FAINTEST - _CLEAR), 0.0, 1.0)
    left = 1.0 - (1.0 - smooth) * fade
    values = np.clip(np.rint(left * 255.0), 0, 255).astype(np.uint8)
    shadow = region | under
    out[shadow] = values[shadow]
    return out


def _strangers(ratio: Array, inside: Bits) -> Bits:
    """What is neither ground nor shadow, and not of the object's own edge: objects that nobody found."""
    odd = (np.ptp(ratio, axis=2) > _STRANGE) | (ratio.max(axis=2) > 1 + _STRANGE)
    near = cv2.dilate(inside.astype(np.uint8), np.ones((2 * _STRANGE_PX + 1,) * 2, np.uint8)) > 0
    return _opened(odd & ~near)


def _ownness(inside: Bits, others: Bits) -> Array:
    """1 where the object is by far nearer than any other, 0 where another is as near."""
    if not others.any():
        return np.ones(inside.shape, np.float32)
    to_own = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    to_other = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    times = to_other / np.maximum(to_own, 1.0)
    own: Array = np.clip((times - 1.0) / (_SURELY_OWN - 1.0), 0.0, 1.0).astype(np.float32)
    return own


def _opened(bits: Bits) -> Bits:
    return cv2.morphologyEx(bits.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


def _lower_half(inside: Bits) -> Bits:
    """All that is no higher in the picture than the object's middle: what is darker above is no shadow."""
    rows = np.flatnonzero(inside.any(axis=1))
    below = np.zeros_like(inside)
    below[round(float(rows[0] + _LOWER * (rows[-1] - rows[0]))) :] = True
    return below


def _touching(dark: Bits, lower: Bits) -> Bits:
    """The connected parts that touch the object's lower half."""
    near = cv2.dilate(lower.astype(np.uint8), np.ones((2 * _TOUCHES_PX + 1,) * 2, np.uint8)) > 0
    count, parts = cv2.connectedComponents(dark.astype(np.uint8), connectivity=4)
    touched = np.zeros(count, np.bool_)
    touched[np.unique(parts[near & dark])] = True
    touched[0] = False
    return touched[parts]


def _smoothed(light: Array, region: Bits) -> Array:
    """The light blurred over the region alone, and carried a little beyond it."""
    weight = region.astype(np.float32)
    sigma = _SMOOTH_PX
    over = cv2.GaussianBlur(weight, (0, 0), sigma)
    blurred = cv2.GaussianBlur(light * weight, (0, 0), sigma) / np.maximum(over, 1e-3)
    return np.where(over > 1e-3, blurred, 1.0).astype(np.float32)


def _nearness(inside: Bits) -> Array:
    """1 near the object, falling to 0 where its shadow ends at the latest."""
    size = max(np.ptp(np.flatnonzero(inside.any(axis=side))) + 1 for side in (0, 1))
    away = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near: Array = np.clip((_REACH - away / size) / (_REACH - _NEAR), 0.0, 1.0).astype(np.float32)
    return near


def _depth_in(bits: Bits) -> Array:
    """Pixels to the nearest place that is not of a region; the picture's border counts as inside."""
    padded = np.pad(bits.astype(np.uint8), 1, mode="edge")
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return depth.astype(np.float32, copy=False)
