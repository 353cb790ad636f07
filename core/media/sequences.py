"""Splitting a source into sequences: bursts of frames with long gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median_low
from typing import Final

from core.records.media import FrameStamp

_USUAL_STEPS: Final = 8.0  # a gap of this many usual steps is no dropped frame any more
_SHORTEST_GAP_S: Final = 0.5


def split_sequences(frames: Sequence[FrameStamp], gap_s: float | None = None) -> list[range]:
    """Split frames where the time between two is much longer than usual.

    Nothing is known of how things moved during such a gap, so tracks end there.

    Args:
        frames: in ascending time.
        gap_s: a longer step than this, in seconds, starts a new sequence; None takes eight times the
            usual step (the lower median, which bursts of two frames still tell), at least 0.5 s.

    Returns:
        Ranges of places in `frames`, in order, that together cover all of them.
    """
    if not frames:
        return []
    steps = [after.time_s - before.time_s for before, after in pairwise(frames)]
    if gap_s is None:
        gap_s = max(_USUAL_STEPS * median_low(steps), _SHORTEST_GAP_S) if steps else _SHORTEST_GAP_S
    starts = [0, *(place + 1 for place, step in enumerate(steps) if step > gap_s)]
    return [range(start, end) for start, end in pairwise([*starts, len(frames)])]
