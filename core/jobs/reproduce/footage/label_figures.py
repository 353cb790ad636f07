"""How well a rule tells the unoccluded: figures of one rule, of one against another, and their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RECALL = 0.60
RESAMPLES = 1000
SEED = 1

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule's word on n labelled objects.

    Attributes:
        kept: (n,) which it calls unoccluded.
        belief: (n,) a value that is higher the surer the rule is that an object is unoccluded.
    """

    kept: Bools
    belief: Floats

    def at(self, places: Sequence[int] | Ints) -> Judged:
        """The word on some of the objects, repeated where a place is."""
        chosen = np.asarray(places, dtype=np.int64)
        return Judged(self.kept[chosen], self.belief[chosen])


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its 95 % interval; NaN where it has no meaning."""

    value: float
    low: float
    high: float


def own_figures(good: Bools, word: Judged) -> dict[str, float]:
    """Precision and recall of what a rule keeps, and of its ranking.

    Args:
        good: (n,) which objects are unoccluded.
    """
    hits = np.count_nonzero(word.kept & good)
    precision, recall = _curve(good, word.belief)
    steps = np.diff(np.concatenate([[0.0], recall]))
    return {
        "precision": hits / word.kept.sum() if word.kept.any() else np.nan,
        "recall": hits / good.sum() if good.any() else np.nan,
        "f1": 2 * hits / (word.kept.sum() + good.sum()) if good.any() else np.nan,
        "average_precision": float((precision * steps).sum()),
        "precision_at_recall_0.60": _at_recall(precision, recall, RECALL),
    }


def lead(good: Bools, ours: Judged, other: Judged) -> dict[str, float]:
    """How far our rule is ahead of another on the same objects: positive is better.

    `precision_at_its_recall` compares what the other rule keeps with the surest objects of ours, as many
    as it takes to reach the other's recall.
    """
    first, second = own_figures(good, ours), own_figures(good, other)
    precision, recall = _curve(good, ours.belief)
    return {
        "precision_at_its_recall": _at_recall(precision, recall, second["recall"]) - second["precision"],
        "f1": first["f1"] - second["f1"],
        "average_precision": first["average_precision"] - second["average_precision"],
    }


def resamples(blocks: Sequence[str]) -> list[Ints]:
    """Bootstrap draws of places: whole blocks of neighbouring frames, which show the same objects.

    Args:
        blocks: (n,) the name of each place's block.
    """
    number = np.unique(np.asarray(blocks), return_inverse=True)[1]
    parts = [np.flatnonzero(number == block) for block in range(number.max() + 1)]
    random = np.random.default_rng(SEED)
    return [
        np.concatenate([parts[pick] for pick in random.integers(0, len(parts), size=len(parts))])
        for _ in range(RESAMPLES)
    ]


def with_intervals(value: dict[str, float], spread: Sequence[dict[str, float]]) -> dict[str, Figure]:
    """Each figure with the middle 95 % of what it is over resamples."""
    figures = {}
    for name in value:
        values = np.array([one[name] for one in spread], dtype=np.float64)
        values = values[np.isfinite(values)]
        low, high = np.percentile(values, [2.5, 97.5]) if values.size else (np.nan, np.nan)
        figures[name] = Figure(float(value[name]), float(low), float(high))
    return figures


def _curve(good: Bools, belief: Floats) -> tuple[Floats, Floats]:
    """Precision and recall at every threshold of belief, from the surest on.

    Equal beliefs cannot be told apart: a threshold takes all of them or none.
    """
    order = np.argsort(-belief, kind="stable")
    last = np.append(np.diff(belief[order]) != 0, True) if good.size else np.zeros(0, dtype=np.bool_)
    found = np.cumsum(good[order])
    precision = (found / np.arange(1, good.size + 1))[last]
    return precision, (found / max(int(good.sum()), 1))[last]


def _at_recall(precision: Floats, recall: Floats, least: float) -> float:
    """The best precision among the thresholds that reach a recall; NaN for a recall of nothing."""
    reached = precision[recall >= least - 1e-9]
    return float(reached.max()) if reached.size and np.isfinite(least) else float("nan")
