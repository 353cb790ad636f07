"""How well objects are followed over time: MOTA, IDF1, HOTA with DetA and AssA, counted by trackeval.

Source: Bernardin and Stiefelhagen 2008 (MOTA); Ristani et al. 2016 (IDF1); Luiten et al., IJCV 2021 (HOTA);
ALGORITHMS 2.6 (Table 2) and 8. Boxes are compared by intersection over union; MOTA and IDF1 take 0.5 for
found, HOTA is the mean over 0.05, 0.10 ... 0.95.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from core.evaluation.bootstrap import Figures, Floats
from core.evaluation.drawn_anew import LEAST_GROUPS, Drawn, Estimate, ends_of
from core.geometry.boxes import iou_matrix

_FOUND = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class TracksInFrame:
    """The boxes of one frame, and whose they are.

    Attributes:
        ids: (n,) whole numbers, each once. boxes: (n, 4) x, y, w, h on pixel edges.
    """

    ids: NDArray[np.int64]
    boxes: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TrackedSequence:
    """A sequence counted, alone or to be put together with others.

    Attributes:
        clear, identity, hota: what trackeval counted.
    """

    clear: Mapping[str, Any]
    identity: Mapping[str, Any]
    hota: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrackingScores:
    """Figures of tracking.

    Attributes:
        mota: 1 less misses, finds of nothing and changes of identity, each by the number of true boxes; it
            may be below 0. idf1, hota, deta, assa: 0 to 1.
        missed, extra, switches: true boxes not found, finds of nothing, changes of identity.
        boxes: of the truth.
    """

    mota: float
    idf1: float
    hota: float
    deta: float
    assa: float
    missed: int
    extra: int
    switches: int
    boxes: int


def count_sequence(truth: Sequence[TracksInFrame], found: Sequence[TracksInFrame]) -> TrackedSequence:
    """Count one sequence.

    Args:
        truth, found: frame by frame, as many of both.

    Raises:
        ValueError: they are not as many frames, or an id stands twice in a frame.
    """
    if len(truth) != len(found):
        raise ValueError(f"{len(truth)} frames of truth, and {len(found)}")
    clear, identity, hota = _metrics()
    true_ids, said_ids = _numbered(truth), _numbered(found)
    data = {
        "gt_ids": true_ids,
        "tracker_ids": said_ids,
        "similarity_scores": [iou_matrix(a.boxes, b.boxes) for a, b in zip(truth, found, strict=True)],
        "num_gt_ids": len({number for frame in true_ids for number in frame}),
        "num_tracker_ids": len({number for frame in said_ids for number in frame}),
        "num_gt_dets": sum(map(len, true_ids)),
        "num_tracker_dets": sum(map(len, said_ids)),
        "num_timesteps": len(truth),
    }
    return TrackedSequence(*(one.eval_sequence(data) for one in (clear, identity, hota)))


def tracking_scores(sequences: Sequence[TrackedSequence]) -> TrackingScores | None:
    """The figures of some sequences together, of which each may stand there several times.

    Returns:
        None where the truth has no boxes: no figure would mean anything.
    """
    clear, identity, hota = _metrics()
    counted = clear.combine_sequences({str(n): one.clear for n, one in enumerate(sequences)})
    boxes = int(counted["CLR_TP"] + counted["CLR_FN"])
    if not boxes:
        return None
    named = identity.combine_sequences({str(n): one.identity for n, one in enumerate(sequences)})
    higher = hota.combine_sequences({str(n): one.hota for n, one in enumerate(sequences)})
    return TrackingScores(
        mota=float(counted["MOTA"]),
        idf1=float(named["IDF1"]),
        hota=float(np.mean(higher["HOTA"])),
        deta=float(np.mean(higher["DetA"])),
        assa=float(np.mean(higher["AssA"])),
        missed=int(counted["CLR_FN"]),
        extra=int(counted["CLR_FP"]),
        switches=int(counted["IDSW"]),
        boxes=boxes,
    )


def tracking_figures(sequences: Sequence[TrackedSequence]) -> Figures:
    """MOTA, IDF1, HOTA, DetA and AssA, in this order, with any whole weights of the sequences.

    For intervals by `core.evaluation.bootstrap.estimates`, drawn by sequences: frames of one sequence share
    their identities and cannot be drawn alone. So of one sequence there is no interval.
    """

    def figures(weights: Floats) -> Floats:
        drawn = [one for one, often in zip(sequences, weights, strict=True) for _ in range(round(often))]
        scores = tracking_scores(drawn)
        if scores is None:
            return np.full(5, np.nan)
        return np.array([scores.mota, scores.idf1, scores.hota, scores.deta, scores.assa])

    return figures


def tracking_estimates(sequences: Sequence[TrackedSequence], seed: int, draws: int) -> dict[str, Estimate]:
    """MOTA, IDF1, HOTA, DetA and AssA by their small names, with intervals over draws of the sequences.

    Frames of one sequence share their identities and cannot be drawn alone, so of fewer than `LEAST_GROUPS`
    sequences there is no interval.

    Args:
        seed: of the draws. draws: how many; 0: no intervals.

    Returns:
        Nothing where the truth has no boxes.
    """
    whole = tracking_scores(sequences)
    if whole is None:
        return {}
    again: list[TrackingScores] = []
    if draws and len(sequences) >= LEAST_GROUPS:
        for weights in Drawn([], len(sequences), seed, draws).weights:
            repeated = [one for one, times in zip(sequences, weights, strict=True) for _ in range(times)]
            scores = tracking_scores(repeated)
            if scores is not None:
                again.append(scores)
    return {
        name: Estimate(
            getattr(whole, name), *ends_of([getattr(one, name) for one in again]), count=whole.boxes
        )
        for name in ("mota", "idf1", "hota", "deta", "assa")
    }


def without_ignored(
    truth: TracksInFrame, ignored: NDArray[np.bool_], found: TracksInFrame
) -> tuple[TracksInFrame, TracksInFrame]:
    """A frame without what does not count, and without the finds that go with that: neither right nor wrong.

    As in MOTChallenge: all boxes are matched at once, so that a find of what counts is never taken away
    because something ignored lies beside it.

    Args:
        ignored: (n,) of the truth's boxes.
    """
    overlaps = iou_matrix(truth.boxes, found.boxes)
    overlaps = np.where(overlaps >= _FOUND, overlaps, 0.0)
    rows, columns = linear_sum_assignment(-overlaps)
    gone = columns[(overlaps[rows, columns] > 0) & ignored[rows]]
    kept = np.setdiff1d(np.arange(len(found.ids)), gone)
    return (
        TracksInFrame(truth.ids[~ignored], truth.boxes[~ignored]),
        TracksInFrame(found.ids[kept], found.boxes[kept]),
    )


def _metrics() -> tuple[Any, Any, Any]:
    from trackeval.metrics import CLEAR, HOTA, Identity

    quiet = {"PRINT_CONFIG": False, "THRESHOLD": _FOUND}
    return CLEAR(quiet), Identity(quiet), HOTA()


def _numbered(frames: Sequence[TracksInFrame]) -> list[NDArray[np.int64]]:
    """Ids as numbers from 0."""
    known: dict[int, int] = {}
    numbered = []
    for frame in frames:
        if len(np.unique(frame.ids)) != len(frame.ids) or frame.boxes.shape != (len(frame.ids), 4):
            raise ValueError(f"ids {frame.ids} for boxes of {frame.boxes.shape}")
        numbered.append(
            np.array([known.setdefault(int(one), len(known)) for one in frame.ids], dtype=np.int64)
        )
    return numbered
