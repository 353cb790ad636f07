"""Small pictures with coverage: an object is drawn into one, larger than life, then laid over the frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Color = tuple[float, float, float]

OVERSAMPLING = 3
_SUBPIXEL_BITS = 4
_SUBPIXEL = 1 << _SUBPIXEL_BITS


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """An object drawn on nothing.

    Attributes:
        x, y: the layer's top left pixel in the picture; it may lie outside the picture.
        color: (h, w, 3) uint8 RGB, multiplied by the coverage.
        coverage: (h, w) uint8, 255 where the object fills the pixel.
    """

    x: int
    y: int
    color: NDArray[np.uint8]
    coverage: NDArray[np.uint8]

    @property
    def bits(self) -> NDArray[np.bool_]:
        """(h, w) bool: pixels that the object fills at least by half."""
        return self.coverage >= 128


class LayerBrush:
    """Draws polygons and discs into a layer that holds a given part of the picture."""

    def __init__(self, low: Array, high: Array) -> None:
        """A brush for the part between two corners (2,), in pixels whose first centre is (0, 0)."""
        self._x, self._y = (int(np.floor(edge)) - 1 for edge in low)
        width = int(np.ceil(high[0])) + 2 - self._x
        height = int(np.ceil(high[1])) + 2 - self._y
        self._rgba = np.zeros((height * OVERSAMPLING, width * OVERSAMPLING, 4), dtype=np.uint8)
        self._offset = np.array([self._x, self._y]) - 0.5

    def polygon(self, points: Array, color: Color) -> None:
        """Fills a convex polygon, (n, 2) in picture pixels."""
        cv2.fillConvexPoly(self._rgba, self._fixed(points), self._paint(color), cv2.LINE_8, _SUBPIXEL_BITS)

    def disc(self, center: Array, radius_px: float, color: Color) -> None:
        """Fills a disc around (2,) in picture pixels."""
        x, y = self._fixed(center[None])[0]
        radius = max(1, round(radius_px * OVERSAMPLING * _SUBPIXEL))
        cv2.circle(
            self._rgba, (int(x), int(y)), radius, self._paint(color), cv2.FILLED, cv2.LINE_8, _SUBPIXEL_BITS
        )

    def finish(self) -> Layer:
        """The layer at the picture's own resolution."""
        size = (self._rgba.shape[1] // OVERSAMPLING, self._rgba.shape[0] // OVERSAMPLING)
        small = cv2.resize(self._rgba, size, interpolation=cv2.INTER_AREA)
        return Layer(
            self._x,
            self._y,
            np.ascontiguousarray(small[..., :3], dtype=np.uint8),
            np.ascontiguousarray(small[..., 3], dtype=np.uint8),
        )

    def _fixed(self, points: Array) -> NDArray[np.int32]:
        scaled = (points - self._offset) * OVERSAMPLING - 0.5
        return np.rint(scaled * _SUBPIXEL).astype(np.int32)

    @staticmethod
    def _paint(color: Color) -> tuple[float, float, float, float]:
        red, green, blue = (min(max(channel, 0.0), 255.0) for channel in color)
        return red, green, blue, 255.0


def inside(layer: Layer, width: int, height: int) -> tuple[slice, slice, slice, slice] | None:
    """Where a layer meets the picture: rows, columns of the picture, then of the layer; None if nowhere."""
    h, w = layer.coverage.shape
    left, right = max(layer.x, 0), min(layer.x + w, width)
    top, bottom = max(layer.y, 0), min(layer.y + h, height)
    if left >= right or top >= bottom:
        return None
    return (
        slice(top, bottom),
        slice(left, right),
        slice(top - layer.y, bottom - layer.y),
        slice(left - layer.x, right - layer.x),
    )


def lay_over(frame: NDArray[np.uint8], layer: Layer) -> None:
    """Lays a layer over a frame (H, W, 3) uint8, in place."""
    place = inside(layer, frame.shape[1], frame.shape[0])
    if place is None:
        return
    rows, columns, own_rows, own_columns = place
    below = frame[rows, columns].astype(np.uint16)
    through = (255 - layer.coverage[own_rows, own_columns].astype(np.uint16))[..., None]
    shining = (below * through + 127) // 255
    frame[rows, columns] = (layer.color[own_rows, own_columns] + shining).astype(np.uint8)
