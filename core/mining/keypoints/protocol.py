"""What every network that finds keypoints offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.records.shapes import KeypointTag


@dataclass(frozen=True, slots=True, eq=False)
class FoundPoints:
    """The keypoints of one car in its crop.

    Attributes:
        pixels: (12, 2) in the crop's pixels, the first one's centre at (0, 0); NaN where there is none.
        scores: (12,) 0 to 1.
        tags: of each point, or None where the network tells none.
    """

    pixels: NDArray[np.float64]
    scores: NDArray[np.float64]
    tags: tuple[KeypointTag, ...] | None


class KeypointFinder(Protocol):
    """Finds a car's keypoints in a crop around it. Stateless, so that a job can resume anywhere."""

    name: str

    def find(self, crops: Sequence[NDArray[np.uint8]]) -> list[FoundPoints]:
        """The keypoints in each crop, (H, W, 3) uint8 RGB with the car in its middle.

        Raises:
            DetectionError: the network failed.
        """
        ...
