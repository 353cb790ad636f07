"""Masks as a network would give them: rough at the edge, and in a box that is a little off."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.geometry.masks import tighten
from core.records.masks import MaskPatch

Array = NDArray[np.float64]

_CELLS, _BOX_SHARE, _CELL_NOISE = 28, 0.02, 0.1


def roughened(mask: MaskPatch, camera: Camera, rng: np.random.Generator) -> MaskPatch:
    """A mask as a network's head of 28 x 28 cells would give it, in a box that is off by 2 % on each side.

    What the box misses is lost.
    """
    height, width = mask.bits.shape
    if not height or not width:
        return mask
    off = rng.normal(0.0, _BOX_SHARE, 4)
    left, right = mask.x + off[0] * width, mask.x + width + off[1] * width
    top, bottom = mask.y + off[2] * height, mask.y + height + off[3] * height
    left, top = max(left, 0.0), max(top, 0.0)
    right, bottom = min(right, float(camera.width)), min(bottom, float(camera.height))
    if right - left < 2 or bottom - top < 2:
        return mask
    columns = left + (np.arange(_CELLS) + 0.5) * (right - left) / _CELLS
    rows = top + (np.arange(_CELLS) + 0.5) * (bottom - top) / _CELLS
    shares = _share_inside(mask, columns, rows, (right - left) / _CELLS, (bottom - top) / _CELLS)
    shares += rng.normal(0.0, _CELL_NOISE, shares.shape)
    # back to pixels: bilinear, cut at one half
    x, y = np.arange(round(left), round(right)), np.arange(round(top), round(bottom))
    across, down = np.meshgrid(
        (x + 0.5 - left) * _CELLS / (right - left) - 0.5, (y + 0.5 - top) * _CELLS / (bottom - top) - 0.5
    )
    fine = cv2.remap(
        shares.astype(np.float32),
        across.astype(np.float32),
        down.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    rough = tighten(MaskPatch(int(x[0]), int(y[0]), fine > 0.5))
    return rough if rough.bits.size else mask


def _share_inside(mask: MaskPatch, columns: Array, rows: Array, width: float, height: float) -> Array:
    """(cells, cells) share of each cell that the mask fills, by 4 x 4 samples."""
    steps = (np.arange(4) + 0.5) / 4 - 0.5
    x = np.floor((columns[:, None] + steps * width).reshape(-1)).astype(int) - mask.x
    y = np.floor((rows[:, None] + steps * height).reshape(-1)).astype(int) - mask.y
    there = (y[:, None] >= 0) & (y[:, None] < mask.bits.shape[0]) & (x >= 0) & (x < mask.bits.shape[1])
    bits = np.where(
        there, mask.bits[y.clip(0, mask.bits.shape[0] - 1)][:, x.clip(0, mask.bits.shape[1] - 1)], False
    )
    return np.asarray(bits.reshape(_CELLS, 4, _CELLS, 4).mean(axis=(1, 3)))
