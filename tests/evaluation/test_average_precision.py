"""Average precision against a brute-force reading of COCO's definition, and cases worked by hand."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.average_precision import Compared, average_precision
from core.geometry.masks import full_to_patch, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject

SIDE = 24


def rle_of(box: Box, cut: int = 0) -> Any:
    """A rectangle's mask; `cut` columns are left out at its right."""
    bits = np.zeros((SIDE, SIDE), bool)
    bits[int(box.y) : int(box.y + box.h), int(box.x) : int(box.x + box.w) - cut] = True
    return patch_to_rle(full_to_patch(bits), SIDE, SIDE)


def true(picture: int, x: int, y: int, w: int, h: int, **more: Any) -> TrueObject:
    box = Box(x, y, w, h)
    return TrueObject(picture, more.pop("category", Category.CAR), box, rle_of(box), **more)


def said(picture: int, score: float, x: int, y: int, w: int, h: int, **more: Any) -> FoundObject:
    box = Box(x, y, w, h)
    return FoundObject(picture, more.pop("category", Category.CAR), box, score, rle_of(box))


def overlap(a: Box, b: Box) -> float:
    wide = min(a.right, b.right) - max(a.x, b.x)
    high = min(a.bottom, b.bottom) - max(a.y, b.y)
    both = max(wide, 0) * max(high, 0)
    return both / (a.w * a.h + b.w * b.h - both)


def brute_force(truth: list[TrueObject], found: list[FoundObject]) -> float:
    """COCO's AP of one category without crowds, in its own words."""
    by_threshold = []
    for threshold in np.linspace(0.5, 0.95, 10):
        taken: dict[int, set[int]] = defaultdict(set)
        hits = []
        for one in sorted(found, key=lambda one: -one.score):
            best, chosen = threshold - 1e-10, None
            for number, known in enumerate(truth):
                if known.picture != one.picture or number in taken[one.picture]:
                    continue
                if overlap(known.box, one.box) >= best:
                    best, chosen = overlap(known.box, one.box), number
            hits.append(chosen is not None)
            if chosen is not None:
                taken[one.picture].add(chosen)
        recall = np.cumsum(hits) / len(truth)
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        at = [
            max((p for p, r in zip(precision, recall, strict=True) if r >= wanted), default=0.0)
            for wanted in np.linspace(0, 1, 101)
        ]
        by_threshold.append(np.mean(at))
    return float(np.mean(by_threshold))


boxes = st.tuples(*[st.integers(0, 8)] * 2, *[st.integers(2, 14)] * 2)


@settings(max_examples=60)
@given(
    truth=st.lists(st.tuples(st.integers(0, 2), boxes), min_size=1, max_size=8),
    found=st.lists(st.tuples(st.integers(0, 2), boxes), max_size=8),
    data=st.data(),
)
def test_it_is_cocos_definition(truth: Any, found: Any, data: st.DataObject) -> None:
    # COCO sorts by score alone: equal ones have no order that is defined
    order = data.draw(st.permutations(range(len(found))))
    known = [true(picture, *box) for picture, box in truth]
    finds = [said(p, 0.1 + 0.1 * place, *box) for (p, box), place in zip(found, order, strict=True)]
    for compared in Compared:
        figures = average_precision(known, finds, compared)
        assert figures is not None
        assert figures.ap == pytest.approx(brute_force(known, finds), abs=1e-9)
        assert figures.by_category == {Category.CAR: pytest.approx(figures.ap)}


def test_what_is_found_exactly_counts_whole() -> None:
    known = [true(0, 0, 0, 8, 8), true(1, 4, 4, 10, 6)]
    finds = [said(0, 0.9, 0, 0, 8, 8), said(1, 0.8, 4, 4, 10, 6)]
    figures = average_precision(known, finds, Compared.MASK)
    assert figures is not None
    assert (figures.ap, figures.ap50, figures.ap75, figures.recall) == (1.0, 1.0, 1.0, 1.0)


def test_the_thresholds_are_cocos() -> None:
    # 8 x 8 against 8 x 5 of it: 0.625 passes 0.50, 0.55 and 0.60
    figures = average_precision([true(0, 0, 0, 8, 8)], [said(0, 0.9, 0, 0, 8, 5)], Compared.BOX)
    assert figures is not None
    assert (figures.ap, figures.ap50, figures.ap75) == (pytest.approx(0.3), 1.0, 0.0)
    assert figures.recall == pytest.approx(0.3)


def test_what_is_ignored_costs_nothing_found_or_not() -> None:
    known = [true(0, 0, 0, 8, 8), true(0, 12, 12, 10, 10, ignored=True)]
    right, beside = said(0, 0.5, 0, 0, 8, 8), said(0, 0.9, 12, 12, 5, 10)
    for finds in ([right], [right, beside], [right, beside, said(0, 0.8, 17, 12, 5, 10)]):
        for compared in Compared:
            figures = average_precision(known, finds, compared)
            assert figures is not None
            assert figures.ap == 1.0
    # the same find where nothing is ignored is a mistake that comes first
    figures = average_precision(known[:1], [right, beside], Compared.BOX)
    assert figures is not None
    assert figures.ap == pytest.approx(0.5)


def test_masks_are_compared_as_masks() -> None:
    box = Box(0, 0, 10, 10)
    known = [TrueObject(0, Category.CAR, box, rle_of(box))]
    finds = [FoundObject(0, Category.CAR, box, 0.9, rle_of(box, cut=4))]
    by_box = average_precision(known, finds, Compared.BOX)
    by_mask = average_precision(known, finds, Compared.MASK)
    assert by_box is not None
    assert by_mask is not None
    assert (by_box.ap, by_mask.ap) == (1.0, pytest.approx(0.3))  # 0.60: three thresholds of ten


def test_categories_count_alike_however_many_objects_they_have() -> None:
    known = [true(0, 0, 0, 8, 8), true(1, 0, 0, 8, 8), true(1, 12, 12, 8, 8, category=Category.PERSON)]
    finds = [said(0, 0.9, 0, 0, 8, 8), said(1, 0.8, 0, 0, 8, 8)]
    figures = average_precision(known, finds, Compared.BOX)
    assert figures is not None
    assert figures.by_category == {Category.CAR: 1.0, Category.PERSON: 0.0}
    assert figures.ap == 0.5


def test_nothing_to_find_is_no_figure_and_nothing_found_is_zero() -> None:
    assert average_precision([], [said(0, 0.9, 0, 0, 8, 8)], Compared.BOX) is None
    assert average_precision([true(0, 0, 0, 8, 8, ignored=True)], [], Compared.BOX) is None
    figures = average_precision([true(0, 0, 0, 8, 8)], [], Compared.MASK)
    assert figures is not None
    assert figures.ap == 0.0
    # a surer find where there is no object is wrong, and comes first
    found = [said(0, 0.5, 0, 0, 8, 8), said(1, 0.9, 0, 0, 8, 8)]
    elsewhere = average_precision([true(0, 0, 0, 8, 8)], found, Compared.MASK)
    assert elsewhere is not None
    assert elsewhere.ap == pytest.approx(0.5)


def test_what_cannot_be_compared_is_refused() -> None:
    known = [true(0, 0, 0, 8, 8)]
    with pytest.raises(ValueError, match="missing"):
        average_precision(known, [FoundObject(0, Category.CAR, Box(0, 0, 8, 8), 0.5)], Compared.MASK)
    with pytest.raises(ValueError, match="no number"):
        average_precision(known, [said(0, math.nan, 0, 0, 8, 8)], Compared.BOX)
    with pytest.raises(ValueError, match="without area"):
        average_precision([TrueObject(0, Category.CAR, Box(0, 0, 0, 8))], [], Compared.BOX)
