"""WALT's rule for unoccluded objects, exactly: the compatibility mode and the bar to beat.

Source: WALT (Reddy et al., CVPR 2022), cwalt/Clip_WALT_Generate.py and cwalt/utils.py; our ALGORITHMS 4.1.
The rule knows nothing of the picture's border, of static things or of tracks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.boxes import corners, iou_matrix, to_array
from core.mining.occlusion.settings import WaltSettings
from core.records.occlusion import (
    Observation,
    OcclusionDecision,
    OcclusionLabel,
    OcclusionTest,
    TestOutcome,
)

Array = NDArray[np.float64]

_SCALE = 2.0  # WALT halves its boxes; every quantity below is a ratio, so nothing else depends on it


def walt_overlaps(boxes: ArrayLike, tau: float) -> Array:
    """How much each box of a frame is covered by each other, as WALT counts it.

    Entry (i, j) is IoU(i, j) where j hides i: tau < IoU < 1, j reaches lower in the picture, and at least
    one of the two one-sided horizontal overlaps exceeds tau; else 0.

    Args:
        boxes: (n, 4) x, y, w, h in pixels, of one frame.
        tau: the threshold.

    Returns:
        (n, n), 0 to 1, with a zero diagonal.
    """
    halved = np.asarray(boxes, dtype=np.float64).reshape(-1, 4) / _SCALE
    left, _, right, bottom = corners(halved).T
    width = np.where(halved[:, 2] > 0, halved[:, 2], np.inf)
    iou = iou_matrix(halved, halved)
    from_left = (np.minimum(right[:, None], right[None, :]) - left[:, None]) / width[:, None]
    from_right = (right[:, None] - np.maximum(left[:, None], left[None, :])) / width[:, None]
    hides = (tau < iou) & (iou < 1) & (bottom[:, None] < bottom[None, :])
    hides &= (from_left > tau) | (from_right > tau)
    np.fill_diagonal(hides, False)
    return np.where(hides, iou, 0.0)


def walt_frame(
    boxes: ArrayLike, scores: ArrayLike, settings: WaltSettings
) -> tuple[NDArray[np.bool_], Array]:
    """WALT's rule on the objects of one frame.

    Args:
        boxes: (n, 4) x, y, w, h in pixels. scores: (n,), 0 to 1.

    Returns:
        which objects are kept as unoccluded, (n,) bool; and the overlaps with those neighbours that count,
        (n, n), as `walt_overlaps`.
    """
    values = np.asarray(scores, dtype=np.float64).reshape(-1)
    counts = values < settings.quirk_score if settings.quirk else values >= settings.other_score
    overlaps = walt_overlaps(boxes, settings.tau) * counts[None, :]
    covered = (overlaps > settings.tau).any(axis=1)
    return (values >= settings.keep_score) & ~covered, overlaps


def decide_walt(observations: Sequence[Observation], settings: WaltSettings) -> list[OcclusionDecision]:
    """WALT's rule on a sequence, frame by frame.

    Args:
        observations: of one sequence, in any order.

    Returns:
        one decision for each observation, in their order, each with the one outcome WALT.
    """
    frames: dict[int, list[int]] = {}
    for place, one in enumerate(observations):
        frames.setdefault(one.frame, []).append(place)
    decisions: dict[int, OcclusionDecision] = {}
    for places in frames.values():
        members = [observations[place] for place in places]
        kept, overlaps = walt_frame(
            to_array(one.box for one in members), [one.score for one in members], settings
        )
        for row, place in enumerate(places):
            outcome = _outcome(members, row, overlaps[row], settings)
            label = OcclusionLabel.UNOCCLUDED if kept[row] else OcclusionLabel.OCCLUDED
            decisions[place] = OcclusionDecision(members[row].instance_id, label, outcome.margin, (outcome,))
    return [decisions[place] for place in range(len(observations))]


def _outcome(
    members: Sequence[Observation], row: int, overlaps: Array, settings: WaltSettings
) -> TestOutcome:
    """The outcome for one object: its worst neighbour, or its score where that is what fails."""
    one, tau = members[row], settings.tau
    worst = int(np.argmax(overlaps))
    overlap = float(overlaps[worst])
    if overlap > tau:
        by = members[worst]
        detail = f"box overlaps {by.category} {by.instance_id} below it by IoU {overlap:.2f}"
        margin = -(overlap - tau) / (1 - tau)
        return TestOutcome(OcclusionTest.WALT, overlap, tau, True, margin, by.instance_id, detail)
    if one.score < settings.keep_score:
        short = one.score - settings.keep_score
        detail = f"score {one.score:.2f} is below {settings.keep_score:.2f}"
        return TestOutcome(OcclusionTest.WALT, one.score, settings.keep_score, True, short, None, detail)
    return TestOutcome(OcclusionTest.WALT, 0.0, tau, False, 1.0, None, "no box below it overlaps")
