"""What a detector says of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.found_points import FoundPoints
from core.records.masks import MaskPatch


class Category(StrEnum):
    """What an instance is. Cars and people are fitted and reviewed; the rest are kept as occluders."""

    CAR = "car"
    PERSON = "person"
    TRUCK = "truck"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"
    BICYCLE = "bicycle"


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One object found in one frame.

    Attributes:
        box: of the part that is seen (modal), pixels.
        category: what it is.
        score: 0 to 1.
        mask: the part that is seen, or None where the detector gives boxes only.
        whole: the whole extent, hidden part and all, within the picture; None where the detector tells none.
        points: its keypoints with their tags, in the picture's pixels; None where the detector tells none.
    """

    box: Box
    category: Category
    score: float
    mask: MaskPatch | None
    whole: MaskPatch | None = None
    points: FoundPoints | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DetectorFrame:
    """What a detector is given.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        background: (H, W, 3) uint8 RGB median background of this camera and hour, or None.
    """

    image: NDArray[np.uint8]
    background: NDArray[np.uint8] | None = None
