"""What is known of a picture's objects, and what a network says of them: what metrics compare."""

from __future__ import annotations

from dataclasses import dataclass

from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle


@dataclass(frozen=True, slots=True)
class TrueObject:
    """One object as it is.

    Attributes:
        picture: number of its picture.
        category, box: what and where; for amodal figures the whole extent, which may leave the picture.
        mask: of the whole picture, or None where only boxes are compared.
        ignored: it may be found or not, and several may be found in it: COCO's crowd.
    """

    picture: int
    category: Category
    box: Box
    mask: Rle | None = None
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class FoundObject:
    """One object as a network says that it is.

    Attributes:
        picture, category, box, mask: as TrueObject.
        score: how sure it is; only the order counts.
    """

    picture: int
    category: Category
    box: Box
    score: float
    mask: Rle | None = None
