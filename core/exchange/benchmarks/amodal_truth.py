"""Whole objects as a benchmark's annotators drew them: what the readers of KINS and COCO-A have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.exchange.checks import Checks
from core.exchange.coco_file import CocoImage
from core.exchange.coco_segmentation import mask_of
from core.exchange.coco_words import category_of
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle

PURPOSE = "used"
"""What a damaged file of a benchmark cannot be."""

_MOST_HIDDEN = 1.0 + 1e-6


@dataclass(frozen=True, slots=True)
class WholeObject:
    """One object with its hidden part.

    Attributes:
        id: as the file names it.
        image: id of its picture.
        kind: the file's own word for what it is.
        category: ours for that, or None.
        box: of the whole object, pixels; it may leave the picture.
        rle: the whole mask, within the picture.
        hidden: the share of the mask that something covers, 0 to 1; None where the file does not say.
    """

    id: int | str
    image: int | str
    kind: str
    category: Category | None
    box: Box
    rle: Rle
    hidden: float | None


@dataclass(slots=True)
class AmodalTruth:
    """A whole file.

    Attributes:
        name: of the file.
        images: all of its pictures, by id.
        kinds: category id -> the file's word; empty where the file has no categories.
        objects: in the file's order.
        left_out: plain words -> how many annotations were left out for that reason.
    """

    name: str
    images: Mapping[int | str, CocoImage]
    kinds: Mapping[int | str, str]
    objects: list[WholeObject] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def kinds_of(check: Checks, rows: Sequence[Any]) -> dict[int | str, str]:
    """category id -> name.

    Raises:
        ExchangeError: a category has no id or name, or two have one id.
    """
    found: dict[int | str, str] = {}
    for position, value in enumerate(rows, start=1):
        where = f"category {position}"
        row = check.row(value, where)
        key = check.key(row.get("id"), f"the id of {where}")
        if not isinstance(row.get("name"), str):
            check.fail(f"{where} has no name")
        if key in found:
            check.fail(f"two categories have the id {key}")
        found[key] = row["name"]
    return found


def our_category(kind: str) -> Category | None:
    """Ours for a benchmark's word."""
    return Category.PERSON if kind.strip().lower() == "person-sitting" else category_of(kind)


def whole_mask(check: Checks, segmentation: Any, where: str, image: CocoImage) -> tuple[Rle, int, Box] | None:
    """A mask with its area in pixels and box; None where it has no pixel in the picture.

    Raises:
        ExchangeError: it is none, or of another size than the picture.
    """
    flat = isinstance(segmentation, list) and bool(segmentation) and not isinstance(segmentation[0], list)
    try:
        rle, area, box = mask_of([segmentation] if flat else segmentation, image.height, image.width)
    except ValueError as error:
        check.fail(f"the mask of {where} does not fit: {error}")
    return None if rle is None or box is None else (rle, area, box)


def drawn_box(check: Checks, value: Any, where: str) -> Box:
    """A box as the file has it, wherever it lies.

    Raises:
        ExchangeError: it is none, or smaller than nothing.
    """
    if not isinstance(value, list) or len(value) != 4:
        check.fail(f"{where} is no list of x, y, width and height")
    x, y, w, h = (check.number(part, where) for part in value)
    if w < 0 or h < 0:
        check.fail(f"{where} has a negative size")
    return Box(x, y, w, h)


def hidden_share(check: Checks, value: Any, where: str) -> float:
    """A share that the file itself gives.

    Raises:
        ExchangeError: it is no number from 0 to 1.
    """
    share = check.number(value, where)
    if not 0.0 <= share <= _MOST_HIDDEN:
        check.fail(f"{where} is {share:g}, which is no share")
    return min(share, 1.0)


def covered(visible: int, whole: int) -> float:
    """The share of a mask of so many pixels that is hidden, where so many are visible."""
    return min(max(1.0 - visible / whole, 0.0), 1.0)


def refuse_empty(check: Checks, truth: AmodalTruth) -> None:
    """Raise ExchangeError where there is nothing to find."""
    if not truth.objects:
        why = ", ".join(f"{count} {words}" for words, count in truth.left_out.items()) or "it has none"
        check.fail(f"it has no object that counts ({why})")
