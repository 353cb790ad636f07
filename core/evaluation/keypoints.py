"""How near predicted keypoints are to where they are (PCK), and whether their tags are right.

PCK@alpha counts a point as right that is less than alpha L away, L the size of its object (ALGORITHMS 2.7,
3.9 and 8). Points are told apart by the tag that is true of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.records.shapes import KeypointTag

TAGS: tuple[KeypointTag, ...] = (
    KeypointTag.VISIBLE,
    KeypointTag.SELF_OCCLUDED,
    KeypointTag.OTHER_OCCLUDED,
    KeypointTag.TRUNCATED,
)
"""The tags that a placed point can have, in the order of every table here."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many right of so many.

    Attributes:
        right, count: whole numbers.
    """

    right: int
    count: int

    @property
    def value(self) -> float | None:
        """0 to 1; None where there is nothing to count."""
        return self.right / self.count if self.count else None


@dataclass(frozen=True, slots=True, eq=False)
class CorrectKeypoints:
    """Which points are right, counted for each object: for figures of all, by tags, and their intervals.

    Attributes:
        alphas: (a,). Tags are None, which is all together, and then TAGS.
        right: (a, tags, n) how many points of each object are right.
        count: (tags, n) of so many.
    """

    alphas: tuple[float, ...]
    right: NDArray[np.int64]
    count: NDArray[np.int64]

    def shares(self, alpha: int = 0) -> Mapping[KeypointTag | None, Share]:
        """PCK of all objects by tag.

        Args:
            alpha: the place of the one to tell among `alphas`.
        """
        totals = zip((None, *TAGS), self.right[alpha].sum(axis=1), self.count.sum(axis=1), strict=True)
        return {tag: Share(int(right), int(count)) for tag, right, count in totals}


def correct_keypoints(
    found: ArrayLike,
    truth: ArrayLike,
    tags: Sequence[Sequence[KeypointTag]],
    sizes: ArrayLike,
    alphas: Sequence[float],
) -> CorrectKeypoints:
    """PCK at several alphas, object by object.

    Args:
        found: (n, k, 2) pixels; NaN where a point was not found, which counts as wrong.
        truth: (n, k, 2) pixels.
        tags: n times k, of the truth; points that are unlabelled are left out.
        sizes: (n,) L of each object, pixels.
        alphas: such as 0.1. A point exactly so far away is wrong.

    Raises:
        ValueError: the arrays do not belong together, or a labelled point lies nowhere.
    """
    said, known = np.asarray(found, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    size = np.asarray(sizes, dtype=np.float64)
    labels = tag_numbers(tags, known.shape[:2])
    if said.shape != known.shape or known.shape[2:] != (2,) or size.shape != known.shape[:1]:
        raise ValueError(f"points of {said.shape} and {known.shape} and sizes of {size.shape}")
    if not np.isfinite(known[labels >= 0]).all():
        raise ValueError("a labelled point lies somewhere")
    away = np.linalg.norm(said - known, axis=2)
    away = np.where(np.isfinite(away), away, np.inf)
    kinds = np.stack([labels >= 0, *(labels == number for number in range(len(TAGS)))])
    right = np.stack([away < alpha * size[:, None] for alpha in alphas])
    return CorrectKeypoints(
        tuple(alphas), (right[:, None] & kinds).sum(axis=3, dtype=np.int64), kinds.sum(axis=2, dtype=np.int64)
    )


def percentage_of_correct_keypoints(
    found: ArrayLike, truth: ArrayLike, tags: Sequence[Sequence[KeypointTag]], sizes: ArrayLike, alpha: float
) -> Mapping[KeypointTag | None, Share]:
    """PCK of points by the tag that is true of them, and of all together (None); see `correct_keypoints`."""
    return correct_keypoints(found, truth, tags, sizes, [alpha]).shares()


def tag_confusions(
    found: Sequence[Sequence[KeypointTag]], truth: Sequence[Sequence[KeypointTag]]
) -> NDArray[np.int64]:
    """(n, 4, 4) how many points of each object are as the row and said to be as the column, as TAGS.

    Points whose truth is unlabelled are left out.

    Raises:
        ValueError: they are not as many, or a point that is labelled got no tag.
    """
    shape = len(truth), len(truth[0]) if truth else 0
    known, said = tag_numbers(truth, shape), tag_numbers(found, shape)
    labelled = known >= 0
    if (said[labelled] < 0).any():
        raise ValueError("a point got no tag")
    tables = np.zeros((len(truth), len(TAGS), len(TAGS)), dtype=np.int64)
    np.add.at(tables, (np.nonzero(labelled)[0], known[labelled], said[labelled]), 1)
    return tables


def tag_confusion(
    found: Sequence[Sequence[KeypointTag]], truth: Sequence[Sequence[KeypointTag]]
) -> NDArray[np.int64]:
    """(4, 4) of all objects together; see `tag_confusions`."""
    return tag_confusions(found, truth).sum(axis=0)


def tag_accuracy(confusion: ArrayLike) -> Mapping[KeypointTag | None, Share]:
    """The share of points with the right tag, by the tag that is true and of all together (None).

    Args:
        confusion: (4, 4) as `tag_confusion` gives it.
    """
    table = np.asarray(confusion, dtype=np.int64)
    by_tag: dict[KeypointTag | None, Share] = {
        tag: Share(int(table[number, number]), int(table[number].sum())) for number, tag in enumerate(TAGS)
    }
    return {None: Share(int(np.trace(table)), int(table.sum())), **by_tag}


def tag_numbers(tags: Sequence[Sequence[KeypointTag]], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """(n, k) the place of each tag in TAGS; -1 where unlabelled.

    Raises:
        ValueError: they are not of this shape.
    """
    numbers = {tag: number for number, tag in enumerate(TAGS)}
    lengths = [len(row) for row in tags]
    if len(shape) != 2 or lengths != [shape[1]] * shape[0]:
        raise ValueError(f"tags of {len(tags)} objects for points of {shape}")
    return np.array([[numbers.get(tag, -1) for tag in row] for row in tags], dtype=np.int64).reshape(shape)
