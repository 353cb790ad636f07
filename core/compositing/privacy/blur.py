"""Makes parts of a picture unreadable, in whole numbers alone: the same bytes come out on any machine.

A region is cut into at most four by four blocks, so that a plate or a face is a handful of colours; each
block becomes its mean, and the means run into each other. What is left holds fewer numbers than a plate has
characters.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.records.masks import MaskPatch

Picture = NDArray[np.uint8]
Ints = NDArray[np.int64]

BLOCKS = 4
"""Blocks along a region's longer side, at most."""

_LEAST_BLOCK_PX = 4


def blurred(picture: Picture, patches: Iterable[MaskPatch]) -> Picture:
    """A copy of a picture in which nothing can be read within the patches.

    The order of the patches makes no difference.

    Args:
        picture: (H, W, 3) uint8.
        patches: inside the picture; empty ones do nothing.
    """
    out = picture.copy()
    chosen = [patch for patch in patches if patch.bits.any()]
    for patch in sorted(chosen, key=_place):
        h, w = patch.bits.shape
        # means come from the picture as it was, so that no blur rests on another
        part = picture[patch.y : patch.y + h, patch.x : patch.x + w]
        into = out[patch.y : patch.y + h, patch.x : patch.x + w]
        into[patch.bits] = _smoothed(part, patch.bits)[patch.bits]
    return out


def _place(patch: MaskPatch) -> tuple[int, int, int, int, bytes]:
    return patch.y, patch.x, *patch.bits.shape, np.packbits(patch.bits).tobytes()


def _smoothed(part: Picture, bits: NDArray[np.bool_]) -> Picture:
    """(h, w, 3) the means of blocks, run into each other."""
    h, w = bits.shape
    block = max(_LEAST_BLOCK_PX, -(-max(h, w) // BLOCKS))
    means = _block_means(part, bits, block)
    # one block around, so that the outermost are smoothed like the others
    wide = np.pad(means, ((1, 1), (1, 1), (0, 0)), mode="edge")
    fine = np.repeat(np.repeat(wide, block, axis=0), block, axis=1)
    for axis in (0, 1):
        fine = _running_mean(fine, block, axis)
    begin = block - block // 2
    return fine[begin : begin + h, begin : begin + w].astype(np.uint8)


def _block_means(part: Picture, bits: NDArray[np.bool_], block: int) -> Ints:
    """(rows, columns, 3) means of the pixels inside; the whole region's where a block has none."""
    h, w = bits.shape
    rows, columns = np.arange(0, h, block), np.arange(0, w, block)
    inside = bits.astype(np.int64)[..., None]
    sums = np.add.reduceat(np.add.reduceat(part * inside, rows, axis=0), columns, axis=1)
    counts = np.add.reduceat(np.add.reduceat(inside, rows, axis=0), columns, axis=1)
    whole = _rounded(sums.sum(axis=(0, 1)), counts.sum())
    return np.where(counts > 0, _rounded(sums, np.maximum(counts, 1)), whole)


def _running_mean(values: Ints, length: int, axis: int) -> Ints:
    """The means of so many values one after another: length - 1 fewer along the axis."""
    sums = np.cumsum(values, axis=axis)
    sums = np.insert(sums, 0, 0, axis=axis)
    count = sums.shape[axis] - length
    high = np.take(sums, np.arange(length, length + count), axis=axis)
    return _rounded(high - np.take(sums, np.arange(count), axis=axis), np.int64(length))


def _rounded(sums: Ints, counts: Ints | np.int64) -> Ints:
    """Quotients, halves rounded up."""
    return (2 * sums + counts) // (2 * counts)
