"""What every network that finds keypoints offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.found_points import FoundPoints as FoundPoints


@dataclass(frozen=True, slots=True, eq=False)
class ObjectCrop:
    """The picture around one object.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        box: of the object, in the crop's pixels, on pixel edges; it may leave the crop.
    """

    image: NDArray[np.uint8]
    box: Box


class KeypointFinder(Protocol):
    """Finds keypoints in a crop around an object. Stateless, so that a job can resume anywhere."""

    name: str

    def find(self, crops: Sequence[ObjectCrop]) -> list[list[FoundPoints]]:
        """What is found in each crop: its object's points, or those of all objects that the network sees.

        Raises:
            DetectionError: the network failed.
        """
        ...
