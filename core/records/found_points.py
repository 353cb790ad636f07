"""What a network says of one object's keypoints, before anything of it is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.shapes import KeypointTag


@dataclass(frozen=True, slots=True, eq=False)
class FoundPoints:
    """The keypoints of one object in a picture or a crop; N is its template's.

    Attributes:
        pixels: (N, 2) in the picture's pixels, the first one's centre at (0, 0); NaN where there is none.
        scores: (N,) 0 to 1.
        tags: of each point, or None where the network tells none.
        box: where the network found the object, in the same pixels; None where it looks for no object, and
            the points are those of the one that is asked about.
        inferred: of each point, whether it was put there by the other points and not by the picture; None:
            no point was.
    """

    pixels: NDArray[np.float64]
    scores: NDArray[np.float64]
    tags: tuple[KeypointTag, ...] | None
    box: Box | None = None
    inferred: tuple[bool, ...] | None = None
