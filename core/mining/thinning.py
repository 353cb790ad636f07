"""Thinning: marks what stands still, and keeps one picture of a view that repeats itself.

Source: WALT (Reddy et al., CVPR 2022), cwalt/Clip_WALT_Generate.py; our ALGORITHMS 4.1. A view is a greedy
group of boxes that meet a first one by IoU > 0.8; groups of more than 10 are thinned. What meets a box of
another time by IoU > 0.99 stands still. WALT has no tracks, so there every object that ever passed a place
falls into one group; here a group holds one moving object's boxes, or those of what stands still, and an
object stands still when its own track, its jitter taken out, comes back to a box.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import corners, iou_matrix, to_array
from core.mining.thinning_settings import ThinningSettings
from core.records.occlusion import Observation

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_HALF_PIXEL = 0.5
_NEIGHBOURS = 3  # views on either side over which a track's box is steadied


@dataclass(frozen=True, slots=True)
class ThinningResult:
    """What thinning found.

    Attributes:
        stationary: ids of the instances that stand still.
        representative: id of each thinned instance -> id of the one that stands for it. The
            representatives themselves, and instances outside large groups, are not in it.
    """

    stationary: frozenset[int]
    representative: Mapping[int, int]


def thin_views(
    observations: Sequence[Observation], settings: ThinningSettings | None = None
) -> ThinningResult:
    """Marks parked objects and thins repeated views.

    The order of the observations does not matter: groups are opened in order of time, then id, and the
    member with the highest score stands for its group (of equals the earliest).

    Args:
        observations: of one camera, of one or many sequences; thinning what is unoccluded only, as WALT
            does, is the caller's choice.
    """
    chosen = settings or ThinningSettings()
    ordered = sorted(observations, key=lambda one: (one.time_s, one.instance_id))
    if not ordered:
        return ThinningResult(frozenset(), {})
    boxes = to_array(one.box for one in ordered)
    times = np.array([one.time_s for one in ordered])
    still = np.zeros(len(ordered), dtype=np.bool_)
    for members in _by_track(ordered):
        tracked = ordered[members[0]].track_id is not None
        rows = _steadied(boxes[members]) if tracked else boxes[members]
        flags = stationary_boxes(rows, times[members], chosen.stationary_iou, chosen.stationary_gap_s)
        still[members] = flags
    representative: dict[int, int] = {}
    for members in _apart(ordered, still, chosen.across_tracks):
        for group in repeated_groups(boxes[members], chosen.group_iou):
            if group.size <= chosen.group_size:
                continue
            inside = [ordered[place] for place in members[group]]
            best = max(inside, key=lambda one: (one.score, -one.time_s, -one.instance_id))
            representative.update(
                (one.instance_id, best.instance_id) for one in inside if one.instance_id != best.instance_id
            )
    parked = frozenset(one.instance_id for one, flag in zip(ordered, still, strict=True) if flag)
    return ThinningResult(parked, representative)


def stationary_boxes(boxes: Array, times: Array, threshold: float, gap_s: float = 0.0) -> Bools:
    """Which boxes meet a box of another time by more than `threshold` IoU.

    Of a small box that asks for less than a detector's error, so edges within half a pixel meet too.

    Args:
        boxes: (n, 4) x, y, w, h in pixels. times: (n,), seconds.
        gap_s: how far apart the two times must lie at least.

    Returns:
        (n,) bool.
    """
    still = np.zeros(len(boxes), dtype=np.bool_)
    index = _LeftEdges(boxes)
    for one in range(len(boxes)):
        if still[one]:
            continue
        near = index.near(one, threshold, _HALF_PIXEL)
        apart = np.abs(times[near] - times[one])
        near = near[(apart > 0) & (apart >= gap_s)]
        alike = iou_matrix(boxes[one], boxes[near])[0] > threshold
        alike |= (np.abs(corners(boxes[near]) - corners(boxes[one])) <= _HALF_PIXEL).all(axis=1)
        meets = near[alike]
        still[meets] = True
        still[one] = meets.size > 0
    return still


def repeated_groups(boxes: Array, threshold: float) -> list[Ints]:
    """Greedy groups: the first free box opens one and takes all free boxes above `threshold` IoU with it.

    Args:
        boxes: (n, 4) x, y, w, h in pixels, in the order in which they may open groups.

    Returns:
        the members of each group, ascending; every box is in exactly one.
    """
    free = np.ones(len(boxes), dtype=np.bool_)
    index = _LeftEdges(boxes)
    groups: list[Ints] = []
    for one in range(len(boxes)):
        if not free[one]:
            continue
        near = index.near(one, threshold)
        near = near[free[near]]
        near = near[iou_matrix(boxes[one], boxes[near])[0] > threshold]
        members = np.union1d(near, [one])
        free[members] = False
        groups.append(members.astype(np.int64))
    return groups


class _LeftEdges:
    """Boxes sorted by their left edge, so that a box is compared with few others."""

    def __init__(self, boxes: Array) -> None:
        self._boxes = boxes
        self._order = np.argsort(boxes[:, 0], kind="stable")
        self._left = boxes[self._order, 0]

    def near(self, one: int, threshold: float, least_px: float = 0.0) -> Ints:
        """Ascending places of all boxes that can meet box `one` by more than `threshold` IoU.

        IoU > t needs shared width > t times the joint width; so left edges differ by less than
        (1 - t) / t times this box's width. Those at most `least_px` apart are always among them.
        """
        left, width = self._boxes[one, 0], self._boxes[one, 2]
        reach = max((1 - threshold) / threshold * width, least_px)
        first = np.searchsorted(self._left, left - reach, side="left")
        last = np.searchsorted(self._left, left + reach, side="right")
        return np.sort(self._order[first:last])


def _steadied(boxes: Array) -> Array:
    """A track's boxes without their jitter: medians over a few neighbours on either side.

    Args:
        boxes: (n, 4) in order of time.
    """
    padded = np.pad(boxes, ((_NEIGHBOURS, _NEIGHBOURS), (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1, axis=0)
    return np.asarray(np.median(views, axis=-1), dtype=np.float64)


def _by_track(ordered: Sequence[Observation]) -> list[Ints]:
    """Places of each track's observations; those without a track are one set."""
    tracks: dict[int | None, list[int]] = {}
    for place, one in enumerate(ordered):
        tracks.setdefault(one.track_id, []).append(place)
    return [np.array(places, dtype=np.int64) for places in tracks.values()]


def _apart(ordered: Sequence[Observation], still: Bools, across_tracks: bool) -> Iterator[Ints]:
    """Places of the observations that may share a group."""
    if across_tracks:
        yield np.arange(len(ordered))
        return
    parked = np.flatnonzero(still)
    if parked.size:
        yield parked
    for members in _by_track(ordered):
        moving = members[~still[members]]
        if moving.size:
            yield moving
