"""Turning many directions at once, in one thread."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def turned(directions: Floats, rotation: NDArray[np.floating]) -> Floats:
    """(N, 3) directions, each as a row times a (3, 3) rotation.

    A matrix product would wake BLAS's threads for these thin arrays, which then wait busily and take the
    cores away from the rays.
    """
    if not len(directions):
        return np.zeros((0, 3), dtype=np.float32)
    rows = np.ascontiguousarray(directions, dtype=np.float32)[None]
    return np.asarray(cv2.transform(rows, rotation.T.astype(np.float32))[0], dtype=np.float32)
