"""The picture on the canvas: one frame's pixels, sharp when zoomed in, smooth when zoomed out."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

_SMOOTH_BELOW = 6.0  # screen pixels per picture pixel


class FrameItem(pg.GraphicsObject):  # type: ignore[misc]
    """Paints a frame so that the centre of its top left pixel is (0, 0).

    The pixels are brought into the screen's own layout once, when they are set: that costs less than
    one paint of an RGB888 image, and every later pan, zoom and overlay change is spared the conversion.
    """

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self._rect = QRectF()

    def set_pixels(self, image: NDArray[np.uint8] | None) -> None:
        """Shows an (H, W, 3) uint8 RGB picture, or nothing."""
        if image is None:
            self._image, rect = QImage(), QRectF()
        else:
            self._image = screen_image(image)
            rect = QRectF(-0.5, -0.5, image.shape[1], image.shape[0])
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect
        self.update()

    @property
    def empty(self) -> bool:
        """Whether nothing is shown."""
        return self._image.isNull()

    def boundingRect(self) -> QRectF:
        """Qt's: the picture's extent in canvas coordinates."""
        return self._rect

    def paint(self, painter: QPainter, *_: object) -> None:
        """Qt's: draws the picture."""
        if self._image.isNull():
            return
        scale = abs(painter.worldTransform().m11())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < _SMOOTH_BELOW)
        painter.drawImage(self._rect, self._image)


def screen_image(image: NDArray[np.uint8]) -> QImage:
    """An (H, W, 3) uint8 RGB picture as a QImage in the screen's layout, which owns its pixels."""
    pixels = np.ascontiguousarray(image)
    height, width = pixels.shape[:2]
    view = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.convertToFormat(QImage.Format.Format_RGB32)
