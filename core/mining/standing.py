"""Tells what never leaves its place from what moves: leaves, flags and flicker from cars and people."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_NEIGHBOURS = 4  # on either side, over which a box's wavering is evened out


def way_of(boxes: NDArray[np.float64]) -> float:
    """How far a track goes in all, in sizes of its object: the diagonal of all its middles' extent.

    Each middle is the median of its neighbours in time, so that a wavering outline goes nowhere. An object
    that comes straight at the camera grows instead of moving: by how much it is larger or smaller in its
    last quarter than in its first counts alike.

    Args:
        boxes: (n, 4) x, y, w, h in pixels, in order of time; n >= 1.
    """
    sides = boxes[:, 2:]
    longer = sides.max(axis=1)
    padded = np.pad(boxes[:, :2] + sides / 2, ((_NEIGHBOURS, _NEIGHBOURS), (0, 0)), mode="edge")
    steady = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1, axis=0), axis=-1)
    quarter = max(len(boxes) // 4, 1)
    growth = abs(float(np.median(longer[-quarter:]) - np.median(longer[:quarter])))
    way = math.hypot(*np.ptp(steady, axis=0).tolist(), growth)
    return way / max(float(np.median(longer)), 1e-9)
