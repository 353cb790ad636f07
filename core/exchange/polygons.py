"""Polygons as COCO has them, to masks and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import patch_contours, rle_to_patch
from core.records.masks import Rle

_LEAST_POINTS = 3


def polygons_of(rle: Rle) -> list[list[float]]:
    """The outer outlines of a mask as COCO writes them: x, y, x, y, … on pixel edges. Holes are filled."""
    outlines = [outline for outline in patch_contours(rle_to_patch(rle)) if len(outline) >= _LEAST_POINTS]
    return [outline.reshape(-1).tolist() for outline in outlines if _is_outer(outline)]


def rle_of_polygons(polygons: Sequence[Sequence[float]], height: int, width: int) -> Rle:
    """The mask of polygons together, drawn by COCO's own rule. Points outside are moved to the border.

    Raises:
        ValueError: a polygon has fewer than three points, or half a point, or a number that is none.
    """
    from faster_coco_eval import mask_api_new_cpp as coco  # for those who import polygons only

    flat = []
    for polygon in polygons:
        points = np.asarray(polygon, dtype=np.float64)
        if points.ndim != 1 or points.size % 2 or points.size < 2 * _LEAST_POINTS:
            raise ValueError("a polygon needs at least three points of x and y")
        if not np.isfinite(points).all():
            raise ValueError("a polygon has a point that is no number")
        inside = np.clip(points.reshape(-1, 2), 0.0, [float(width), float(height)])
        flat.append(inside.reshape(-1).tolist())
    drawn = coco.frPoly(flat, height, width)
    counts = coco.merge(drawn)["counts"]
    return Rle(height, width, counts if isinstance(counts, bytes) else counts.encode("ascii"))


def _is_outer(outline: NDArray[np.float64]) -> bool:
    """Whether an outline runs as OpenCV's outer ones do; the outlines of holes run the other way."""
    x, y = outline[:, 0], outline[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) < 0
