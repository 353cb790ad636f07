"""How far two people who labelled the same objects agree: where points are, and which tags they have.

What people do not agree on, no network can be right about: these figures are what its figures are held to.
Places are compared by OKS with one annotator for the truth, which is the same either way round. Tags are
compared by Cohen's kappa (Educational and Psychological Measurement 1960): how much more often two agree than
they would if each gave their tags as often as they do, but blindly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.bootstrap import Drawing, Estimate, Groups, estimates, means, medians, ratios
from core.evaluation.keypoints import TAGS, tag_numbers
from core.evaluation.similarity import keypoint_similarity
from core.records.shapes import KeypointTag

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Two people's labels of the same objects, each figure with its interval.

    Attributes:
        similarities: (n,) OKS of each object, over the points that both placed; NaN where there are none.
        mean_similarity, median_similarity: of them.
        table: (4, 4) points that both placed, the first's tag as the row and the second's as the column, in
            the order of `core.evaluation.keypoints.TAGS`.
        same_tag: the share of them with one tag. kappa: Cohen's; no value where both gave one tag only.
        placed_by_both: of the points that anyone placed, the share that both did.
    """

    similarities: Floats
    mean_similarity: Estimate
    median_similarity: Estimate
    table: NDArray[np.int64]
    same_tag: Estimate
    kappa: Estimate
    placed_by_both: Estimate


def agreement(
    first: ArrayLike,
    second: ArrayLike,
    first_tags: Sequence[Sequence[KeypointTag]],
    second_tags: Sequence[Sequence[KeypointTag]],
    areas: ArrayLike,
    sigmas: ArrayLike,
    groups: Groups | None = None,
    drawing: Drawing = Drawing(),
) -> Agreement:
    """Compare two people's labels of the same n objects.

    Args:
        first, second: (n, k, 2) pixels; where a point is unlabelled it does not matter what.
        first_tags, second_tags: n times k.
        areas: (n,) px^2, as for OKS. sigmas: (k,).
        groups: by which to draw, such as pictures or tracks; each object alone without it.

    Raises:
        ValueError: the arrays do not belong together.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    tags, other_tags = (
        tag_numbers(some, points.shape[:2]) for some, points in ((first_tags, one), (second_tags, other))
    )
    drawn_by = Groups.each(len(one)) if groups is None else groups
    both, anyone = (tags >= 0) & (other_tags >= 0), (tags >= 0) | (other_tags >= 0)
    similarities = keypoint_similarity(one, other, both, areas, sigmas)
    tables = np.zeros((len(one), len(TAGS), len(TAGS)))
    np.add.at(tables, (np.nonzero(both)[0], tags[both], other_tags[both]), 1)
    by_group = np.zeros((drawn_by.count, len(TAGS), len(TAGS)))
    np.add.at(by_group, drawn_by.place, tables)

    def figures(weights: Floats) -> Floats:
        return np.array([cohens_kappa(np.tensordot(weights, by_group, axes=1))])

    def estimated(what: ArrayLike, among: ArrayLike) -> Estimate:
        return estimates(ratios(what, among, drawn_by), drawn_by.count, drawing)[0]

    return Agreement(
        similarities=similarities,
        mean_similarity=estimates(means(similarities, drawn_by), drawn_by.count, drawing)[0],
        median_similarity=estimates(medians(similarities, drawn_by), drawn_by.count, drawing)[0],
        table=tables.sum(axis=0).astype(np.int64),
        same_tag=estimated(np.trace(tables, axis1=1, axis2=2), both.sum(axis=1)),
        kappa=estimates(figures, drawn_by.count, drawing)[0],
        placed_by_both=estimated(both.sum(axis=1), anyone.sum(axis=1)),
    )


def cohens_kappa(table: ArrayLike) -> float:
    """(agreed - by chance) / (1 - by chance), of which 1 is full agreement and 0 none but by chance.

    Args:
        table: (t, t) how often the first said the row and the second the column.

    Returns:
        -1 to 1; NaN where the table is empty, or both always said the same one: chance alone agrees then.

    Raises:
        ValueError: the table is not square, or something in it is below 0.
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise ValueError(f"a table of {counts.shape}")
    total = counts.sum()
    # in counts, so that full agreement by chance alone is known exactly
    by_chance = float(counts.sum(axis=0) @ counts.sum(axis=1))
    if total == 0 or by_chance == total**2:
        return float("nan")
    return float((total * np.trace(counts) - by_chance) / (total**2 - by_chance))
