"""What the scene looks like where it is hidden most of the time: a reference to find moving things by.

A plain median fails where cars stand or queue for more than half of the time. But a car never looks like
the next car, while the road behind them always looks the same. So the picture is cut into small blocks, and
for each block the appearance that recurs most often is taken. Where even that is rare, the block follows
those samples in which the blocks around it show the background (compare Colombari and Fusiello, "Patch-based
background initialization in heavily cluttered video", IEEE TIP 2010, which grows a background likewise).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media.background_median import masked_median
from core.media.background_rivals import Rival, choose_rivals, is_rival

BLOCK = 8  # pixels of the preview
_HALF = BLOCK // 2  # blocks are compared at half size: less noise, a quarter of the work
_CLEAR_SHARE = 0.5  # as many samples like the median: nothing can recur more often
_RECURRING_SHARE = 0.12
_FEWEST = 3
_GROW_SHARE = 0.34
_GROW_ROUNDS = 40
_RIM_SHARE = 0.1  # of a block: so little of an object may reach into it
_SMALL_PRODUCT = 250_000  # multiplications
_DISTINCT = 2.0  # as many times the limit apart is another appearance
_NOISE_FACTOR = 6.0
_TOLERANCE_RANGE = (4.0, 12.0)  # levels, root mean square


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The scene without moving things, as far as the samples show it.

    Attributes:
        image: (h, w, 3) uint8.
        known: (h, w) bool, False where no appearance recurs often enough; there the image is the median.
        tolerance: levels, root mean square over a block, within which a block counts as alike.
    """

    image: NDArray[np.uint8]
    known: NDArray[np.bool_]
    tolerance: float


def find_reference(previews: NDArray[np.uint8], hidden: NDArray[np.bool_] | None = None) -> Reference:
    """Find the reference of samples of one scene, already brought to one exposure.

    Args:
        previews: (N, h, w, 3) uint8.
        hidden: (N, h, w) bool, True where a detector saw an object: it says nothing of the background.
    """
    height, width = previews.shape[1:3]
    image = _median_image(previews, hidden)
    blocks = _as_blocks(previews)
    shown = np.ones(blocks.shape[:3], np.bool_) if hidden is None else _shown_blocks(hidden)
    centre = _as_blocks(image[None])[:, :, 0]
    away = np.stack([_mean_square(row - c[:, None]) for row, c in zip(blocks, centre, strict=True)])
    tolerance = float(np.clip(np.sqrt(_NOISE_FACTOR * np.median(away)), *_TOLERANCE_RANGE))
    limit = tolerance**2
    away[~shown] = np.inf
    samples = shown.sum(axis=2)
    known = (away < limit).sum(axis=2) >= np.maximum(_CLEAR_SHARE * samples, 1)
    crowded = list(zip(*np.nonzero(~known), strict=True))
    for block in crowded:
        alike = _most_alike(blocks[block], shown[block], limit)
        if alike.sum() >= max(_FEWEST, _RECURRING_SHARE * samples[block]):
            _settle(block, alike, shown, blocks, centre, away, known)
    _grow(blocks, shown, centre, away, known, limit)
    for row, column in crowded:
        alike = away[row, column] < limit
        if known[row, column] and alike.any():
            part = np.s_[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
            image[part] = _median_image(previews[alike, part[0], part[1]])
    rivals = _find_rivals(blocks, shown, away, known, limit)
    for rival in choose_rivals(rivals, image, previews, BLOCK):
        row, column = rival.row, rival.column
        part = np.s_[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
        if image[part].size:
            image[part] = _median_image(previews[rival.rare, part[0], part[1]])
    whole = np.repeat(np.repeat(known, BLOCK, axis=0), BLOCK, axis=1)[:height, :width]
    return Reference(image, whole, tolerance)


def _find_rivals(
    blocks: NDArray[np.float32],
    shown: NDArray[np.bool_],
    away: NDArray[np.float32],
    known: NDArray[np.bool_],
    limit: float,
) -> list[Rival]:
    """Known blocks that look another way, always the same, in many of the other samples."""
    rivals = []
    other = (away > _DISTINCT * limit) & shown
    for row, column in zip(*np.nonzero(known & is_rival(other)), strict=True):
        rare = _most_alike(blocks[row, column], other[row, column], limit)
        if is_rival(rare):
            rivals.append(Rival(row, column, away[row, column] < limit, rare))
    return rivals


def _grow(
    blocks: NDArray[np.float32],
    shown: NDArray[np.bool_],
    centre: NDArray[np.float32],
    away: NDArray[np.float32],
    known: NDArray[np.bool_],
    limit: float,
) -> None:
    """Settle unknown blocks beside known ones, from samples in which those show the background."""
    for _ in range(_GROW_ROUNDS):
        around = cv2.filter2D(known.astype(np.float32), -1, np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT)
        settled = []
        for row, column in zip(*np.nonzero(~known & (around >= _FEWEST)), strict=True):
            near = np.s_[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            clear = np.minimum(away[near][known[near]], 4 * limit).mean(axis=0) < limit
            clear &= shown[row, column]
            if clear.sum() < _FEWEST:
                continue
            alike = _most_alike(blocks[row, column], clear, limit)
            if alike.sum() >= max(_FEWEST, _GROW_SHARE * clear.sum()):
                settled.append(((row, column), alike))
        if not settled:
            return
        for block, alike in settled:
            _settle(block, alike, shown, blocks, centre, away, known)


def _settle(
    block: tuple[int, int],
    alike: NDArray[np.bool_],
    shown: NDArray[np.bool_],
    blocks: NDArray[np.float32],
    centre: NDArray[np.float32],
    away: NDArray[np.float32],
    known: NDArray[np.bool_],
) -> None:
    centre[block] = np.median(blocks[block][alike], axis=0)
    away[block] = np.where(shown[block], _mean_square(blocks[block] - centre[block]), np.inf)
    known[block] = True


def _most_alike(samples: NDArray[np.float32], among: NDArray[np.bool_], limit: float) -> NDArray[np.bool_]:
    """(N,) bool: of those samples (N, D) that are `among`, the most that are like one of them."""
    most = np.zeros_like(among)
    if among.any():
        most[among] = _largest_cluster(samples[among], limit)
    return most


def _largest_cluster(samples: NDArray[np.float32], limit: float) -> NDArray[np.bool_]:
    shifted = samples - samples.mean(axis=0)
    turned = shifted.T.copy()
    lengths = np.einsum("nd,nd->n", shifted, shifted)
    # for products of some size the linear algebra library starts threads, which cost more than they save
    rows = max(1, _SMALL_PRODUCT // turned.size)
    best, most = np.zeros(len(samples), np.bool_), 0
    for first in range(0, len(samples), rows):
        products = shifted[first : first + rows] @ turned
        apart = lengths[first : first + rows, None] + lengths - 2 * products
        alike = apart < limit * samples.shape[1]
        counts = alike.sum(axis=1)
        if counts.max() > most:
            best, most = alike[counts.argmax()], counts.max()
    return best


def _as_blocks(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(rows, columns, N, D) float32: the blocks of N pictures at half size, one vector each."""
    count, height, width, _ = images.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    blocks = np.empty((rows, columns, count, _HALF * _HALF * 3), dtype=np.float32)
    for number, image in enumerate(images):
        whole = cv2.copyMakeBorder(
            image, 0, rows * BLOCK - height, 0, columns * BLOCK - width, cv2.BORDER_REPLICATE
        )
        half = cv2.resize(whole, (columns * _HALF, rows * _HALF), interpolation=cv2.INTER_AREA)
        cut = half.reshape(rows, _HALF, columns, _HALF, 3).swapaxes(1, 2)
        blocks[:, :, number] = cut.reshape(rows, columns, -1)
    return blocks


def _shown_blocks(hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(rows, columns, N) bool: the blocks that no object reaches into, beyond a rim."""
    count, height, width = hidden.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    padded = np.zeros((count, rows * BLOCK, columns * BLOCK), np.bool_)
    padded[:, :height, :width] = hidden
    covered = padded.reshape(count, rows, BLOCK, columns, BLOCK).mean(axis=(2, 4))
    return np.ascontiguousarray((covered < _RIM_SHARE).transpose(1, 2, 0))


def _median_image(images: NDArray[np.uint8], hidden: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """(h, w, 3) median of (N, h, w, 3); of everything where all is hidden."""
    flat = images.reshape(len(images), -1)
    if hidden is None:
        return masked_median(flat.copy())[0].reshape(images.shape[1:])
    wide = np.repeat(hidden.reshape(len(hidden), -1), 3, axis=1)
    wide[:, wide.all(axis=0)] = False
    return masked_median(flat.copy(), wide)[0].reshape(images.shape[1:])


def _mean_square(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.einsum("...d,...d->...", values, values) / values.shape[-1]
