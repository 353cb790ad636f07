"""The first few components of a shape space, laid out for fitting many cars at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.keypoints import COUNT
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShapeBasis:
    """W(beta) = mean + sum_k beta_k steps_k, metres in the car frame, coordinates before points.

    Attributes:
        mean: (3, 12).
        steps: (K, 3, 12) sigma_k b_k.
    """

    mean: Array
    steps: Array

    @property
    def components(self) -> int:
        """K."""
        return len(self.steps)

    def points(self, beta: Array) -> Array:
        """(b, K) -> (b, 3, 12)."""
        flat = beta @ self.steps.reshape(self.components, -1) + self.mean.reshape(-1)
        return flat.reshape(-1, 3, COUNT)


def basis_of(space: CarShapeSpace, components: int) -> ShapeBasis:
    """The first components of a space, or all where it has fewer."""
    count = min(components, space.components)
    steps = space.jacobian(count)  # (12, 3, K)
    return ShapeBasis(
        np.ascontiguousarray(space.mean.T), np.ascontiguousarray(np.moveaxis(steps, -1, 0).swapaxes(1, 2))
    )
