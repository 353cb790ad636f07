"""Ground plans of cars as turned rectangles, and whether two overlap (separating axis test)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def corners(x: ArrayLike, y: ArrayLike, heading: ArrayLike, extent: ArrayLike, margin: float = 0.0) -> Floats:
    """(N, 4, 2) corners of N ground plans.

    Args:
        x, y, heading: (N,) where the cars stand, metres and radians.
        extent: (N, 4) rear and front end along, right and left side across, in the car's frame, metres.
        margin: how much wider all round.
    """
    wider = np.array([-margin, margin, -margin, margin])
    sides = np.asarray(extent, dtype=np.float64) + wider
    along, across = sides[:, [1, 1, 0, 0]], sides[:, [2, 3, 3, 2]]
    turn = np.asarray(heading, dtype=np.float64)[:, None]
    cosine, sine = np.cos(turn), np.sin(turn)
    place_x = np.asarray(x, dtype=np.float64)[:, None] + along * cosine - across * sine
    place_y = np.asarray(y, dtype=np.float64)[:, None] + along * sine + across * cosine
    return np.stack([place_x, place_y], axis=-1)


def overlap(first: Floats, second: Floats) -> NDArray[np.bool_]:
    """(N,) whether pairs of rectangles, (N, 4, 2) each, have a point in common.

    Two convex shapes are apart exactly when one of their sides' normals separates them.
    """
    one, other = np.broadcast_arrays(np.asarray(first, float), np.asarray(second, float))
    apart = np.zeros(len(one), dtype=np.bool_)
    for shape in (one, other):
        for side in (0, 1):
            axis = shape[:, side + 1] - shape[:, side]
            a = np.einsum("nij,nj->ni", one, axis)
            b = np.einsum("nij,nj->ni", other, axis)
            apart |= (a.max(axis=1) < b.min(axis=1)) | (b.max(axis=1) < a.min(axis=1))
            if apart.all():
                return ~apart
    return ~apart


def any_overlap(shape: Floats, others: Floats) -> bool:
    """Whether one rectangle, (4, 2), meets any of (N, 4, 2)."""
    return bool(len(others)) and bool(overlap(shape[None], others).any())
