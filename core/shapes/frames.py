"""Other people's axes, unit and handedness, declared once and checked before their cars are believed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ShapeSpaceError

FloatArray = NDArray[np.float64]


class Handedness(StrEnum):
    """Whether x, y and z of a data set turn like the right hand's first three fingers."""

    RIGHT = "right"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """How a data set's coordinates lie on a car.

    Attributes:
        forward, left, up: a signed axis each, such as "+x" or "-z".
        handedness: of the data set's own x, y, z.
        metres_per_unit: its unit; None where the mean wheelbase gives it.
    """

    forward: str
    left: str
    up: str
    handedness: Handedness
    metres_per_unit: float | None = None

    def matrix(self) -> FloatArray:
        """(3, 3) from the data set's axes to the car frame's, without the unit.

        Raises:
            ShapeSpaceError: an axis is unknown or named twice, or the three do not have the declared
                handedness.
        """
        rows = np.stack([_axis(name) for name in (self.forward, self.left, self.up)])
        turn = round(float(np.linalg.det(rows)))
        if turn == 0:
            raise ShapeSpaceError(
                f"The axes {self.forward}, {self.left} and {self.up} name one axis twice.",
                "Name x, y and z once each.",
            )
        if (turn > 0) != (self.handedness is Handedness.RIGHT):
            raise ShapeSpaceError(
                f"Forward {self.forward}, left {self.left} and up {self.up} cannot be axes of a "
                f"{self.handedness}-handed frame.",
                "Turn one axis round, or declare the other handedness.",
            )
        if self.metres_per_unit is not None and not 0 < self.metres_per_unit < 1e6:
            raise ShapeSpaceError(
                f"{self.metres_per_unit} metres for a unit cannot be.",
                "Give a positive number, or leave it out to scale by the wheelbase.",
            )
        return rows

    def to_car_axes(self, points: ArrayLike) -> FloatArray:
        """(..., 3) in the data set's axes -> x forward, y left, z up, still in its unit."""
        return np.asarray(points, dtype=np.float64) @ self.matrix().T


CAR_FRAME = SourceFrame("+x", "+y", "+z", Handedness.RIGHT, 1.0)
"""The car frame itself: nothing to do."""


def _axis(name: str) -> FloatArray:
    sign, letter = (name[0], name[1:]) if name[:1] in "+-" and name else ("+", name)
    if letter not in ("x", "y", "z"):
        raise ShapeSpaceError(f"{name!r} is no axis.", "Write +x, -x, +y, -y, +z or -z.")
    row = np.zeros(3)
    row["xyz".index(letter)] = 1.0 if sign == "+" else -1.0
    return row
