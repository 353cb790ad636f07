"""Joins the pieces of an object's track that a short full occlusion has parted."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LOOK_BACK_S = 1.5  # how much of a piece tells its usual size
_FIT_S = 0.7  # how much of it tells its motion
_WHOLE_AREA = 0.75  # of the usual area: less, and the object is half hidden already
_LEAST_FOR_MOTION = 3  # detections
_UNKNOWN_MOTION_S = 0.5  # the longest gap for a piece too short to know its motion
_MISS, _MISS_PER_S = 0.5, 0.35  # of the object's size, by which two extrapolations may miss each other
_MOST_GROWTH = 1.6  # between the two sizes
_STILL_SPEED = 0.15  # sizes a second: slower stands still
_STILL_MISS = 0.25
_STILL_PATIENCE = 3.0  # what stands still may be hidden for this many times the longest gap


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """A piece of a track.

    Attributes:
        frames: (n,) int64, ascending.
        boxes: (n, 4) x, y, w, h, pixels.
    """

    frames: NDArray[np.int64]
    boxes: Array


@dataclass(frozen=True, slots=True)
class _End:
    """How an object moved at one end of a piece: its centre is at + v * (t - t0), in pixels and seconds.

    Attributes:
        time_s: of the detection at the very end.
        t0_s, x, y, vx, vy: of the straight line.
        size: geometric mean of width and height when wholly seen.
        known: whether there were enough detections to know the motion.
    """

    time_s: float
    t0_s: float
    x: float
    y: float
    vx: float
    vy: float
    size: float
    known: bool

    def at(self, time_s: float) -> tuple[float, float]:
        step = time_s - self.t0_s
        return self.x + self.vx * step, self.y + self.vy * step

    @property
    def still(self) -> bool:
        return self.known and float(np.hypot(self.vx, self.vy)) < _STILL_SPEED * self.size


def longest_patience_s(longest_gap_s: float) -> float:
    """For how long anything at all may be hidden, seconds."""
    return longest_gap_s * _STILL_PATIENCE


def stitch(fragments: list[Fragment], fps: float, longest_gap_s: float) -> list[list[int]]:
    """Chains of pieces that are one object: it vanished, kept its course, and came back.

    Both pieces are carried on to the middle of the gap, each with the motion it had while wholly seen (an
    object that slides behind another seems to shrink and to slow down), and must meet there in place and
    size. The best fitting pairs are joined first; a piece has one predecessor and one successor.

    Args:
        fragments: in any order. fps: frames a second. longest_gap_s: seconds.

    Returns:
        lists of indices into `fragments`, each in order of time; every index once.
    """
    starts = [_end(fragment, fps, first=True) for fragment in fragments]
    ends = [_end(fragment, fps, first=False) for fragment in fragments]
    by_start = sorted(range(len(fragments)), key=lambda index: starts[index].time_s)
    start_times = [starts[index].time_s for index in by_start]
    pairs: list[tuple[float, int, int]] = []
    patience = longest_patience_s(longest_gap_s)
    for before, end in enumerate(ends):
        for place in range(bisect_right(start_times, end.time_s), len(by_start)):
            if start_times[place] - end.time_s > patience:
                break
            cost = _cost(end, starts[by_start[place]], longest_gap_s)
            if cost is not None:
                pairs.append((cost, before, by_start[place]))
    successor: dict[int, int] = {}
    taken: set[int] = set()
    for _, before, after in sorted(pairs):
        if before not in successor and after not in taken:
            successor[before] = after
            taken.add(after)
    chains = []
    for index in range(len(fragments)):
        if index not in taken:
            chain = [index]
            while chain[-1] in successor:
                chain.append(successor[chain[-1]])
            chains.append(chain)
    return chains


def _end(fragment: Fragment, fps: float, *, first: bool) -> _End:
    """The motion at the beginning or the end of a piece, from where the object was wholly seen."""
    times = fragment.frames / fps
    boxes = fragment.boxes
    if first:  # looked at backwards, a beginning is an end
        times, boxes = times[::-1], boxes[::-1]
    time_s = float(times[-1])
    near = np.abs(times - time_s) <= _LOOK_BACK_S
    times, boxes = times[near], boxes[near]
    areas = boxes[:, 2] * boxes[:, 3]
    whole = areas >= _WHOLE_AREA * float(np.median(areas))
    last = int(np.flatnonzero(whole)[-1]) + 1
    fit = np.abs(times[:last] - times[last - 1]) <= _FIT_S
    t, box = times[:last][fit], boxes[:last][fit]
    centres = box[:, :2] + box[:, 2:] / 2
    t0 = float(t.mean())
    spread = float(((t - t0) ** 2).sum())
    known = len(t) >= _LEAST_FOR_MOTION and spread > 0
    vx, vy = (((t - t0) @ centres) / spread).tolist() if known else (0.0, 0.0)
    x, y = centres.mean(axis=0).tolist()
    size = float(np.sqrt(np.median(box[:, 2] * box[:, 3])))
    return _End(time_s, t0, x, y, vx, vy, max(size, 1.0), known)


def _cost(end: _End, start: _End, longest_gap_s: float) -> float | None:
    """How badly a beginning continues an end; None where it does not."""
    gap = start.time_s - end.time_s
    growth = max(end.size, start.size) / min(end.size, start.size)
    if growth > _MOST_GROWTH:
        return None
    middle = (end.time_s + start.time_s) / 2
    (x1, y1), (x2, y2) = end.at(middle), start.at(middle)
    miss = float(np.hypot(x1 - x2, y1 - y2)) / max(end.size, start.size)
    if end.still and start.still:
        if gap > longest_patience_s(longest_gap_s) or miss > _STILL_MISS:
            return None
    else:
        longest = longest_gap_s if end.known and start.known else min(longest_gap_s, _UNKNOWN_MOTION_S)
        if gap > longest or miss > _MISS + _MISS_PER_S * gap:
            return None
    return miss + float(np.log(growth)) + 0.1 * gap
