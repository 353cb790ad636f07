"""Smooth and rough noise over the plane, from tables that repeat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_SIZE = 256


class PlaneNoise:
    """Noise of mean 0 and about unit spread as a function of two coordinates."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 53])
        self._rough = rng.normal(0.0, 1.0, (_SIZE, _SIZE)).astype(np.float32)

    def rough(self, x: Floats, y: Floats, grain: float) -> Floats:
        """Independent values in cells of `grain` metres."""
        column = np.floor(x * (1 / grain)).astype(np.int32) & (_SIZE - 1)
        row = np.floor(y * (1 / grain)).astype(np.int32) & (_SIZE - 1)
        return self._rough[row, column]

    def smooth(self, x: Floats, y: Floats, size: float) -> Floats:
        """Values that change over `size` metres."""
        across, down = x * (1 / size) + 0.37 * y * (1 / size), y * (1 / size) - 0.29 * x * (1 / size)
        column, row = np.floor(across), np.floor(down)
        part_x, part_y = across - column, down - row
        part_x, part_y = part_x * part_x * (3 - 2 * part_x), part_y * part_y * (3 - 2 * part_y)
        left, top = column.astype(np.int32) & (_SIZE - 1), row.astype(np.int32) & (_SIZE - 1)
        right, low = (left + 1) & (_SIZE - 1), (top + 1) & (_SIZE - 1)
        table = self._rough
        above = table[top, left] * (1 - part_x) + table[top, right] * part_x
        below = table[low, left] * (1 - part_x) + table[low, right] * part_x
        return np.asarray((above * (1 - part_y) + below * part_y) * 1.5, dtype=np.float32)

    def layered(self, x: Floats, y: Floats, size: float, octaves: int = 3) -> Floats:
        """Smooth noise of several sizes, each half as large and half as strong as the one before."""
        total = self.smooth(x, y, size)
        for octave in range(1, octaves):
            total = total + self.smooth(x + 17.3 * octave, y - 9.1 * octave, size / 2**octave) / 2**octave
        return total
