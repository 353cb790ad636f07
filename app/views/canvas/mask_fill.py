"""A mask's fill as a small picture to paint over the frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.records.masks import MaskPatch


def fill_pixels(mask: MaskPatch, red: int, green: int, blue: int, alpha: int) -> NDArray[np.uint32]:
    """The mask as (h, w) premultiplied 0xAARRGGBB pixels, transparent outside."""

    def premultiplied(channel: int) -> int:
        return channel * alpha // 255

    colour = (alpha << 24) | (premultiplied(red) << 16) | (premultiplied(green) << 8) | premultiplied(blue)
    return np.where(mask.bits, np.uint32(colour), np.uint32(0))
