"""Average precision of trained networks with intervals: cameras and seeds, drawn anew together.

Pictures of one camera of one street are of the same place and light, and often of the same objects, so that
they are drawn together and not one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.average_precision import Compared
from core.evaluation.binned_precision import BinnedPrecision
from core.evaluation.bootstrap import Drawing, Estimate, Groups
from core.evaluation.drawn_anew import ends_of
from core.jobs.reproduce.enough import groups_with, of_enough
from core.jobs.reproduce.known_and_found import HIDDEN, Found, Known
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.slices import occlusion_bins

Floats = NDArray[np.float64]

TENTHS = 10
GROUPS = ("all objects", "hidden objects", "the rest", *(f"{10 * n}-{10 * n + 10} %" for n in range(TENTHS)))
"""Which objects each figure is of: hidden are those of which more than a quarter is."""


class Kind(StrEnum):
    """Which categories a figure is of: the mean over those that there are."""

    ALL = "vehicles and people"
    VEHICLES = "vehicles"
    PEOPLE = "people"

    def holds(self, category: Category) -> bool:
        """Whether objects of a category count."""
        return self is Kind.ALL or (self is Kind.PEOPLE) == (category is Category.PERSON)


class What(StrEnum):
    """What of an object is compared."""

    WHOLE = "mask of the whole"
    MODAL = "mask of what is seen"
    BOX = "box of the whole"


def place_of(group: int, kind: Kind = Kind.ALL) -> int:
    """Where the figure of one of GROUPS stands in what `measured` gives."""
    return len(GROUPS) * list(Kind).index(kind) + group


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One kind of network's figures.

    Attributes:
        values: (figures,) mean over its seeds; NaN where a figure has no objects.
        drawn: (draws, figures).
        by_seed: (seeds,) of the first figure.
        groups: (figures,) how many of the groups that are drawn have something of each.
    """

    values: Floats
    drawn: Floats
    by_seed: Floats
    groups: NDArray[np.int64]

    def interval(self, figure: int = 0) -> Estimate:
        """A figure with its interval; of too few groups none is told."""
        return _estimate(self.values[figure], self.drawn[:, figure], int(self.groups[figure]))

    def over(self, other: Measured, figure: int = 0) -> Estimate:
        """How much more it is than another's, over the same draws."""
        gain = self.drawn[:, figure] - other.drawn[:, figure]
        groups = int(min(self.groups[figure], other.groups[figure]))
        return _estimate(self.values[figure] - other.values[figure], gain, groups)


def measured(
    known: Sequence[Sequence[Known]],
    finds: Mapping[int, Sequence[Sequence[Found]]],
    cameras: Groups,
    draws: int,
    what: What = What.WHOLE,
) -> Measured:
    """Average precision of the networks of all seeds: of each Kind each of GROUPS, as `place_of` says.

    Cameras are drawn with replacement, and so are seeds: all kinds of network see the same draws.

    Args:
        known: objects of each picture of the test. finds: of each seed, of each picture.
        cameras: which camera each picture is of.
    """
    seeds = [_precision(known, said, what) for said in finds.values()]
    drawing = Drawing(draws)
    weights = drawing.weights(cameras.count)
    some, back = np.unique(weights, axis=0, return_inverse=True)  # few cameras have few draws that differ
    each = np.array([[one(row[cameras.place]) for one in seeds] for row in some]).reshape(
        len(some), len(seeds), len(Kind) * len(GROUPS)
    )
    values = np.array([one(np.ones(len(known))) for one in seeds])
    return Measured(
        values.mean(axis=0),
        drawn_seeds(each[back.reshape(-1)], drawing.seed + 1),
        values[:, 0],
        np.array(groups_with(_counted(known), Groups(_pictures(known, cameras), cameras.count))),
    )


def precision_of(
    known: Sequence[Sequence[Known]], said: Sequence[Sequence[Found]], what: What = What.WHOLE
) -> BinnedPrecision:
    """One network's finds, matched once, in the bins of GROUPS over all categories; 101 recalls as COCO."""
    return _matched(known, said, what, members_of(_hidden(known)))


def members_of(hidden: ArrayLike) -> NDArray[np.bool_]:
    """(groups, n) which objects are of which of GROUPS.

    Args:
        hidden: (n,) the share of each that is not seen.
    """
    shares = np.asarray(hidden, dtype=np.float64)
    tenth = occlusion_bins(shares)
    some = [np.ones(len(shares), dtype=np.bool_), shares > HIDDEN, shares <= HIDDEN]
    return np.array([*some, *(tenth == number for number in range(TENTHS))], dtype=np.bool_)


def counts_of(known: Sequence[Sequence[Known]]) -> dict[Kind, list[int]]:
    """Of each Kind how many objects count in each of GROUPS."""
    counts = _counted(known).sum(axis=1).reshape(len(Kind), len(GROUPS))
    return {kind: row.tolist() for kind, row in zip(Kind, counts, strict=True)}


def drawn_seeds(each: Floats, seed: int) -> Floats:
    """(draws, figures) the mean over as many seeds as there are, drawn with replacement.

    Args:
        each: (draws, seeds, figures). seed: of the chance.
    """
    draws, seeds = each.shape[:2]
    chosen = np.random.default_rng(seed).integers(seeds, size=(draws, seeds))
    return np.take_along_axis(each, chosen[..., None], axis=1).mean(axis=1)


def _precision(
    known: Sequence[Sequence[Known]], said: Sequence[Sequence[Found]], what: What
) -> Callable[[ArrayLike], Floats]:
    """From how often each picture counts to all figures.

    Categories are matched apart anyway, so that each has bins of its own, and kinds are means of them.
    """
    kinds = list(dict.fromkeys(one.category for row in known for one in row if not one.ignored))
    groups = members_of(_hidden(known))
    own = [np.array([one.category is kind for row in known for one in row], dtype=np.bool_) for kind in kinds]
    bins = np.concatenate([groups & one for one in own]) if own else groups[:0]
    matched = _matched(known, said, what, bins)

    def figures(weights: ArrayLike) -> Floats:
        by_category = matched.average(weights).reshape(len(kinds), len(GROUPS))
        return np.concatenate([_mean(by_category[[one.holds(kind) for kind in kinds]]) for one in Kind])

    return figures


def _matched(
    known: Sequence[Sequence[Known]], said: Sequence[Sequence[Found]], what: What, bins: NDArray[np.bool_]
) -> BinnedPrecision:
    modal = what is What.MODAL
    truth = [
        TrueObject(place, one.category, one.box, one.seen if modal else one.whole, one.ignored)
        for place, row in enumerate(known)
        for one in row
    ]
    found = [
        FoundObject(place, one.category, one.box, one.score, one.modal if modal else one.whole)
        for place, row in enumerate(said)
        for one in row
    ]
    compared = Compared.BOX if what is What.BOX else Compared.MASK
    return BinnedPrecision(truth, found, compared, bins, pictures=range(len(known)))


def _hidden(known: Sequence[Sequence[Known]]) -> Floats:
    return np.array([one.hidden for row in known for one in row], dtype=np.float64)


def _counted(known: Sequence[Sequence[Known]]) -> NDArray[np.bool_]:
    """(figures, n) which objects count in each figure of `measured`."""
    objects = [one for row in known for one in row]
    groups = members_of([one.hidden for one in objects])
    groups &= ~np.array([one.ignored for one in objects], dtype=np.bool_)
    own = [np.array([kind.holds(one.category) for one in objects], dtype=np.bool_) for kind in Kind]
    return np.concatenate([groups & one for one in own])


def _pictures(known: Sequence[Sequence[Known]], cameras: Groups) -> NDArray[np.int64]:
    """(n,) the camera of each object."""
    return np.repeat(cameras.place, [len(row) for row in known])


def _mean(rows: Floats) -> Floats:
    """(n,) over rows (k, n), NaN left out; NaN where there is nothing else."""
    there = np.isfinite(rows)
    count = there.sum(axis=0)
    total = np.where(there, rows, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(rows.shape[1], np.nan), where=count > 0)


def _estimate(value: float, drawn: Floats, groups: int) -> Estimate:
    there = drawn[np.isfinite(drawn)]
    if not np.isfinite(value):
        return Estimate(None, None, None, Drawing().level, groups, len(there))
    return of_enough(Estimate(float(value), *ends_of(there), Drawing().level, groups, len(there)), groups)
