"""Average precision of compared pictures with intervals, by slices, and curves of precision over recall."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.average_precision import Compared
from core.evaluation.binned_precision import BinnedPrecision
from core.evaluation.bootstrap import LEAST_GROUPS, Drawn, ends_of
from core.evaluation.compared import ComparedPicture, MaskCodes, TruePicture
from core.evaluation.sliced import slices_of
from core.geometry.masks import box_to_patch, empty_patch, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.evaluations import Curve, Figure, ObjectResult, Outcome
from core.records.masks import MaskPatch, Rle
from core.records.seen import SeenObject
from core.records.slices import ALL, By, Slice

MOST_DRAWS = 200
"""Of intervals of average precision, each of which is counted over all finds anew."""

_POINTS = 200  # of a curve
_PARTS = (
    ("box_ap", Compared.BOX, "whole"),
    ("mask_ap", Compared.MASK, "whole"),
    ("modal_mask_ap", Compared.MASK, "modal"),
)


@dataclass(frozen=True, slots=True, eq=False)
class PictureToMeasure:
    """A picture with its truth and all that was said of it."""

    truth: TruePicture
    said: Sequence[SeenObject]


def precision_figures(
    pictures: Sequence[PictureToMeasure],
    results: Sequence[ObjectResult],
    drawn: Drawn,
    check_stop: Callable[[float], None] = lambda share: None,
    codes: MaskCodes | None = None,
) -> list[Figure]:
    """COCO's average precision of whole boxes, whole masks and masks of what is seen, over all slices.

    In a slice, objects of others are ignored (`BinnedPrecision`). Masks are compared where any object of the
    truth has one and any find has one; an object without is ignored there.

    Args:
        pictures: in the order of their places.
        results: of all their objects, in their order.
        drawn: of these pictures.
        check_stop: told now and then how far it is, 0 to 1; what it raises ends the counting.
        codes: of the masks, as far as they are made.
    """
    codes = codes or MaskCodes()
    true_ones = [one for one in results if one.outcome is not Outcome.EXTRA]
    sliced = list(slices_of(true_ones))
    figures: list[Figure] = []
    for number, (name, compared, part) in enumerate(_PARTS):
        if compared is Compared.MASK and not _have(pictures, part):
            continue
        truth, found = _lists(pictures, compared, part, codes)
        members = np.zeros((len(sliced), len(truth)), dtype=np.bool_)
        own = _own_places(pictures)
        for row, (_, which) in enumerate(sliced):
            members[row, own] = which
        binned = BinnedPrecision(truth, found, compared, members)
        counts = (members & ~np.array([one.ignored for one in truth], dtype=np.bool_)).sum(axis=1)

        def told(share: float, number: int = number) -> None:
            check_stop((number + share) / len(_PARTS))

        figures += _figures(name, [where for where, _ in sliced], binned, counts, drawn, told)
    return figures


def box_curves(pictures: Sequence[ComparedPicture], results: Sequence[ObjectResult]) -> Iterator[Curve]:
    """Precision over recall of boxes at an IoU of 0.5, over all and by occlusion, all categories together.

    In a bin of occlusion what finds objects of other bins is left out.
    """
    finds = [
        (score, None if row is None else one.objects[row].result.number)
        for one in pictures
        for score, row in one.finds
    ]
    finds.sort(key=lambda one: -one[0])
    for where, which in slices_of(results, extra=False):
        total = int(which.sum())
        if where.by not in (By.ALL, By.OCCLUSION) or not total:
            continue
        own = [number is not None for _, number in finds if number is None or which[number]]
        if not own:
            continue
        hits = np.cumsum(own)
        recall, precision = hits / total, hits / np.arange(1, len(own) + 1)
        some = np.unique(np.linspace(0, len(own) - 1, _POINTS).astype(int))
        x, y = (tuple(float(value) for value in one[some]) for one in (recall, precision))
        yield Curve("precision_recall.box", where, x, y)


def _figures(
    name: str,
    slices: Sequence[Slice],
    binned: BinnedPrecision,
    counts: NDArray[np.int64],
    drawn: Drawn,
    told: Callable[[float], None],
) -> Iterator[Figure]:
    levels = binned.by_threshold()
    values = np.stack([levels.mean(axis=1), levels[:, 0]])
    again: list[NDArray[np.float64]] = []
    if drawn.draws and len(binned.pictures) >= LEAST_GROUPS:
        columns = list(binned.pictures)
        draws = drawn.weights[:MOST_DRAWS]
        for number, weights in enumerate(draws):
            told(number / len(draws))
            once = binned.by_threshold(weights[columns])
            again.append(np.stack([once.mean(axis=1), once[:, 0]]))
    for row, where in enumerate(slices):
        for kind, title in enumerate((name, f"{name}50")):
            value = float(values[kind, row])
            if not np.isfinite(value) or title == "modal_mask_ap50" or (kind and where != ALL):
                continue
            low, high = ends_of([float(one[kind, row]) for one in again])
            yield Figure(title, where, value, low, high, int(counts[row]))


def _have(pictures: Sequence[PictureToMeasure], part: str) -> bool:
    known = any(getattr(t.seen, part) is not None for p in pictures for t in p.truth.things)
    return known and any(getattr(one, part) is not None for p in pictures for one in p.said)


def _own_places(pictures: Sequence[PictureToMeasure]) -> list[int]:
    """Where the objects stand in the list of all that is true."""
    places: list[int] = []
    before = 0
    for one in pictures:
        places += range(before, before + len(one.truth.things))
        before += len(one.truth.things) + len(one.truth.ignored) * len(Category)
    return places


def _lists(
    pictures: Sequence[PictureToMeasure], compared: Compared, part: str, codes: MaskCodes
) -> tuple[list[TrueObject], list[FoundObject]]:
    """All that is true, of each picture its objects and then what is ignored; and all that was said."""
    truth: list[TrueObject] = []
    found: list[FoundObject] = []
    for number, picture in enumerate(pictures):
        height, width = picture.truth.height, picture.truth.width

        def code(patch: MaskPatch | None, height: int = height, width: int = width) -> Rle | None:
            if compared is Compared.BOX:
                return None
            if patch is None:
                return patch_to_rle(empty_patch(), height, width)
            return codes.of(patch, height, width)

        def of_box(box: Box, height: int = height, width: int = width) -> Rle | None:
            if compared is Compared.BOX:
                return None
            return patch_to_rle(box_to_patch(box, height, width), height, width)

        for thing in picture.truth.things:
            seen, patch = thing.seen, getattr(thing.seen, part)
            ignored = compared is Compared.MASK and patch is None
            mask = of_box(seen.box) if ignored else code(patch)
            truth.append(TrueObject(number, seen.category, seen.box, mask, ignored=ignored))
        for box in picture.truth.ignored:
            mask = of_box(box)
            truth += [TrueObject(number, category, box, mask, ignored=True) for category in Category]
        for one in picture.said:
            mask = code(getattr(one, part))
            found.append(FoundObject(number, one.category, one.box, one.score, mask))
    return truth, found
