"""Which frames a background is made from: spread over bursts and over time, by hour of day."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_GAP_FACTOR = 5.0  # a step this many times the usual one ends a burst
_SECONDS_PER_DAY = 86_400.0


def hour_of_day(captured_at: float, utc_offset_s: float = 0.0) -> int:
    """The hour of day, 0-23, at the camera.

    Args:
        captured_at: seconds UTC epoch.
        utc_offset_s: the camera's local time minus UTC, seconds.
    """
    return int(((captured_at + utc_offset_s) % _SECONDS_PER_DAY) // 3600.0) % 24


def choose_samples(
    times_s: Sequence[float] | NDArray[np.float64],
    count: int,
    *,
    hours: Sequence[int | None] | None = None,
    hour: int | None = None,
) -> list[int]:
    """Choose which frames to take, spread as evenly over bursts and within them as they allow.

    Frames that lie close together show the same cars at the same places, so that a hundred frames of one
    burst say little more than one. Bursts (runs of frames without a long gap) therefore share the count
    equally, and each gives frames at even distances.

    Args:
        times_s: (N,) seconds of each frame on one clock, ascending.
        count: how many frames are wanted at most.
        hours: hour of day of each frame, or None where it is not known.
        hour: take frames of this hour alone; needs `hours`.

    Returns:
        Ascending indices into `times_s`, at most `count` of them, none twice.
    """
    times = np.asarray(times_s, dtype=np.float64)
    usable = np.arange(len(times))
    if hour is not None:
        known = hours if hours is not None else [None] * len(times)
        usable = np.array([i for i, its_hour in enumerate(known) if its_hour == hour], dtype=np.intp)
    if count <= 0 or len(usable) == 0:
        return []
    if len(usable) <= count:
        return [int(i) for i in usable]
    bursts = _split_bursts(times[usable])
    if len(bursts) > count:  # one from the middle of every so many
        bursts = [bursts[i] for i in _evenly(len(bursts), count)]
        return [int(usable[(start + stop - 1) // 2]) for start, stop in bursts]
    shares = _share_out(count, [stop - start for start, stop in bursts])
    chosen: list[int] = []
    for (start, stop), share in zip(bursts, shares, strict=True):
        chosen += [int(usable[start + i]) for i in _evenly(stop - start, share)]
    return chosen


def _split_bursts(times: NDArray[np.float64]) -> list[tuple[int, int]]:
    steps = np.diff(times)
    positive = steps[steps > 0]
    usual = float(np.median(positive)) if len(positive) else 0.0
    cuts = np.flatnonzero(steps > _GAP_FACTOR * usual) + 1
    edges = [0, *cuts.tolist(), len(times)]
    return list(itertools.pairwise(edges))


def _share_out(count: int, sizes: list[int]) -> list[int]:
    """Give each burst the same number, and what short bursts cannot use to the longer ones."""
    shares = [0] * len(sizes)
    left = count
    for position, burst in enumerate(sorted(range(len(sizes)), key=lambda i: (sizes[i], i))):
        shares[burst] = min(sizes[burst], left // (len(sizes) - position))
        left -= shares[burst]
    return shares


def _evenly(length: int, count: int) -> list[int]:
    """`count` positions in range(length), each in the middle of its equal share."""
    return [int((2 * i + 1) * length // (2 * count)) for i in range(count)]
