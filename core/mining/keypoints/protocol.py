"""What every network that finds keypoints offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.shapes import KeypointTag


@dataclass(frozen=True, slots=True, eq=False)
class ObjectCrop:
    """The picture around one object.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        box: of the object, in the crop's pixels, on pixel edges; it may leave the crop.
    """

    image: NDArray[np.uint8]
    box: Box


@dataclass(frozen=True, slots=True, eq=False)
class FoundPoints:
    """The keypoints of one object in a crop; N is its template's.

    Attributes:
        pixels: (N, 2) in the crop's pixels, the first one's centre at (0, 0); NaN where there is none.
        scores: (N,) 0 to 1.
        tags: of each point, or None where the network tells none.
        box: where the network found the object, in the crop's pixels; None where it looks for no object, and
            the points are those of the one that the crop is about.
        inferred: of each point, whether it was put there by the other points and not by the picture; None:
            no point was.
    """

    pixels: NDArray[np.float64]
    scores: NDArray[np.float64]
    tags: tuple[KeypointTag, ...] | None
    box: Box | None = None
    inferred: tuple[bool, ...] | None = None


class KeypointFinder(Protocol):
    """Finds keypoints in a crop around an object. Stateless, so that a job can resume anywhere."""

    name: str

    def find(self, crops: Sequence[ObjectCrop]) -> list[list[FoundPoints]]:
        """What is found in each crop: its object's points, or those of all objects that the network sees.

        Raises:
            DetectionError: the network failed.
        """
        ...
