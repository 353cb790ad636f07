"""Cutting an object out of its frame once: its pixels, its soft edge, its contact shadow, and clear ground.

What is cut is kept as bytes, so that here numbers may be floating ones; rendering has whole numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.compositing.cut_edge import soft_edge
from core.compositing.cut_light import clear_ground, light_of_frame
from core.compositing.cut_shadow import contact_shadow
from core.compositing.pixels import encode_png
from core.errors import CompositeError
from core.geometry.masks import patch_area, tighten, window
from core.records.masks import MaskPatch

Image = NDArray[np.uint8]

_MARGIN_SHARE = 0.5  # of the object's larger side: as far as shadows and clear ground are looked for
_LEAST_MARGIN_PX, _MOST_MARGIN_PX = 16, 160
_OTHERS_GROWN_PX = 3
_KEPT_PX = 8  # of the frame around what is the object's: a dragged object's edge is resampled from it


@dataclass(frozen=True, slots=True)
class CutPixels:
    """An object's pixels and what is told from around them; see `Cutout` for each.

    Attributes:
        x, y, w, h: its place in the picture with its margin, whole pixels, inside the picture.
        pixels, planes: PNGs.
        light: sums over the compared pixels of the frame's red, green and blue, and how many there were.
        background_light: the background's sums over the same pixels, zeros without a background.
    """

    x: int
    y: int
    w: int
    h: int
    pixels: bytes
    planes: bytes
    light: tuple[int, int, int, int]
    background_light: tuple[int, int, int]


def cut_out(
    frame: Image, background: Image | None, mask: MaskPatch, others: Sequence[MaskPatch] = ()
) -> CutPixels:
    """Cuts an object out of its frame.

    Args:
        frame: (H, W, 3) uint8 RGB.
        background: (H, W, 3) uint8 RGB of the same camera and hour, or None: then there is no shadow, and the
            edge is feathered by the mask alone.
        mask: of the object.
        others: of all other objects of the frame, standing ones included.

    Raises:
        CompositeError: the mask is empty, or reaches out of the frame, or the background has another size.
    """
    _check(frame, background, mask)
    tight = tighten(mask)
    x, y, w, h = _surroundings(tight, frame.shape[1], frame.shape[0])
    inside = window(tight, x, y, w, h)
    taken = _grown(_union(others, x, y, w, h), _OTHERS_GROWN_PX)
    seen = frame[y : y + h, x : x + w]
    bare = None if background is None else background[y : y + h, x : x + w]
    gain = light_of_frame(seen, bare, inside, taken)
    expected = None if bare is None else np.clip(bare.astype(np.float32) * gain, 0, 255)
    shade = np.full((h, w), 255, np.uint8)
    if expected is not None:
        shade = contact_shadow(seen, expected, inside, taken)
        expected *= (shade.astype(np.float32) / 255.0)[..., None]
    alpha = soft_edge(seen, expected, inside, taken)
    ring = clear_ground(seen, bare, gain, inside, taken, shade)
    left, top, right, bottom = _used(alpha, shade, ring)
    part = np.s_[top:bottom, left:right]
    planes = np.stack([alpha, shade, ring], axis=2)[part]
    pixels = np.where(_grown(alpha > 0, _KEPT_PX)[..., None], seen, 0).astype(np.uint8)[part]
    compared = ring > 0
    red, green, blue = seen[compared].sum(axis=0, dtype=np.int64).tolist()
    there = (0, 0, 0) if bare is None else tuple(bare[compared].sum(axis=0, dtype=np.int64).tolist())
    return CutPixels(
        x + left,
        y + top,
        right - left,
        bottom - top,
        encode_png(pixels),
        encode_png(planes),
        (red, green, blue, int(np.count_nonzero(compared))),
        (there[0], there[1], there[2]),
    )


def _check(frame: Image, background: Image | None, mask: MaskPatch) -> None:
    height, width = frame.shape[:2]
    h, w = mask.bits.shape
    if not patch_area(mask):
        raise CompositeError(
            "An object without a mask cannot be cut out.", "Give it a mask, or leave it out."
        )
    if mask.x + w > width or mask.y + h > height:
        raise CompositeError(
            "An object's mask reaches out of its frame.", "Mine again: the footage has changed its size."
        )
    if background is not None and background.shape != frame.shape:
        raise CompositeError(
            f"The background has {background.shape[1]} by {background.shape[0]} pixels, the frame "
            f"{width} by {height}.",
            "Make the background again, from footage of this size.",
        )


def _surroundings(mask: MaskPatch, width: int, height: int) -> tuple[int, int, int, int]:
    """x, y, w, h of the window in which things around an object are looked for."""
    h, w = mask.bits.shape
    margin = min(max(round(_MARGIN_SHARE * max(w, h)), _LEAST_MARGIN_PX), _MOST_MARGIN_PX)
    left, top = max(0, mask.x - margin), max(0, mask.y - margin)
    return left, top, min(width, mask.x + w + margin) - left, min(height, mask.y + h + margin) - top


def _union(masks: Sequence[MaskPatch], x: int, y: int, w: int, h: int) -> NDArray[np.bool_]:
    out = np.zeros((h, w), np.bool_)
    for mask in masks:
        out |= window(mask, x, y, w, h)
    return out


def _grown(bits: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by_px + 1, 2 * by_px + 1))
    return cv2.dilate(bits.astype(np.uint8), kernel) > 0


def _used(alpha: Image, shade: Image, ring: Image) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the smallest window that holds all that a cut-out says."""
    said = (alpha > 0) | (shade < 255) | (ring > 0)
    rows, columns = np.flatnonzero(said.any(axis=1)), np.flatnonzero(said.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
