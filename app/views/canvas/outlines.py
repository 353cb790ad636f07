"""A mask's outline as line segments on pixel edges, and its fill as a small picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.records.masks import MaskPatch


def outline_segments(mask: MaskPatch) -> NDArray[np.float64]:
    """The mask's border as straight runs along pixel edges.

    Returns:
        (n, 4) x1, y1, x2, y2 in canvas coordinates (top left pixel's centre at (0, 0)); every unit
        edge between a pixel inside and one outside is covered exactly once.
    """
    padded = np.pad(mask.bits, 1)
    lying = padded[1:, 1:-1] != padded[:-1, 1:-1]  # (h + 1, w): edges above each pixel
    standing = padded[1:-1, 1:] != padded[1:-1, :-1]  # (h, w + 1): edges left of each pixel
    rows, starts, ends = _runs(lying)
    columns, tops, bottoms = _runs(standing.T)
    segments: NDArray[np.float64] = np.concatenate(
        [
            np.stack([starts, rows, ends, rows], axis=1),
            np.stack([columns, tops, columns, bottoms], axis=1),
        ]
    ).astype(np.float64)
    segments += np.array([mask.x, mask.y, mask.x, mask.y]) - 0.5
    return segments


def _runs(
    edges: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Runs of True along each row: (row, first, one past the last), each (n,)."""
    padded = np.zeros((edges.shape[0], edges.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = edges
    steps = np.diff(padded, axis=1)
    rows, firsts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    return rows, firsts, ends


def fill_pixels(mask: MaskPatch, red: int, green: int, blue: int, alpha: int) -> NDArray[np.uint32]:
    """The mask as (h, w) premultiplied 0xAARRGGBB pixels, transparent outside."""

    def premultiplied(channel: int) -> int:
        return channel * alpha // 255

    colour = (alpha << 24) | (premultiplied(red) << 16) | (premultiplied(green) << 8) | premultiplied(blue)
    return np.where(mask.bits, np.uint32(colour), np.uint32(0))
