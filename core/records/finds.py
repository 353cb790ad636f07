"""What is kept of a detector's finds: the detection, its mask's code and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import KeypointSet
from core.records.masks import Rle


@dataclass(frozen=True, slots=True)
class Crop:
    """A picture of an instance with some margin.

    Attributes:
        x, y, w, h: its place in the picture, whole pixels.
        data: JPEG, RGB.
    """

    x: int
    y: int
    w: int
    h: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FoundInstance:
    """One detection as it is kept.

    Attributes:
        box, category, score: as detected.
        rle: its mask over the whole picture, or None.
        mask_area: pixels in the mask.
        crop: its picture, or None.
        find_margin: 0 to 1, how far above the least that is kept its score is, as a share of how far it could
            be; None where the score says nothing of how sure the find is.
        whole: the mask of its whole extent, hidden part and all, or None where nothing tells.
        keypoints: where the detector says that its points are, or None where it says nothing of them.
    """

    box: Box
    category: Category
    score: float
    rle: Rle | None = None
    mask_area: int = 0
    crop: Crop | None = None
    find_margin: float | None = None
    whole: Rle | None = None
    keypoints: KeypointSet | None = None


@dataclass(frozen=True, slots=True)
class FoundFrame:
    """All that a detector found in one frame.

    Attributes:
        frame_id: which frame.
        found: every detection in it.
    """

    frame_id: int
    found: Sequence[FoundInstance]
