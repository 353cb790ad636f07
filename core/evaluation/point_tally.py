"""Points of one object as they were said against those that are true: counts by tag, and OKS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.keypoints import TAGS, correct_keypoints
from core.evaluation.similarity import BOX_TO_MASK, CAR_SIGMA, keypoint_similarity
from core.records.boxes import Box
from core.records.keypoints import Template
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import SIGMAS

ALPHAS = tuple(round(0.01 * step, 2) for step in range(1, 21))
"""Of the curve of PCK."""

ALPHA = 0.1
"""By which a point counts as right: WALT3D's and Occlusion-Net's (ALGORITHMS 2.7)."""

_COUNT = len(TAGS)
_NUMBERS = {tag: number for number, tag in enumerate(TAGS)}


@dataclass(frozen=True, slots=True, eq=False)
class PointTally:
    """Points of one object.

    Attributes:
        right: (20, 4) by `ALPHAS` and by the tag that is true; placed: (4,).
        table: (4, 4) how often what is the row was said to be the column.
        similarity: OKS, 0 to 1; None where no point has a place.
    """

    right: NDArray[np.int64]
    placed: NDArray[np.int64]
    table: NDArray[np.int64]
    similarity: float | None


def tally_points(
    places: NDArray[np.float64],
    truth: NDArray[np.float64],
    said_tags: Sequence[KeypointTag],
    tags: Sequence[KeypointTag],
    box: Box,
    template: Template,
    area: float | None = None,
) -> PointTally:
    """Points of one object; those whose truth is unlabelled or outside the picture count for no place.

    Args:
        places: (k, 2) as they were said, NaN where not. truth: (k, 2), in the same pixels.
        said_tags, tags: as they were said, UNLABELLED where not; and as they are.
        box: of the whole object: L and, where there is no mask, the area are its.
        template: whose points they are.
        area: of the object's whole mask, px^2; None where there is none.
    """
    own = np.array([_NUMBERS.get(tag, -1) for tag in tags], dtype=np.int64)
    told = np.array([_NUMBERS.get(tag, -1) for tag in said_tags], dtype=np.int64)
    table = np.zeros((_COUNT, _COUNT), dtype=np.int64)
    both = (own >= 0) & (told >= 0)
    np.add.at(table, (own[both], told[both]), 1)
    placed = placed_tags(truth, tags)
    counted = correct_keypoints(places[None], truth[None], [placed], [box.size], ALPHAS)
    similar = _similarity(places, truth, placed, box, template, area)
    return PointTally(counted.right[:, 1:, 0], counted.count[1:, 0], table, similar)


def placed_tags(truth: NDArray[np.float64], tags: Sequence[KeypointTag]) -> list[KeypointTag]:
    """The tags (k) of points (k, 2) that have a place in the picture, UNLABELLED for all others."""
    there = np.isfinite(truth)
    return [
        tag if there[place].all() and tag is not KeypointTag.TRUNCATED else KeypointTag.UNLABELLED
        for place, tag in enumerate(tags)
    ]


def sigmas_of(template: Template) -> NDArray[np.float64]:
    """(k,) OKS' sigmas of a template's points."""
    return np.full(template.size, CAR_SIGMA) if template is Template.CAR else np.array(SIGMAS)


def area_of(box: Box, area: float | None) -> float:
    """OKS' area of an object, px^2: its whole mask's or, where there is none, by its box."""
    return area if area else BOX_TO_MASK * box.area


def _similarity(
    places: NDArray[np.float64],
    truth: NDArray[np.float64],
    tags: Sequence[KeypointTag],
    box: Box,
    template: Template,
    area: float | None,
) -> float | None:
    """OKS of an object's points that have a place in the picture: those that are labelled here."""
    counted = np.array([tag is not KeypointTag.UNLABELLED for tag in tags])
    extent = area_of(box, area)
    if not counted.any() or extent <= 0:
        return None
    known = np.where(counted[:, None], truth, 0.0)
    [similar] = keypoint_similarity(places[None], known[None], counted[None], [extent], sigmas_of(template))
    return float(similar)


def tag_words(tally: PointTally | None) -> Mapping[str, Any]:
    """What an `ObjectResult` says of its points: counts and bits."""
    if tally is None:
        return {}
    right = tally.right[ALPHAS.index(ALPHA)]
    bits = 1 << np.arange(_COUNT)
    labelled = (tally.placed > 0) | (tally.table.sum(axis=1) > 0)
    pairs = tally.table.ravel() > 0
    return {
        "points_right": int(right.sum()),
        "points_placed": int(tally.placed.sum()),
        "tags_right": int(np.trace(tally.table)),
        "tags_told": int(tally.table.sum()),
        "tags": int(bits[labelled].sum()),
        "wrong_tags": int(bits[right < tally.placed].sum()),
        "tag_pairs": int((1 << np.arange(pairs.size))[pairs].sum()),
    }
