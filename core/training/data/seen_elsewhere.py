"""What two other calibrated cameras see of a car at the same moment, beside a picture of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.keypoints import FLIP

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_POINTS = len(FLIP)
NUMBERS = 2 * 2 * _POINTS + 27 + _POINTS
"""As many has `SeenElsewhere.flat`."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenElsewhere:
    """Where two other calibrated cameras see the same car at the same moment.

    Attributes:
        first, second: (12, 2) in coordinates of the car's boxes there; any finite number where not seen.
        tensor: (3, 3, 3) of `core.geometry.trifocal.trifocal_tensor(first, own, second)`, with matrices
            `in_box`, own in the coordinates of the picture that this stands beside. Its length says nothing.
        seen: (12,) points that both of them see.
    """

    first: Floats
    second: Floats
    tensor: Floats
    seen: Bools

    @staticmethod
    def nowhere() -> SeenElsewhere:
        """No other camera sees any point."""
        empty = np.zeros((_POINTS, 2))
        return SeenElsewhere(empty, empty, np.zeros((3, 3, 3)), np.zeros(_POINTS, dtype=np.bool_))

    def changed(self, matrix: Floats) -> SeenElsewhere:
        """The same beside a picture whose places are `matrix` (2, 3) applied to those here.

        Where that is a mirror, left and right points exchange, whoever sees them.
        """
        # what moves the own view's places moves the tensor's middle index
        whole = np.concatenate([matrix, [[0.0, 0.0, 1.0]]])
        tensor = np.einsum("aj,ijk->iak", whole, self.tensor)
        length = float(np.linalg.norm(tensor))
        order = list(FLIP) if np.linalg.det(matrix[:, :2]) < 0 else list(range(_POINTS))
        return SeenElsewhere(
            self.first[order], self.second[order], tensor / length if length else tensor, self.seen[order]
        )

    @property
    def flat(self) -> Floats:
        """(NUMBERS,) of which `of_flat` makes the same."""
        return np.concatenate([self.first.ravel(), self.second.ravel(), self.tensor.ravel(), self.seen])

    @staticmethod
    def of_flat(numbers: Floats) -> SeenElsewhere | None:
        """What `flat` gave; None where that is not a number."""
        if not np.isfinite(numbers).all():
            return None
        first, second, tensor, seen = np.split(
            numbers,
            np.cumsum([2 * _POINTS, 2 * _POINTS, 27]),
        )
        return SeenElsewhere(
            first.reshape(_POINTS, 2), second.reshape(_POINTS, 2), tensor.reshape(3, 3, 3), seen > 0.5
        )
