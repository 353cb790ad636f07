"""How far two people who labelled the same objects agree: where points are, and which tags they have.

What people do not agree on, no network can be right about: these figures are what its figures are held to.
Places and tags are compared over the points that both placed, so that OKS and kappa are the same either way
round; how many points only one of them placed is told beside. Tags are compared by Cohen's kappa (Educational
and Psychological Measurement 1960): how much more often two agree than they would if each gave their tags as
often as they do, but blindly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.drawn_anew import Drawn
from core.evaluation.keypoints import TAGS
from core.evaluation.point_tally import PointTally, tally_points
from core.evaluation.sliced import Counted, figure, point_figures, slices_of
from core.records.boxes import Box
from core.records.evaluations import Figure, ObjectResult
from core.records.keypoints import Template
from core.records.shapes import KeypointTag

_UNLABELLED = KeypointTag.UNLABELLED


@dataclass(frozen=True, slots=True, eq=False)
class PointAgreement:
    """Two people's points of one object.

    Attributes:
        tally: of the points that both placed, the first's for the truth.
        both, anyone: how many points both placed, and at least one of them.
    """

    tally: PointTally
    both: int
    anyone: int


def point_agreement(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    first_tags: Sequence[KeypointTag],
    second_tags: Sequence[KeypointTag],
    box: Box,
    template: Template,
) -> PointAgreement:
    """Compare two people's points of one object.

    Args:
        first, second: (k, 2) pixels; where a point is unlabelled it does not matter what.
        first_tags, second_tags: k each.
        box, template: as `tally_points`.
    """
    placed = [
        (one is not _UNLABELLED, other is not _UNLABELLED)
        for one, other in zip(first_tags, second_tags, strict=True)
    ]
    shared = [
        tag if one and other else _UNLABELLED for tag, (one, other) in zip(first_tags, placed, strict=True)
    ]
    tally = tally_points(second, first, second_tags, shared, box, template)
    return PointAgreement(tally, sum(map(all, placed)), sum(map(any, placed)))


def agreement_figures(
    results: Sequence[ObjectResult],
    pairs: Sequence[PointAgreement | None],
    groups: Sequence[int],
    count: int,
    seed: int,
    draws: int,
) -> Counted:
    """PCK, OKS, the share of alike tags, kappa, and the share of points that both placed, over all slices.

    Args:
        results: of the objects. pairs: of each, or None where not both placed points on it.
        groups, count, seed, draws: of each object, as `Drawn` has them.
    """
    drawn = Drawn(groups, count, seed, draws)
    counted = point_figures(results, [None if one is None else one.tally for one in pairs], drawn)
    both = np.array([0 if one is None else one.both for one in pairs])
    anyone = np.array([0 if one is None else one.anyone for one in pairs])
    objects, first, second = _tagged(pairs)
    points = Drawn(np.asarray(groups, dtype=np.int64)[objects], count, seed, draws)
    figures: list[Figure] = []
    for where, which in slices_of(results, extra=False):
        own = which[objects]
        kappa = points.kappa(np.where(own, first, -1), np.where(own, second, -1), len(TAGS))
        placed = drawn.share(both, anyone, which)
        for name, estimate in (("tag_kappa", kappa), ("placed_by_both", placed)):
            if estimate is not None:
                figures.append(figure(name, where, estimate))
    return counted + Counted(tuple(figures))


def _tagged(pairs: Sequence[PointAgreement | None]) -> NDArray[np.int64]:
    """(3, points) of every point that both placed: its object, and both tags as places in TAGS."""
    tables = [np.zeros((len(TAGS),) * 2, np.int64) if one is None else one.tally.table for one in pairs]
    stacked = np.array(tables, dtype=np.int64).reshape(-1, len(TAGS), len(TAGS))
    cells = np.array(np.nonzero(stacked), dtype=np.int64)
    return np.repeat(cells, stacked[tuple(cells)], axis=1)
