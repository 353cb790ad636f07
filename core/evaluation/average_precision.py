"""Average precision of boxes and masks as COCO defines it, by faster-coco-eval.

Amodal figures are the same ones with whole boxes and masks as truth (ALGORITHMS 8). Conventions, here and
wherever finds are counted:

- Without finds every figure of finding is 0, and everything is missed.
- Without objects there is no figure (None or NaN), and finds are of nothing.
- Finds in a picture without objects are wrong.
- A mask without a pixel goes with nothing, so a find with one is wrong.
- What is ignored may have a box without area: nothing goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject

MOST_FOUND = 100
"""How many objects of a category count in a picture, the surest first."""


class Compared(StrEnum):
    """By what an object that was found is matched with one that is there."""

    BOX = "bbox"
    MASK = "segm"


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """COCO's figures, each 0 to 1.

    Attributes:
        ap: mean over the thresholds 0.50, 0.55 ... 0.95 of the intersection over union, and over categories.
        ap50, ap75: at one threshold.
        recall: the share that is found, mean over thresholds and categories.
        by_category: `ap` of each category of which there is something.
    """

    ap: float
    ap50: float
    ap75: float
    recall: float
    by_category: Mapping[Category, float]


def average_precision(
    truth: Sequence[TrueObject], found: Sequence[FoundObject], compared: Compared
) -> AveragePrecision | None:
    """How well what was found matches what is there.

    Args:
        truth: all objects of all pictures. Pictures with nothing in them may have finds, all of them wrong.
        found: what a network says.
        compared: by boxes or masks.

    Returns:
        None where there is nothing to find: no figure would mean anything.

    Raises:
        ValueError: masks are compared and one is missing or of another size than others of its picture, a
            score is no number, or an object that counts has a box without area: the caller's bug. What comes
            from a file is seen to where it is read.
    """
    categories = sorted({one.category for one in truth if not one.ignored}, key=_NUMBERS.__getitem__)
    if not categories:
        return None
    check(truth, found, compared)
    return _figures(_evaluated(truth, found, compared, categories), categories)


def _evaluated(
    truth: Sequence[TrueObject],
    found: Sequence[FoundObject],
    compared: Compared,
    categories: Sequence[Category],
) -> Any:
    from faster_coco_eval import COCO, COCOeval_faster

    everything: list[TrueObject | FoundObject] = [*truth, *found]
    sizes = {one.picture: (1, 1) for one in everything}
    if compared is Compared.MASK:
        sizes = {one.picture: (one.mask.height, one.mask.width) for one in everything if one.mask is not None}
    known = {
        "images": [{"id": picture, "height": h, "width": w} for picture, (h, w) in sorted(sizes.items())],
        "categories": [{"id": _NUMBERS[category], "name": category.value} for category in categories],
        "annotations": [
            {"id": number, "iscrowd": int(one.ignored)} | _row(one, compared)
            for number, one in enumerate(truth, start=1)
        ],
    }
    said = [_row(one, compared) | {"score": float(one.score)} for one in found]
    reference = COCO(known)
    evaluation = COCOeval_faster(reference, reference.loadRes(said), compared.value, print_function=_quiet)
    evaluation.params.maxDets = [1, 10, MOST_FOUND]
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation


def _figures(evaluation: Any, categories: Sequence[Category]) -> AveragePrecision:
    # thresholds, recalls, categories, areas, numbers of finds
    precision = np.asarray(evaluation.eval["precision"])[:, :, :, 0, -1]
    recall = np.asarray(evaluation.eval["recall"])[:, :, 0, -1]
    at = np.round(np.asarray(evaluation.params.iouThrs), 2)
    return AveragePrecision(
        ap=_mean(precision),
        ap50=_mean(precision[at == 0.5]),
        ap75=_mean(precision[at == 0.75]),
        recall=_mean(recall),
        by_category={category: _mean(precision[:, :, number]) for number, category in enumerate(categories)},
    )


def _mean(values: Any) -> float:
    counted = values[values > -1]
    return float(counted.mean()) if counted.size else 0.0


def _row(one: TrueObject | FoundObject, compared: Compared) -> dict[str, Any]:
    box = one.box
    row: dict[str, Any] = {
        "image_id": one.picture,
        "category_id": _NUMBERS[one.category],
        "bbox": [box.x, box.y, box.w, box.h],
        "area": box.w * box.h,
    }
    if compared is Compared.MASK:
        assert one.mask is not None
        row["segmentation"] = {"size": [one.mask.height, one.mask.width], "counts": one.mask.counts}
    return row


def check(truth: Sequence[TrueObject], found: Sequence[FoundObject], compared: Compared) -> None:
    """See that objects can be compared.

    Raises:
        ValueError: as `average_precision`.
    """
    masks = [*(one.mask for one in truth), *(one.mask for one in found)]
    if compared is Compared.MASK and None in masks:
        raise ValueError("masks are compared, and one is missing")
    if compared is Compared.MASK:
        sizes: dict[int, tuple[int, int]] = {}
        everything: list[TrueObject | FoundObject] = [*truth, *found]
        for one in everything:
            assert one.mask is not None
            size = one.mask.height, one.mask.width
            if sizes.setdefault(one.picture, size) != size:
                raise ValueError(f"masks of {size} and {sizes[one.picture]} in picture {one.picture}")
    if any(not np.isfinite(find.score) for find in found):
        raise ValueError("a score is no number")
    if any(known.box.w <= 0 or known.box.h <= 0 for known in truth if not known.ignored):
        raise ValueError("an object that counts has a box without area")


def _quiet(*_: object) -> None:
    return None


_NUMBERS = {category: number for number, category in enumerate(Category, start=1)}
