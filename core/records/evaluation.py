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
        visible: what is seen of it, of the whole picture; None where that is not known.
        occlusion: the share of the whole that is not seen, 0 to 1, where it is known without masks.
    """

    picture: int
    category: Category
    box: Box
    mask: Rle | None = None
    ignored: bool = False
    visible: Rle | None = None
    occlusion: float | None = None


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


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """What was found of one object.

    Attributes:
        truth: its place among the true objects. picture: number of its picture.
        found: the place of what was found of it; None where nothing was.
        score: of that find; None with it.
        box_iou: intersection over union of the whole boxes; 0 where nothing was found, as the next two.
        mask_iou: of the whole masks; None where its own is not known, or finds have none.
        hidden_iou: of the parts that are not seen; None likewise, and where nothing is hidden.
        occlusion: the share of the whole that is not seen; None where it is not known.
    """

    truth: int
    picture: int
    found: int | None
    score: float | None
    box_iou: float
    mask_iou: float | None
    hidden_iou: float | None
    occlusion: float | None


@dataclass(frozen=True, slots=True)
class MatchedObjects:
    """What became of objects and finds.

    Attributes:
        objects: of each true object that counts, in their order.
        extra: the places of finds that are of nothing, the surest first.
        dropped: the places of finds of what is ignored, the surest first.
    """

    objects: tuple[ObjectResult, ...]
    extra: tuple[int, ...]
    dropped: tuple[int, ...]
