"""COCO's three ways to write a mask, as the run-length code that the store keeps."""

from __future__ import annotations

from typing import Any

from core.exchange.polygons import rle_of_polygons
from core.geometry.masks import patch_area, patch_box, rle_from_counts, rle_to_patch
from core.records.boxes import Box
from core.records.masks import Rle

_LONGEST_RUN = 1 << 32


def mask_of(segmentation: Any, height: int, width: int) -> tuple[Rle | None, int, Box | None]:
    """A mask, its area in pixels and the box around it; (None, 0, None) where there is none or it is empty.

    Args:
        segmentation: polygons, run lengths, or compressed run lengths.
        height, width: of the picture, in pixels.

    Raises:
        ValueError: it is none of these, is damaged, or is of another size than the picture.
    """
    if segmentation is None or segmentation == []:
        return None, 0, None
    if isinstance(segmentation, list):
        rle = _of_polygons(segmentation, height, width)
    elif isinstance(segmentation, dict):
        rle = _of_runs(segmentation, height, width)
    else:
        raise ValueError("it is neither polygons nor run lengths")
    patch = rle_to_patch(rle)
    area = patch_area(patch)
    return (rle, area, patch_box(patch)) if area else (None, 0, None)


def _of_polygons(polygons: list[Any], height: int, width: int) -> Rle:
    for polygon in polygons:
        numbers = isinstance(polygon, list) and all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in polygon
        )
        if not numbers:
            raise ValueError("a polygon is no list of numbers")
    try:
        return rle_of_polygons(polygons, height, width)
    except OverflowError as error:
        raise ValueError("a polygon has a point that is no number") from error


def _of_runs(segmentation: dict[str, Any], height: int, width: int) -> Rle:
    if segmentation.get("size") != [height, width]:
        raise ValueError(f"its size is not {height} by {width}")
    counts = segmentation.get("counts")
    if isinstance(counts, str):
        if not counts.isascii():
            raise ValueError("its code has letters that COCO does not use")
        return Rle(height, width, counts.encode("ascii"))
    if isinstance(counts, list):
        whole = all(isinstance(c, int) and not isinstance(c, bool) and 0 <= c < _LONGEST_RUN for c in counts)
        if not whole:
            raise ValueError("a run length is no whole number")
        return rle_from_counts(counts, height, width)
    raise ValueError("it has no counts")
