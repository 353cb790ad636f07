"""What a detector says of a picture of the street's test, as JSON; `figures.read_finds` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.geometry.masks import empty_patch, patch_to_rle
from core.records.masks import MaskPatch
from core.records.seen import SeenObject


def row_of(one: SeenObject, size: Sequence[int]) -> dict[str, Any]:
    """One find.

    Args:
        size: height and width of the picture.
    """
    height, width = size

    def counts(patch: MaskPatch | None) -> str:
        return patch_to_rle(patch or empty_patch(), height, width).counts.decode()

    return {
        "category": one.category.value,
        "score": round(one.score, 4),
        "box": [round(value, 2) for value in (one.box.x, one.box.y, one.box.w, one.box.h)],
        "whole": counts(one.whole),
        "modal": counts(one.modal),
    }
