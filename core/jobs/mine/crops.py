"""Cuts the picture around an object out of its frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.finds import Crop

MARGIN = 0.15
JPEG_QUALITY = 90


def cut_crop(image: NDArray[np.uint8], box: Box, longest_px: int) -> Crop:
    """The crop around a box with a margin of 15 % of its size on each side.

    Args:
        image: (H, W, 3) uint8 RGB.
        box: pixels; it overlaps the picture.
        longest_px: a longer crop is shrunk to this.
    """
    height, width = image.shape[:2]
    margin = MARGIN * box.size
    left = min(max(int(box.x - margin), 0), width - 1)
    top = min(max(int(box.y - margin), 0), height - 1)
    right = max(min(int(np.ceil(box.right + margin)), width), left + 1)
    bottom = max(min(int(np.ceil(box.bottom + margin)), height), top + 1)
    pixels = image[top:bottom, left:right]
    scale = longest_px / max(pixels.shape[:2])
    if scale < 1:
        size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    encoded, data = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not encoded:
        raise ValueError(f"a crop of {right - left}x{bottom - top} pixels could not be encoded")
    return Crop(left, top, right - left, bottom - top, data.tobytes())
