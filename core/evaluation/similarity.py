"""OKS: how near an object's keypoints are, by its size and by how exactly each can be said, and AP by it.

COCO's definition: mean over the labelled points of exp(-d^2 / (2 area (2 sigma)^2)). The area is that of the
object's whole mask or, where there is none, of its box times `BOX_TO_MASK`, as COCO has it for what has no
mask. Sigmas: COCO's for people (`core.shapes.person_keypoints.SIGMAS`), 0.05 for all points of cars, as
OpenPifPaf has it (ALGORITHMS 8).

AP by it is `SimilarityPrecision`: COCO's figure, also of bins, with any weights of the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.matching import match
from core.evaluation.weighed_precision import CategoryFinds, PictureFinds, WeighedPrecision
from core.records.boxes import Box

CAR_SIGMA = 0.05
BOX_TO_MASK = 0.53

MOST_FOUND = 20
"""How many objects count in a picture, the surest first: COCO's number for keypoints."""


@dataclass(frozen=True, slots=True, eq=False)
class TruePoints:
    """An object's points as they are.

    Attributes:
        picture: number of its picture.
        box: where it is. Without a labelled point the object is ignored, and what is found about its box.
        points: (k, 2) pixels. labelled: (k,) bool.
        area: px^2.
    """

    picture: int
    box: Box
    points: NDArray[np.float64]
    labelled: NDArray[np.bool_]
    area: float


@dataclass(frozen=True, slots=True, eq=False)
class FoundPoints:
    """An object's points as a network says them.

    Attributes:
        picture: number of its picture. score: how sure it is; only the order counts.
        points: (k, 2) pixels; NaN where none was said.
    """

    picture: int
    points: NDArray[np.float64]
    score: float


def keypoint_similarity(
    found: ArrayLike, truth: ArrayLike, labelled: ArrayLike, areas: ArrayLike, sigmas: ArrayLike
) -> NDArray[np.float64]:
    """OKS of objects whose points are known to belong together.

    Args:
        found, truth: (n, k, 2) pixels; NaN where a point was not found, which is as far as can be.
        labelled: (n, k) bool, which points of the truth are known.
        areas: (n,) px^2. sigmas: (k,).

    Returns:
        (n,) 0 to 1; NaN where no point is labelled.

    Raises:
        ValueError: the arrays do not belong together, or an area is not positive.
    """
    said, known = np.asarray(found, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    counts, area = np.asarray(labelled, dtype=np.bool_), np.asarray(areas, dtype=np.float64)
    spread = (2 * np.asarray(sigmas, dtype=np.float64)) ** 2
    shape = known.shape[:2]
    if said.shape != known.shape or known.shape[2:] != (2,) or counts.shape != shape:
        raise ValueError(f"points of {said.shape} and {known.shape}, labelled {counts.shape}")
    if area.shape != shape[:1] or spread.shape != shape[1:] or (area <= 0).any():
        raise ValueError(f"areas of {area.shape} and sigmas of {spread.shape}")
    away = ((said - known) ** 2).sum(axis=2)
    near = np.exp(-np.where(np.isfinite(away), away, np.inf) / (2 * area[:, None] * spread))
    total = counts.sum(axis=1)
    summed = np.where(counts, near, 0.0).sum(axis=1)
    return np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)


class SimilarityPrecision(WeighedPrecision):
    """OKS AP in bins of objects, the others ignored, with any weights of the pictures.

    What has no labelled point counts in no bin, and a find about its box is dropped.

    Args:
        truth, found: all objects of one kind of all pictures.
        sigmas: (k,).
        bins: (b, n) bool, which objects of the truth each bin has; one bin of all without it.
        pictures: the numbers of all pictures, in the order of all weights; those with an object or a find
            without it.

    Raises:
        ValueError: the bins are of other objects, something lies in a picture that is not named, an area is
            not positive, or a score is no number.
    """

    def __init__(
        self,
        truth: Sequence[TruePoints],
        found: Sequence[FoundPoints],
        sigmas: ArrayLike,
        bins: ArrayLike | None = None,
        pictures: Sequence[int] | None = None,
    ) -> None:
        _check(truth, found)
        members = np.ones((1, len(truth)), np.bool_) if bins is None else np.asarray(bins, dtype=np.bool_)
        if members.ndim != 2 or members.shape[1] != len(truth):
            raise ValueError(f"bins of {members.shape} for {len(truth)} objects")
        members = members & np.array([one.labelled.any() for one in truth], dtype=np.bool_)
        there = {one.picture for one in truth} | {one.picture for one in found}
        numbers = sorted(there) if pictures is None else list(pictures)
        if len(set(numbers)) != len(numbers) or not there <= set(numbers):
            raise ValueError("a picture is named twice, or not at all")
        spread = (2 * np.asarray(sigmas, dtype=np.float64)) ** 2
        own_truth: dict[int, list[int]] = {picture: [] for picture in numbers}
        own_found: dict[int, list[FoundPoints]] = {picture: [] for picture in numbers}
        for number, one in enumerate(truth):
            own_truth[one.picture].append(number)
        for find in found:
            own_found[find.picture].append(find)
        rows = []
        for picture, places in own_truth.items():
            surest = sorted(own_found[picture], key=lambda one: -one.score)[:MOST_FOUND]
            own = members[:, places]
            similar = _similarities([truth[place] for place in places], surest, spread)
            matched = match(similar, own[:, None], ~own[:, None])
            right = np.zeros(matched.shape, np.bool_)
            if places:
                right = (matched >= 0) & own[np.arange(len(own))[:, None, None], matched]
            scores = np.array([one.score for one in surest], dtype=np.float64)
            rows.append(PictureFinds(own.sum(axis=1), scores, right, (matched >= 0) & ~right))
        super().__init__(numbers, len(members), [CategoryFinds.of(rows)] if rows else [])


def _check(truth: Sequence[TruePoints], found: Sequence[FoundPoints]) -> None:
    if any(not one.area > 0 for one in truth) or not all(np.isfinite(one.score) for one in found):
        raise ValueError("an area is not positive, or a score is no number")


def _similarities(
    truth: Sequence[TruePoints], found: Sequence[FoundPoints], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(finds, objects) OKS; where no point is labelled, of how far each lies outside the box made larger."""
    similar = np.zeros((len(found), len(truth)))
    if not found:
        return similar
    said = np.stack([one.points for one in found])
    for column, one in enumerate(truth):
        if one.labelled.any():
            off, counts = said - one.points, one.labelled
        else:
            # as COCO has it: one more box on each side
            box, counts = one.box, np.ones(len(one.points), dtype=np.bool_)
            low = np.array([box.x - box.w, box.y - box.h])
            high = np.array([box.x + 2 * box.w, box.y + 2 * box.h])
            off = np.maximum(0, low - said) + np.maximum(0, said - high)
        away = (off**2).sum(axis=2)
        near = np.exp(-np.where(np.isfinite(away), away, np.inf) / (2 * one.area * spread))
        similar[:, column] = near[:, counts].mean(axis=1)
    return similar
