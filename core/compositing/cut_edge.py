"""The soft edge of a cut-out: how much of each pixel near a mask's border is the object's."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Bits = NDArray[np.bool_]
Array = NDArray[np.float32]

_BAND_PX = 2.0  # on both sides of the border
_TELLS_LEVELS = 30.0  # object and ground that differ by this much tell half of what is whose
_SAME_LEVELS, _SAME = 7.0, 0.05  # and of the ground's brightness: what differs by less is ground
_BITE_SHARE, _MOST_BITE_PX = 0.08, 8  # of the object's larger side: so deep a mask may reach too far
MOST_OFF_PX = _MOST_BITE_PX + int(_BAND_PX)
"""How deep inside its mask an object's pixels may still let through what is behind it."""

_SPLINTER = 0.05  # of the object: what is smaller and hangs together with nothing is none of it
_NEARBY_PX = 9  # side of the square over which the object's own colour is taken


def soft_edge(seen: Image, expected: Array | None, inside: Bits, taken: Bits) -> Image:
    """How much of each pixel is the object's.

    By the mask alone, it falls over two pixels. With a background, a pixel of that band lies between the
    object's colour next to it and the ground's; where these differ enough, that says more than the mask does.
    Where a mask reaches farther onto the ground than that, the ground is taken off first.

    Args:
        seen: (h, w, 3) the frame around the object.
        expected: (h, w, 3) what would be seen without it, its shadow included; None without a background.
        inside, taken: (h, w) the object, and the others, where no ground can be expected.

    Returns:
        (h, w) of 255.
    """
    if expected is not None:
        inside = _whole(inside & ~_ground_inside(seen, expected, inside))
    signed = _signed_distance(inside)
    feather = np.clip(0.5 + signed / _BAND_PX, 0.0, 1.0)
    if expected is not None:
        band = (np.abs(signed) < _BAND_PX) & ~taken
        matte, sure = _matte(seen.astype(np.float32), expected, signed)
        feather = np.where(band, feather + sure * (matte - feather), feather)
    return np.rint(255.0 * feather).astype(np.uint8)


def _ground_inside(seen: Image, expected: Array, inside: Bits) -> Bits:
    """What of a mask shows the ground alone, from its border inwards, a few pixels deep at most."""
    size = max(np.ptp(np.flatnonzero(inside.any(axis=side))) + 1 for side in (0, 1))
    deepest = min(_BITE_SHARE * size, _MOST_BITE_PX)
    off = np.abs(cv2.blur(seen.astype(np.float32), (3, 3)) - cv2.blur(expected, (3, 3))).max(axis=2)
    same = off <= np.maximum(_SAME_LEVELS, _SAME * expected.max(axis=2))
    signed = _signed_distance(inside)
    bites = same & inside & (signed < deepest)
    bites = cv2.morphologyEx(bites.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    # grains of it that stand out from what is expected are ground as well
    closed = cv2.morphologyEx((bites | ~inside).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    bites = (closed > 0) & inside & (signed < deepest)
    count, parts = cv2.connectedComponents((bites | ~inside).astype(np.uint8), connectivity=4)
    from_outside = np.zeros(count, np.bool_)
    from_outside[np.unique(parts[~inside])] = True
    found: Bits = bites & from_outside[parts]
    return found if np.count_nonzero(found) < np.count_nonzero(inside) else np.zeros_like(inside)


def _whole(inside: Bits) -> Bits:
    """A mask without the splinters that were cut off it together with the ground."""
    count, parts = cv2.connectedComponents(inside.astype(np.uint8), connectivity=8)
    areas = np.bincount(parts.ravel(), minlength=count)
    areas[0] = 0
    large = areas >= min(_SPLINTER * np.count_nonzero(inside), areas.max())
    large[0] = False
    kept: Bits = large[parts]
    return kept


def _matte(seen: Array, expected: Array, signed: Array) -> tuple[Array, Array]:
    """Where between ground and object each pixel's colour lies, 0 to 1, and how sure that is, 0 to 1."""
    core = (signed > _BAND_PX).astype(np.float32)
    weight = cv2.blur(core, (_NEARBY_PX, _NEARBY_PX))
    own = cv2.blur(seen * core[..., None], (_NEARBY_PX, _NEARBY_PX)) / np.maximum(weight, 1e-3)[..., None]
    apart = own - expected
    size = (apart * apart).sum(axis=2)
    share = ((seen - expected) * apart).sum(axis=2) / np.maximum(size, 1.0)
    sure = np.where(weight > 1e-3, size / (size + 3.0 * _TELLS_LEVELS**2), 0.0)
    return np.clip(share, 0.0, 1.0).astype(np.float32), sure.astype(np.float32)


def _signed_distance(inside: Bits) -> Array:
    """Pixels from each pixel's centre to the mask's border, positive inside; the picture's border is none."""
    padded = np.pad(inside, 3, mode="edge").astype(np.uint8)
    within = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    without = cv2.distanceTransform(1 - padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    signed: Array = np.where(padded > 0, within - 0.5, 0.5 - without)[3:-3, 3:-3]
    return signed.astype(np.float32)
