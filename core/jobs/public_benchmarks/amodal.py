"""Table 1: AP of whole boxes and masks, on KINS and COCO-A."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.errors import ExchangeError
from core.evaluation.average_precision import AveragePrecision, Compared, average_precision
from core.evaluation.binned_precision import BinnedPrecision
from core.evaluation.bootstrap import Drawing, estimates
from core.evaluation.drawn_anew import LEAST_GROUPS
from core.exchange.benchmarks.amodal_truth import AmodalTruth, our_category
from core.exchange.benchmarks.coco_results import CocoResult, read_results
from core.exchange.benchmarks.cocoa import read_cocoa
from core.exchange.benchmarks.kins import read_kins
from core.exchange.coco_words import COCO_IDS
from core.jobs.public_benchmarks.choices import AmodalBenchmark, CategoryIds, Kinds
from core.jobs.public_benchmarks.drawn import Ends, drawn_note, told_ends
from core.jobs.public_benchmarks.paper import COCOA, KINS, paper_rows
from core.records.benchmark_tables import BenchmarkTable, FigureSource, TableRow
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.slices import OCCLUSION_BINS, occlusion_bins

_COMPARABLE = (
    "Two files of predictions counted here on the same truth, in the same way, compare with each other. The "
    "paper's figures only orient: what is left of its text says neither which split they are of nor whether "
    "categories count."
)
_COCO_CATEGORY = {number: category for category, number in COCO_IDS.items()}
_COUNTED = (Category.CAR, Category.PERSON)
_LAST_COCO_ID = 90


@dataclass(slots=True)
class _Compared:
    """What is to be compared.

    Attributes:
        hidden: of each object of the truth, its hidden share or NaN.
        unmasked: the position of a prediction without a mask, or None.
        left_out: plain words -> how many.
    """

    truth: list[TrueObject] = field(default_factory=list)
    hidden: list[float] = field(default_factory=list)
    found: list[FoundObject] = field(default_factory=list)
    masked: int = 0
    unmasked: int | None = None
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def pictures(self) -> set[int]:
        """With an object or a find."""
        return {one.picture for one in self.truth} | {one.picture for one in self.found}


def amodal_table(
    benchmark: AmodalBenchmark,
    truth: Path,
    predictions: Path,
    *,
    kinds: Kinds = Kinds.ONE,
    ids: CategoryIds = CategoryIds.TRUTH,
    by_occlusion: bool = False,
    draws: int = 0,
) -> BenchmarkTable:
    """Count predictions against the truth of KINS or COCO-A.

    Args:
        benchmark: which data.
        truth: its file of annotations.
        predictions: a COCO results file about the same pictures.
        kinds: all objects as of one kind, as WALT counts, or cars and people by themselves, nothing else
            counting. COCO-A's first release has no categories: only one kind goes with it.
        ids: whose numbers of categories the predictions have.
        by_occlusion: add a line for each tenth of hidden pixels, the other objects ignored.
        draws: of the pictures, for intervals; 0: none.

    Raises:
        ExchangeError: a file cannot be used, nothing is left to count, or some predictions have masks and
            others none; the sentence names the record.
    """
    known = read_kins(truth) if benchmark is AmodalBenchmark.KINS else read_cocoa(truth)
    if kinds is Kinds.CAR_PERSON and not known.kinds:
        raise ExchangeError(
            f"{known.name} has no categories.", "Count all objects as of one kind, or take COCOA-cls."
        )
    allowed = set(range(1, _LAST_COCO_ID + 1)) if ids is CategoryIds.COCO else set(known.kinds)
    results = read_results(predictions, known.images, allowed)
    compared = _join(known, results, kinds, ids, predictions.name)
    ways = [Compared.BOX, *([Compared.MASK] if compared.masked else [])]
    scores = {way: average_precision(compared.truth, compared.found, way) for way in ways}
    rows = paper_rows(KINS if benchmark is AmodalBenchmark.KINS else COCOA)
    rows += _measured(predictions.name, scores, kinds, _ends(compared, ways, kinds, draws))
    if by_occlusion:
        rows += _by_occlusion(compared, ways, draws)
    name = "KINS" if benchmark is AmodalBenchmark.KINS else "COCO-A"
    return BenchmarkTable(
        name=benchmark.value,
        title=f"{name}: AP of whole boxes and masks, in per cent (WALT3D, Table 1)",
        columns=("box AP", "mask AP"),
        decimals=(1, 1),
        rows=tuple(rows),
        comparable=_COMPARABLE,
        notes=(
            *_notes(known, compared, results, kinds, by_occlusion),
            drawn_note(draws, len(compared.pictures), "pictures"),
        ),
    )


def _join(
    known: AmodalTruth, results: Sequence[CocoResult], kinds: Kinds, ids: CategoryIds, name: str
) -> _Compared:
    joined = _Compared(left_out=Counter({f"objects {why}": n for why, n in known.left_out.items()}))
    pictures = {key: number for number, key in enumerate(known.images)}
    for one in known.objects:
        category = one.category if kinds is Kinds.CAR_PERSON else _ANY
        if category not in _COUNTED:
            joined.left_out["objects that are neither car nor person"] += 1
            continue
        joined.truth.append(TrueObject(pictures[one.image], category, one.box, one.rle))
        joined.hidden.append(np.nan if one.hidden is None else one.hidden)
    if not joined.truth:
        raise ExchangeError(
            f"{known.name} has no car and no person.",
            "Count all objects as of one kind, or take other truth.",
        )
    categories = _categories(known, ids)
    for result in results:
        category = categories.get(result.category) if kinds is Kinds.CAR_PERSON else _ANY
        if category not in _COUNTED:
            joined.left_out["predictions of other kinds"] += 1
            continue
        if result.rle is None:
            joined.unmasked = joined.unmasked or result.position
        else:
            joined.masked += 1
        joined.found.append(
            FoundObject(pictures[result.image], category, result.box, result.score, result.rle)
        )
    if not joined.found:
        raise ExchangeError(
            f"None of the results in {name} is a car or a person.",
            "Say whose numbers of categories they have, or count all objects as of one kind.",
        )
    if joined.masked and joined.unmasked is not None:
        raise ExchangeError(
            f"{name} cannot be used: result {joined.unmasked} has no mask, and others have one.",
            "Give masks with all results, or with none.",
        )
    return joined


def _categories(known: AmodalTruth, ids: CategoryIds) -> dict[int | str, Category | None]:
    if ids is CategoryIds.COCO:
        return {number: _COCO_CATEGORY.get(number) for number in range(1, _LAST_COCO_ID + 1)}
    return {key: our_category(kind) for key, kind in known.kinds.items()}


def _measured(
    name: str,
    scores: dict[Compared, AveragePrecision | None],
    kinds: Kinds,
    ends: Sequence[Sequence[Ends]],
) -> list[TableRow]:
    said = [scores.get(way) for way in (Compared.BOX, Compared.MASK)]
    rows = [_row(name, [None if one is None else one.ap for one in said], ends[0])]
    for place, category in enumerate(_COUNTED if kinds is Kinds.CAR_PERSON else (), start=1):
        own = [None if one is None else one.by_category.get(category) for one in said]
        rows.append(_row(f"{name}, {category.value} alone", own, ends[place]))
    return rows


def _ends(compared: _Compared, ways: Sequence[Compared], kinds: Kinds, draws: int) -> list[list[Ends]]:
    """Of all objects, and of each category where those are told: of each way the interval's ends."""
    categories = _COUNTED if kinds is Kinds.CAR_PERSON else ()
    if not draws:
        return [[] for _ in (None, *categories)]
    of_kind = [[one.category is category for one in compared.truth] for category in categories]
    bins = np.array([[True] * len(compared.truth), *of_kind])
    found = [_drawn(BinnedPrecision(compared.truth, compared.found, way, bins), draws) for way in ways]
    return [list(row) for row in zip(*found, strict=True)]


def _drawn(matched: BinnedPrecision, draws: int) -> tuple[Ends, ...]:
    """Of each bin; none of what stands in too few pictures to be drawn from."""
    ends = told_ends(estimates(matched.average, len(matched.pictures), Drawing(draws)))
    enough = matched.holding.sum(axis=1) >= LEAST_GROUPS
    return tuple(one if there else None for one, there in zip(ends, enough, strict=True))


def _by_occlusion(compared: _Compared, ways: Sequence[Compared], draws: int) -> list[TableRow]:
    tenths = occlusion_bins(compared.hidden)
    bins = np.stack([tenths == number for number in range(OCCLUSION_BINS)])
    matched = [BinnedPrecision(compared.truth, compared.found, way, bins) for way in ways]
    figures = [one.average() for one in matched]
    ends = [_drawn(one, draws) for one in matched] if draws else []
    rows = []
    for number in np.flatnonzero(bins.any(axis=1)):
        own = [float(one[number]) for one in figures]
        name = f"{number * 10} to {number * 10 + 10} % hidden ({int(bins[number].sum())} objects)"
        rows.append(_row(name, [*own, *([None] * (2 - len(own)))], [one[number] for one in ends]))
    return rows


def _row(name: str, shares: Sequence[float | None], ends: Sequence[Ends]) -> TableRow:
    values = tuple(None if one is None else 100.0 * one for one in shares)
    told = [None if one is None else (100.0 * one[0], 100.0 * one[1]) for one in ends]
    intervals = (*told, *([None] * (len(values) - len(told)))) if told else ()
    return TableRow(name, values, FigureSource.MEASURED, intervals)


def _notes(
    known: AmodalTruth,
    compared: _Compared,
    results: Sequence[CocoResult],
    kinds: Kinds,
    by_occlusion: bool,
) -> tuple[str, ...]:
    way = (
        "All objects count as of one kind, as WALT counts."
        if kinds is Kinds.ONE
        else "Cars (and vans) and people count, each by themselves; AP is the mean of both."
    )
    notes = [
        f"{len(compared.truth)} objects, {len(compared.found)} predictions, {len(known.images)} pictures.",
        f"COCO's AP: mean over the overlaps 0.50 to 0.95, 100 predictions a picture and kind at most. {way}",
    ]
    if not compared.masked:
        notes.append("The predictions have no masks, so there is no mask AP.")
    empty = sum(one.box.area <= 0 for one in results)
    if empty:
        notes.append(f"{empty} predictions have a box without area: they count as finds of nothing.")
    notes += [f"Left out: {count} {why}." for why, count in sorted(compared.left_out.items()) if count]
    if by_occlusion:
        notes.append(
            "Lines by occlusion: objects of other lines are ignored; what is found where nothing is counts "
            "as wrong in each. The lines are no parts of the whole."
        )
    return tuple(notes)


_ANY = Category.CAR
"""What all objects are called where it does not count what they are."""
