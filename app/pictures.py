"""Compressed pictures of a project as pixels, on any thread.

Not by Qt: its reader tries format after format on what it is given, and the one for SVG takes the lock of
all signals while Python's is held. A window that disconnects a signal at that moment holds the first and
waits for the second, for ever.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def decoded(data: bytes) -> NDArray[np.uint8] | None:
    """(H, W, 3) uint8 RGB of a JPEG or PNG, or None for what is no picture."""
    import cv2  # not before a project shows its first picture

    if not data:
        return None
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if found is None else np.ascontiguousarray(found[:, :, ::-1], dtype=np.uint8)


def image_of(data: bytes) -> QImage:
    """A JPEG or PNG as an image of Qt's; a null image for what is no picture."""
    pixels = decoded(data)
    if pixels is None:
        return QImage()
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
