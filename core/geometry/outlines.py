"""A mask's outline as line segments along the edges of its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import centres_from_edges
from core.records.masks import MaskPatch


def outline_segments(mask: MaskPatch) -> NDArray[np.float64]:
    """The mask's border as straight runs along pixel edges.

    Returns:
        (n, 4) x1, y1, x2, y2, pixels, with the centre of the top left pixel at (0, 0); every unit edge
        between a pixel inside and one outside is covered exactly once.
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
    segments += np.array([mask.x, mask.y, mask.x, mask.y])
    return centres_from_edges(segments)


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
