"""Overlapping parts of a picture, for networks that see small objects too small."""

from __future__ import annotations

from dataclasses import dataclass

_OVERLAP = 0.25  # share of a tile's side that it shares with the next, at least
_TOUCHES_PX = 1.5
_SMALLEST_PX = 64


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture, in whole pixels.

    Attributes:
        x, y, w, h: its place and size.
    """

    x: int
    y: int
    w: int
    h: int

    def cuts(self, corners: tuple[float, float, float, float], width: int, height: int) -> bool:
        """Whether a box ends at a border of the tile that is none of the picture's.

        Args:
            corners: left, top, right, bottom in the tile's own pixels. width, height: of the picture.
        """
        left, top, right, bottom = corners
        return (
            (left <= _TOUCHES_PX and self.x > 0)
            or (top <= _TOUCHES_PX and self.y > 0)
            or (right >= self.w - _TOUCHES_PX and self.x + self.w < width)
            or (bottom >= self.h - _TOUCHES_PX and self.y + self.h < height)
        )


def plan_tiles(width: int, height: int, side: int) -> list[Tile]:
    """The whole picture, then square tiles that cover it with a quarter's overlap or more.

    Args:
        width, height: of the picture. side: of a tile, at least 64; 0 takes half of the
            picture's long side.
    """
    whole = Tile(0, 0, width, height)
    size = max(side or max(width, height) // 2, _SMALLEST_PX)
    if size >= max(width, height):
        return [whole]
    across, down = _starts(width, size), _starts(height, size)
    return [whole, *(Tile(x, y, min(size, width), min(size, height)) for y in down for x in across)]


def _starts(length: int, size: int) -> list[int]:
    """Evenly spread starts of tiles of `size` that cover `length`."""
    if size >= length:
        return [0]
    count = -(-(length - size) // max(int(size * (1 - _OVERLAP)), 1)) + 1
    return [round(place * (length - size) / (count - 1)) for place in range(count)]
