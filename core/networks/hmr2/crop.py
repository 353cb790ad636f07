"""Crops for HMR 2.0: a square around a person, blurred where it shrinks, normalised as ImageNet is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box

CROP_PX = 256
_ASPECT = 192 / 256
_BLUR_FROM = 1.1
"""A crop that is scaled down by more is blurred before."""
_BLUR_REACH = 4.0
"""How many standard deviations the blur reaches: scikit-image's, which made the network's own crops."""
_MEAN = np.array([0.485, 0.456, 0.406])
_DEVIATION = np.array([0.229, 0.224, 0.225])


@dataclass(frozen=True, slots=True)
class CropSquare:
    """A square of a picture.

    Attributes:
        x, y: its middle, pixels on pixel edges.
        size: its side, pixels.
    """

    x: float
    y: float
    size: float


def crop_square(box: Box) -> CropSquare:
    """The square of a box: the box is widened or heightened to 192:256, and the larger side counts."""
    return CropSquare(box.x + box.w / 2, box.y + box.h / 2, max(box.h, box.w / _ASPECT))


def crop_of(image: NDArray[np.uint8], square: CropSquare) -> NDArray[np.float32]:
    """The network's view of a square.

    The published code puts the box's middle, on pixel edges, on a pixel's centre; here edges stay edges,
    which differs by less than half a pixel.

    Args:
        image: (H, W, 3) RGB.
        square: of the picture; black where it reaches beyond.

    Returns:
        (3, 256, 256): RGB over 255, less ImageNet's mean, over its standard deviation.
    """
    import cv2

    shrink = square.size / CROP_PX
    sigma = (shrink - 1) / 2 if shrink > _BLUR_FROM else 0.0
    part, x, y = _around(image, square, margin=int(np.ceil(_BLUR_REACH * sigma)) + 2)
    pixels: NDArray[Any] = part.astype(np.float32)
    if sigma and part.size:
        reach = 2 * int(_BLUR_REACH * sigma + 0.5) + 1
        pixels = cv2.GaussianBlur(pixels, (reach, reach), sigma, borderType=cv2.BORDER_REPLICATE)
    # from a pixel's centre in the crop to one in the part; edges on edges
    corner = np.array([square.x - square.size / 2 - x, square.y - square.size / 2 - y])
    offset = corner + 0.5 * shrink - 0.5
    back = np.array([[shrink, 0.0, offset[0]], [0.0, shrink, offset[1]]])
    if part.size:
        crop = cv2.warpAffine(
            pixels,
            back,
            (CROP_PX, CROP_PX),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
    else:
        crop = np.zeros((CROP_PX, CROP_PX, 3), dtype=np.float32)
    scaled = (crop / 255.0 - _MEAN) / _DEVIATION
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)


def _around(image: NDArray[np.uint8], square: CropSquare, margin: int) -> tuple[NDArray[np.uint8], int, int]:
    """The part of the picture that the crop needs, and where its first pixel is: a blur of it all is slow."""
    half = square.size / 2
    left, right = (int(np.floor(square.x - half)) - margin, int(np.ceil(square.x + half)) + margin)
    top, bottom = (int(np.floor(square.y - half)) - margin, int(np.ceil(square.y + half)) + margin)
    left, top = max(left, 0), max(top, 0)
    return image[top : max(bottom, 0), left : max(right, 0)], left, top
