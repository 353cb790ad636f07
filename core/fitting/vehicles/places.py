"""Where a car of known shape and heading stands, from equations that are linear in its place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ROUNDS = 4


def solve_places(columns: Array, known: Array, weights: Array) -> Array:
    """Places for each car and heading by the least sum of distances.

    Weighted least squares a few times over (Weiszfeld's iteration), so that points of another car, or a slip
    of the hand, pull little.

    Args:
        columns: (n, 2, 12, m) of the equations columns . place = known, the same for all headings.
        known: (n, h, 2, 12).
        weights: (n, 12) one over sigma, 0 where there is no point.

    Returns:
        (n, h, m); zeros where no point speaks.
    """
    unknowns = columns.shape[-1]
    products = (columns[..., :, None] * columns[..., None, :]).sum(axis=1)  # (n, 12, m, m)
    points = products.shape[1]
    flat = products.reshape(len(columns), points, -1)
    share = np.broadcast_to((weights * weights)[:, None], (len(known), known.shape[1], points))
    there = weights[:, None] > 0
    place = np.zeros((*known.shape[:2], unknowns))
    for _ in range(_ROUNDS):
        normal = (share @ flat).reshape(*place.shape, unknowns)
        ridge = 1e-12 * np.trace(normal, axis1=-2, axis2=-1)[..., None, None] + 1e-300
        shared = (known * share[:, :, None]).reshape(*known.shape[:2], -1)  # (n, h, 2 * 12)
        right = shared @ columns.reshape(len(columns), -1, unknowns)
        place = np.linalg.solve(normal + ridge * np.eye(unknowns), right[..., None])[..., 0]
        wrong = known - (place @ columns.reshape(len(columns), -1, unknowns).swapaxes(1, 2)).reshape(
            known.shape
        )
        distance = np.sqrt((wrong * wrong).sum(axis=2))
        usual = np.where(there, distance, 0.0).sum(axis=-1, keepdims=True) / np.maximum(
            there.sum(axis=-1, keepdims=True), 1
        )
        share = (weights * weights)[:, None] / (distance + 0.1 * usual + 1e-9)
    return place
