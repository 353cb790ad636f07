"""Finds the same objects again when a frame is mined anew."""

from __future__ import annotations

from collections.abc import Sequence

from core.records.boxes import Box
from core.records.detections import Category

MATCH_IOU = 0.5
"""From this intersection over union on, two boxes of one frame are the same object."""

OTHER_KIND = 0.2
"""So much more it must be where the kinds differ: a track's vote or a person may have named an object
otherwise than its detector will again."""

_GROUPS = (
    frozenset({Category.CAR, Category.TRUCK, Category.BUS}),
    frozenset({Category.MOTORCYCLE, Category.BICYCLE}),
    frozenset({Category.PERSON}),
)


def same_kind(first: Category, second: Category) -> bool:
    """Whether detectors may take one category for the other, such as a van for a car or a truck."""
    return any(first in group and second in group for group in _GROUPS)


def intersection_over_union(first: Box, second: Box) -> float:
    """Shared area over the area of both together, 0 to 1."""
    width = min(first.right, second.right) - max(first.x, second.x)
    height = min(first.bottom, second.bottom) - max(first.y, second.y)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (first.area + second.area - shared)


def match_boxes(
    old: Sequence[tuple[Box, Category]], new: Sequence[tuple[Box, Category]], iou: float = MATCH_IOU
) -> dict[int, int]:
    """Pair boxes of one frame, the best pair first; ties go to the earlier ones, so it is deterministic.

    How well two boxes go together is their intersection over union, less where the kinds differ.

    Args:
        old: what was there.
        new: what was found now.
        iou: the least intersection over union of a pair.

    Returns:
        index into new -> index into old, one to one.
    """
    pairs = [
        (-overlap, i, j)
        for i, (old_box, old_category) in enumerate(old)
        for j, (new_box, new_category) in enumerate(new)
        if (overlap := intersection_over_union(old_box, new_box) - _strangeness(old_category, new_category))
        >= iou
    ]
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(pairs):
        if i not in taken and j not in matched:
            matched[j] = i
            taken.add(i)
    return matched


def _strangeness(first: Category, second: Category) -> float:
    return 0.0 if same_kind(first, second) else OTHER_KIND
