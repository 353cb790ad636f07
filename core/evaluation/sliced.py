"""Figures of compared objects over slices: all, and by occlusion, distance, size, hour, category and tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.drawn_anew import Drawn, Estimate
from core.evaluation.point_tally import ALPHAS, PointTally
from core.records.evaluations import Confusion, Curve, Figure, ObjectResult, Outcome
from core.records.slices import (
    ALL,
    CATEGORIES,
    NOT_FOUND,
    NOTHING_THERE,
    POINT_TAGS,
    UNKNOWN,
    By,
    Slice,
    category_bin,
    distance_bin,
    hour_bin,
    occlusion_bins,
    size_bin,
)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_TURNED = {"rotation_acc_30": np.pi / 6, "rotation_acc_10": np.pi / 18}
_PCK = (0.05, 0.1, 0.2)
_POINTS = 100  # of a curve


@dataclass(frozen=True, slots=True)
class Counted:
    """All that was counted of an evaluation."""

    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...] = ()
    confusions: tuple[Confusion, ...] = ()

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.figures + other.figures, self.curves + other.curves, self.confusions + other.confusions
        )


def slices_of(results: Sequence[ObjectResult], *, extra: bool = True) -> Iterator[tuple[Slice, Bools]]:
    """Every slice that has an object in it, with which objects those are.

    What is not known is a slice of its own where the others of its kind have something; where nothing is
    known at all there is none of the kind.

    Args:
        results: of an evaluation.
        extra: whether finds where nothing is are in slices, of which their occlusion is not known.
    """
    counts = np.array([extra or one.outcome is not Outcome.EXTRA for one in results], dtype=np.bool_)
    yield ALL, counts
    for by, bins in bins_by(results).items():
        known = sorted(set(bins[counts].tolist()))
        if by is not By.CATEGORY and not any(one != UNKNOWN for one in known):
            continue
        for one in known:
            yield Slice(by, one), counts & (bins == one)


def bins_by(results: Sequence[ObjectResult]) -> dict[By, NDArray[np.int64]]:
    """The bin of each object, by what objects are told apart by, tags left out."""
    found = {
        By.OCCLUSION: occlusion_bins([np.nan if (v := one.occlusion) is None else v for one in results]),
        By.DISTANCE: [distance_bin(one.distance_m) for one in results],
        By.SIZE: [size_bin(one.size_px) for one in results],
        By.HOUR: [hour_bin(one.hour) for one in results],
        By.CATEGORY: [category_bin(one.category) for one in results],
    }
    return {by: np.array(bins, dtype=np.int64) for by, bins in found.items()}


def found_figures(results: Sequence[ObjectResult], drawn: Drawn) -> list[Figure]:
    """How many objects are found, and how well what is found is told."""
    there = np.array([one.outcome is not Outcome.EXTRA for one in results], dtype=np.bool_)
    found = np.array([one.outcome is Outcome.FOUND for one in results], dtype=np.bool_)
    numbers = {
        name: np.array([np.nan if (v := getattr(one, name)) is None else v for one in results])
        for name in ("box_iou", "mask_iou", "hidden_iou", "rotation_rad", "place_m")
    }
    figures: list[Figure] = []
    for where, which in slices_of(results, extra=False):

        def add(name: str, estimate: Estimate | None, where: Slice = where) -> None:
            if estimate is not None:
                figures.append(figure(name, where, estimate))

        add("recall", drawn.share(found, there, which))
        for name in ("box_iou", "mask_iou", "hidden_iou"):
            values = numbers[name]
            known = np.isfinite(values) & (found | (name == "hidden_iou"))
            add(name, drawn.share(np.where(known, values, 0.0), known, which))
        turned = np.isfinite(numbers["rotation_rad"])
        for name, limit in _TURNED.items():
            add(name, drawn.share(turned & (numbers["rotation_rad"] < limit), turned, which))
        add("rotation", drawn.median(numbers["rotation_rad"], which))
        add("place", drawn.median(numbers["place_m"], which))
    extra = drawn.each_group(np.array([one.outcome is Outcome.EXTRA for one in results]))
    return figures + ([] if extra is None else [figure("extra", ALL, extra)])


def point_figures(
    results: Sequence[ObjectResult], tallies: Sequence[PointTally | None], drawn: Drawn
) -> Counted:
    """PCK and the share of right tags, over all slices and by the tag that is true, with PCK's curves."""
    if not any(tally is not None and tally.placed.sum() for tally in tallies):
        return Counted(())
    kinds = len(POINT_TAGS)
    right = np.zeros((len(results), len(ALPHAS), kinds))
    placed, told, hit = (np.zeros((len(results), kinds)) for _ in range(3))
    tables = np.zeros((len(results), kinds, kinds), dtype=np.int64)
    for row, tally in enumerate(tallies):
        if tally is not None:
            right[row], placed[row], tables[row] = tally.right, tally.placed, tally.table
            told[row], hit[row] = tally.table.sum(axis=1), np.diag(tally.table)
    figures: list[Figure] = []
    curves: list[Curve] = []
    confusions: list[Confusion] = []

    def count(where: Slice, which: Bools, tag: int | None) -> None:
        def of(values: Floats) -> Floats:
            return np.asarray(values.sum(axis=-1) if tag is None else values[..., tag])

        for alpha in _PCK:
            estimate = drawn.share(of(right[:, ALPHAS.index(alpha)]), of(placed), which)
            if estimate is not None:
                figures.append(figure(f"pck_{alpha}", where, estimate))
        total = of(placed)[which].sum()
        if total:
            curves.append(drawn_curve("pck", where, ALPHAS, of(right)[which].sum(axis=0) / total))
        estimate = drawn.share(of(hit), of(told), which)
        if estimate is not None:
            figures.append(figure("tag_accuracy", where, estimate))

    near = np.array([np.nan if one is None or one.similarity is None else one.similarity for one in tallies])
    known = np.isfinite(near)
    words = tuple(tag.value.replace("_", " ") for tag in POINT_TAGS)
    for where, which in slices_of(results, extra=False):
        count(where, which, None)
        similar = drawn.share(np.where(known, near, 0.0), known, which)
        if similar is not None:
            figures.append(figure("oks", where, similar))
        table = tables[which].sum(axis=0)
        if table.sum():
            rows = tuple(tuple(int(one) for one in row) for row in table)
            confusions.append(Confusion("tag", where, words, words, rows))
    everything = np.ones(len(results), dtype=np.bool_)
    for tag in range(kinds):
        count(Slice(By.TAG, tag), everything, tag)
    return Counted(tuple(figures), tuple(curves), tuple(confusions))


def category_confusions(results: Sequence[ObjectResult]) -> tuple[Confusion, ...]:
    """What was taken for what, over all slices; finds where nothing is where they have the slice's bin."""
    present = [one for one in CATEGORIES if any(one in (row.category, row.said) for row in results)]
    place = {one: number for number, one in enumerate(present)}
    rows = (*(one.value for one in present), NOTHING_THERE)
    columns = (*(one.value for one in present), NOT_FOUND)
    nothing = len(present)
    found = []
    for where, which in slices_of(results):
        table = np.zeros((nothing + 1, nothing + 1), dtype=np.int64)
        for one in (results[number] for number in np.flatnonzero(which).tolist()):
            row = nothing if one.outcome is Outcome.EXTRA else place[one.category]
            table[row, nothing if one.said is None else place[one.said]] += 1
        found.append(
            Confusion("category", where, rows, columns, tuple(tuple(int(n) for n in row) for row in table))
        )
    return tuple(found)


def drawn_curve(name: str, where: Slice, x: ArrayLike, y: ArrayLike) -> Curve:
    """A curve as it is kept: a hundred of its points (n) and (n) at most, evenly along it, to five digits.

    There is one for each bar, and no chart shows more.
    """
    places = np.array([x, y], dtype=np.float64)
    some = np.unique(np.linspace(0, places.shape[1] - 1, _POINTS).astype(int))
    across, up = np.round(places[:, some], 5).tolist()
    return Curve(name, where, tuple(across), tuple(up))


def figure(name: str, where: Slice, estimate: Estimate) -> Figure:
    """An estimate as a figure of a slice."""
    return Figure(name, where, estimate.value, estimate.low, estimate.high, estimate.count)
