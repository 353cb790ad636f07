"""What the small networks are shown of an object: a square around its box, of one size for all objects.

Training and use share it, so that a network sees the same of a crop that mining kept as of one that it
learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box

MARGIN = 0.15
"""How much of L mining leaves around a box; what lies farther away is grey to the networks."""
FILL = 114
_MEAN, _SPREAD = 0.45, 0.25
_BLUR_FROM = 1.2

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """Where a crop lies in the square: pixels of the square = matrix applied to pixels of the crop.

    Attributes:
        matrix: (2, 3); both with the first pixel's centre at (0, 0).
        px: side of the square.
    """

    matrix: Floats
    px: int

    def to_square(self, pixels: Floats) -> Floats:
        """(..., 2) places in the crop in the square's pixels."""
        return np.asarray(pixels @ self.matrix[:, :2].T + self.matrix[:, 2])

    def to_crop(self, pixels: Floats) -> Floats:
        """(..., 2) places in the square in the crop's pixels."""
        back = np.linalg.inv(self.matrix[:, :2])
        return np.asarray((pixels - self.matrix[:, 2]) @ back.T)


def placing_of(box: Box, px: int, *, turn_rad: float = 0.0, mirrored: bool = False) -> Placing:
    """The square around a box: as wide as its longer side with the margin on both sides.

    Args:
        box: in the crop's pixels, on pixel edges.
        px: side of the square.
        turn_rad: how far the picture is turned about the box's middle.
        mirrored: whether left and right are exchanged.
    """
    scale = px / max((1 + 2 * MARGIN) * box.size, 1e-6)
    cosine, sine = np.cos(turn_rad) * scale, np.sin(turn_rad) * scale
    turn = np.array([[cosine, -sine], [sine, cosine]])
    if mirrored:
        turn[0] = -turn[0]
    middle = np.array([box.x + box.w / 2, box.y + box.h / 2]) - 0.5
    return Placing(np.column_stack([turn, (px - 1) / 2 - turn @ middle]), px)


def shown(image: NDArray[Any], box: Box, placing: Placing, fill: int = FILL) -> NDArray[Any]:
    """The square's pixels: of the crop within the margin around the box; the fill everywhere else.

    Args:
        image: (H, W, 3) or (H, W) uint8.

    Returns:
        (px, px, 3) or (px, px), as the image.
    """
    height, width = image.shape[:2]
    margin = MARGIN * box.size
    left, top = max(int(box.x - margin), 0), max(int(box.y - margin), 0)
    right = min(int(np.ceil(box.right + margin)), width)
    bottom = min(int(np.ceil(box.bottom + margin)), height)
    part = image[top:bottom, left:right]
    if not part.size:
        return np.full((placing.px, placing.px, *image.shape[2:]), fill, dtype=np.uint8)
    matrix = placing.matrix.copy()
    matrix[:, 2] += matrix[:, :2] @ (left, top)
    shrink = 1 / np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if shrink > _BLUR_FROM:
        part = cv2.GaussianBlur(part, (0, 0), (shrink - 1) / 2, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(
        cv2.warpAffine(
            part,
            matrix,
            (placing.px, placing.px),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(fill, fill, fill),
        )
    )


def normalised(square: Bytes) -> NDArray[np.float32]:
    """(3, px, px) about -2 to 2, of (px, px, 3) uint8 RGB."""
    scaled = square.astype(np.float32) * np.float32(1 / (255 * _SPREAD)) - np.float32(_MEAN / _SPREAD)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))
