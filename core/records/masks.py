"""Masks: as a patch of pixels to compute with, and as COCO RLE to keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class MaskPatch:
    """A binary mask that covers only a part of the picture.

    Attributes:
        x, y: the patch's top left pixel in the picture (whole pixels, >= 0).
        bits: (h, w) bool, True inside the object. The patch lies wholly inside the picture.
    """

    x: int
    y: int
    bits: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rle:
    """COCO's compressed run-length code of a whole picture's mask, column-major.

    Attributes:
        height, width: the picture's size in pixels.
        counts: COCO's compressed counts, ASCII.
    """

    height: int
    width: int
    counts: bytes
