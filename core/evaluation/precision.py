"""Average precision of compared pictures with intervals, by slices, and curves of precision over recall."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.average_precision import Compared
from core.evaluation.binned_precision import BinnedPrecision, Protocol
from core.evaluation.compared import ComparedPicture, MaskCodes, PictureToMeasure, counting
from core.evaluation.drawn_anew import LEAST_GROUPS, Drawn, ends_of
from core.evaluation.point_precision import PointPrecision
from core.evaluation.sliced import drawn_curve, slices_of
from core.geometry.masks import box_to_patch, empty_patch, patch_box, patch_to_rle, tighten
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.evaluations import Curve, Figure, ObjectResult, Outcome
from core.records.masks import MaskPatch, Rle
from core.records.slices import ALL, By, Slice

MOST_DRAWS = 200
"""Of intervals of average precision, each of which is counted over all finds anew."""

_NOTHING = -1  # the number of the object that a find of nothing is of


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of average precision: of what, of the whole or of what is seen, and by whose protocol."""

    name: str
    compared: Compared
    part: Literal["whole", "modal"]
    protocol: Protocol = Protocol.IGNORED


_KINDS = (
    _Kind("box_ap", Compared.BOX, "whole"),
    _Kind("mask_ap", Compared.MASK, "whole"),
    _Kind("modal_box_ap", Compared.BOX, "modal"),
    _Kind("modal_mask_ap", Compared.MASK, "modal"),
    _Kind("walt_box_ap", Compared.BOX, "whole", Protocol.WALT),
    _Kind("walt_mask_ap", Compared.MASK, "whole", Protocol.WALT),
)
_HALVES = ("box_ap", "mask_ap")  # told at 0.5 alone as well


def precision_figures(
    pictures: Sequence[PictureToMeasure],
    results: Sequence[ObjectResult],
    drawn: Drawn,
    check_stop: Callable[[float], None] = lambda share: None,
    codes: MaskCodes | None = None,
) -> list[Figure]:
    """COCO's average precision of boxes, masks and points, over all slices.

    Of boxes and masks, of whole objects and of what is seen; in a slice, objects of others are ignored
    (`BinnedPrecision`); finds that are not listed, as they lie in what is ignored, do not count here either.
    By occlusion also by WALT's protocol. Masks, and boxes of what is seen, are compared
    where any object of the truth has a mask and any find has one; an object without is ignored there. Points
    are compared by OKS where any object has labelled ones (`core.evaluation.point_precision`).

    Args:
        pictures: in the order of their places.
        results: of all their objects, in their order.
        drawn: of these pictures.
        check_stop: told now and then how far it is, 0 to 1; what it raises ends the counting.
        codes: of the masks, as far as they are made.
    """
    codes = codes or MaskCodes()
    pictures = [replace(one, said=counting(one.truth, one.said)) for one in pictures]
    true_ones = [one for one in results if one.outcome is not Outcome.EXTRA]
    sliced = list(slices_of(true_ones))
    own = _own_places(pictures)
    figures: list[Figure] = []
    for number, kind in enumerate(_KINDS):
        if (kind.compared, kind.part) != (Compared.BOX, "whole") and not _have(pictures, kind.part):
            continue
        bars = sliced
        if kind.protocol is Protocol.WALT:
            bars = [one for one in sliced if one[0].by in (By.ALL, By.OCCLUSION)]
        truth, found = _lists(pictures, kind, codes)
        members = np.zeros((len(bars), len(truth)), dtype=np.bool_)
        for row, (_, which) in enumerate(bars):
            members[row, own] = which
        binned = BinnedPrecision(truth, found, kind.compared, members, kind.protocol)
        counts = (members & ~np.array([one.ignored for one in truth], dtype=np.bool_)).sum(axis=1)

        def told(share: float, number: int = number) -> None:
            check_stop((number + share) / (len(_KINDS) + 1))

        figures += _figures(kind.name, [where for where, _ in bars], binned, counts, drawn, told)
    by_points = PointPrecision(pictures, [which for _, which in sliced])

    def told_last(share: float) -> None:
        check_stop((len(_KINDS) + share) / (len(_KINDS) + 1))

    places = [where for where, _ in sliced]
    return figures + list(_figures("oks_ap", places, by_points, by_points.counts, drawn, told_last))


def box_curves(pictures: Sequence[ComparedPicture], results: Sequence[ObjectResult]) -> Iterator[Curve]:
    """Precision over recall of boxes at an IoU of 0.5, over all slices but categories, which stand together.

    As with average precision, what finds objects of other bins is left out, and what finds nothing counts in
    every bin.
    """
    finds = [
        (score, _NOTHING if row is None else one.objects[row].result.number)
        for one in pictures
        for score, row in one.finds
    ]
    finds.sort(key=lambda one: -one[0])
    numbers = np.array([number for _, number in finds], dtype=np.int64)
    for where, which in slices_of(results, extra=False):
        total = int(which.sum())
        if where.by is By.CATEGORY or not total or not finds:
            continue
        right = (numbers != _NOTHING) & which[numbers]
        own = right[right | (numbers == _NOTHING)]
        if not len(own):
            continue
        hits = np.cumsum(own)
        recall, precision = hits / total, hits / np.arange(1, len(own) + 1)
        yield drawn_curve("precision_recall.box", where, recall, precision)


def _figures(
    name: str,
    slices: Sequence[Slice],
    binned: BinnedPrecision | PointPrecision,
    counts: NDArray[np.int64],
    drawn: Drawn,
    told: Callable[[float], None],
) -> Iterator[Figure]:
    levels = binned.by_threshold()
    values = np.stack([levels.mean(axis=1), levels[:, 0]])
    again: list[NDArray[np.float64]] = []
    enough = binned.holding.sum(axis=1) >= LEAST_GROUPS
    if drawn.draws and enough.any():
        columns = list(binned.pictures)
        draws = drawn.weights[:MOST_DRAWS]
        for number, weights in enumerate(draws):
            told(number / len(draws))
            once = binned.by_threshold(weights[columns])
            again.append(np.stack([once.mean(axis=1), once[:, 0]]))
    for row, where in enumerate(slices):
        for kind, title in enumerate((name, f"{name}50")):
            value = float(values[kind, row])
            if not np.isfinite(value) or (kind and (where != ALL or name not in _HALVES)):
                continue
            low, high = ends_of([float(one[kind, row]) for one in again] if enough[row] else [])
            yield Figure(title, where, value, low, high, int(counts[row]))


def _have(pictures: Sequence[PictureToMeasure], part: str) -> bool:
    """Whether the truth and the finds have masks of this part."""
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
    pictures: Sequence[PictureToMeasure], kind: _Kind, codes: MaskCodes
) -> tuple[list[TrueObject], list[FoundObject]]:
    """All that is true, of each picture its objects and then what is ignored; and all that was said."""
    truth: list[TrueObject] = []
    found: list[FoundObject] = []
    by_box, modal = kind.compared is Compared.BOX, kind.part == "modal"
    for number, picture in enumerate(pictures):
        height, width = picture.truth.height, picture.truth.width

        def code(patch: MaskPatch | None, height: int = height, width: int = width) -> Rle | None:
            if by_box:
                return None
            if patch is None:
                return patch_to_rle(empty_patch(), height, width)
            return codes.of(patch, height, width)

        def of_box(box: Box, height: int = height, width: int = width) -> Rle | None:
            return None if by_box else patch_to_rle(box_to_patch(box, height, width), height, width)

        for thing in picture.truth.things:
            seen = thing.seen
            patch = seen.modal if modal else seen.whole
            ignored = patch is None and (modal or not by_box)
            box = patch_box(tighten(patch)) if modal and patch is not None else seen.box
            mask = of_box(seen.box) if ignored else code(patch)
            truth.append(TrueObject(number, seen.category, box, mask, ignored=ignored))
        for box in picture.truth.ignored:
            mask = of_box(box)
            truth += [TrueObject(number, category, box, mask, ignored=True) for category in Category]
        for one in picture.said:
            patch = one.modal if modal else one.whole
            # what is not said to be seen anywhere has a box without area there, which goes with nothing
            box = patch_box(tighten(patch or empty_patch())) if modal else one.box
            found.append(FoundObject(number, one.category, box, one.score, code(patch)))
    return truth, found
