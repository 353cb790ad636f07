"""Lines and marks as the viewport's visuals take them, without VisPy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colour = tuple[float, float, float, float]
"""Red, green, blue, alpha, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Polyline:
    """A line through points, or many lines of as many points each.

    Attributes:
        points: (..., n, 3) world, metres.
        colour: of all of them, or (..., 4) of each.
        width: logical pixels.
        closed: whether it comes back to its start.
    """

    points: Array
    colour: Colour | Array
    width: float = 1.5
    closed: bool = False


class MarkShape(IntEnum):
    """What a mark looks like; its number is what the shader knows."""

    DISC = 0
    DIAMOND = 1
    SQUARE = 2
    TRIANGLE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Marks of one look.

    Attributes:
        points: (..., 3) world, metres.
        colour: of all of them.
        size: logical pixels.
        shape: of all of them.
    """

    points: Array
    colour: Colour
    size: float
    shape: MarkShape = MarkShape.DISC
