"""A box in a picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """COCO's box: x, y of the top left corner and size, in pixels, on pixel edges.

    The pixel in the top left corner of a picture covers the box (0, 0, 1, 1).
    """

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The y of the bottom edge."""
        return self.y + self.h

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.w * self.h

    @property
    def size(self) -> float:
        """L = max(w, h), the size that relative measures refer to, in pixels."""
        return max(self.w, self.h)
