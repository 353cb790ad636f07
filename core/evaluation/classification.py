"""How well a network tells one kind from the other: precision and recall at any threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionRecall:
    """What each threshold gives, from the strictest to the loosest.

    Attributes:
        thresholds: (m,) every score that there is, falling: what scores at least so much is kept.
        precision: (m,) of what is kept, the share that is right.
        recall: (m,) of what is right, the share that is kept.
        average_precision: the area below, as steps (no interpolation).
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    average_precision: float

    def at_threshold(self, threshold: float) -> tuple[float, float]:
        """Precision and recall where what scores at least this is kept; (1, 0) where nothing is."""
        kept = int((self.thresholds >= threshold).sum())
        return (1.0, 0.0) if kept == 0 else (float(self.precision[kept - 1]), float(self.recall[kept - 1]))

    def at_recall(self, recall: float) -> tuple[float, float]:
        """Of the thresholds that keep at least this share, the one with the best precision, and that.

        Raises:
            ValueError: no threshold keeps so much.
        """
        enough = np.flatnonzero(self.recall >= recall)
        if not len(enough):
            raise ValueError(f"no threshold keeps {recall}")
        best = enough[np.argmax(self.precision[enough])]
        return float(self.thresholds[best]), float(self.precision[best])


def precision_recall(scores: ArrayLike, right: ArrayLike) -> PrecisionRecall | None:
    """The curve over all thresholds; equal scores are kept or left together.

    Args:
        scores: (n,) how sure the network is that each is of the kind.
        right: (n,) whether it is.

    Returns:
        None where nothing is of the kind: there is no recall then.

    Raises:
        ValueError: they are not as many, or a score is no number.
    """
    score, truth = np.asarray(scores, dtype=np.float64), np.asarray(right, dtype=bool)
    if score.shape != truth.shape or score.ndim != 1:
        raise ValueError(f"scores of {score.shape} for {truth.shape}")
    if not np.isfinite(score).all():
        raise ValueError("a score is no number")
    if not truth.any():
        return None
    order = np.argsort(-score, kind="stable")
    falling, hits = score[order], np.cumsum(truth[order])
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))  # of each run of equal scores
    kept = last + 1
    precision, recall = hits[last] / kept, hits[last] / hits[-1]
    area = float((np.diff(np.concatenate([[0.0], recall])) * precision).sum())
    return PrecisionRecall(falling[last], precision, recall, area)
