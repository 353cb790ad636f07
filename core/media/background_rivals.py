"""Where a place looks one way for long and another way for long: which of the two is the background.

A car that waits or parks for half of the samples shares its place with the road. Counting cannot tell them
apart, but an object brings edges: along its outline, and within it. So neighbouring places that change
together are taken as one, and the appearance with clearly fewer edges is the background.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_RIVAL_SHARE = 0.2  # of the samples: how often the rarer appearance must recur
_FEWEST_BLOCKS = 3
_CLEARLY_FEWER = 0.85  # edges of the rarer appearance, as a share of the commoner one's
_RIM_PX = 2
_IN_STEP = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """A block with two lasting appearances.

    Attributes:
        row, column: which block.
        common, rare: (N,) bool, the samples that show each.
    """

    row: int
    column: int
    common: NDArray[np.bool_]
    rare: NDArray[np.bool_]

    def swapped(self) -> Rival:
        """The same with the appearances exchanged."""
        return Rival(self.row, self.column, self.rare, self.common)


def is_rival(rare: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether an appearance, (..., N) bool, recurs often enough to be the background itself."""
    recurs: NDArray[np.bool_] = rare.mean(axis=-1) >= _RIVAL_SHARE
    return recurs


def choose_rivals(
    rivals: list[Rival], image: NDArray[np.uint8], previews: NDArray[np.uint8], block_px: int
) -> list[Rival]:
    """Of the rivals, those whose `rare` appearance, maybe swapped, is the background and not the other.

    Args:
        rivals: blocks with two lasting appearances.
        image: (h, w, 3) uint8, the reference as it stands, with the commoner appearance everywhere.
        previews: (N, h, w, 3) uint8, the samples.
        block_px: size of a block.
    """
    chosen: list[Rival] = []
    for group in _groups_in_step(rivals):
        if len(group) < _FEWEST_BLOCKS:
            continue
        first = _with_appearance([(r.row, r.column, r.common) for r in group], image, previews, block_px)
        second = _with_appearance([(r.row, r.column, r.rare) for r in group], image, previews, block_px)
        rim = _rim_of(group, image.shape[:2], block_px)
        commoner, rarer = _edges(first)[rim].mean(), _edges(second)[rim].mean()
        if rarer < _CLEARLY_FEWER * commoner:
            chosen += group + _neighbours(group)
    return chosen


def _neighbours(group: list[Rival]) -> list[Rival]:
    """The blocks around a group: an object's outline reaches a little into them.

    They take the samples in which most members beside them show the appearance that was chosen.
    """
    members = {(rival.row, rival.column): rival for rival in group}
    beside: dict[tuple[int, int], list[NDArray[np.bool_]]] = {}
    for row, column in members:
        for place in _around(row, column):
            if place not in members and min(place) >= 0:
                beside.setdefault(place, []).append(members[row, column].rare)
    around = [(place, np.mean(flags, axis=0) > 0.5) for place, flags in beside.items()]
    return [Rival(*place, ~rare, rare) for place, rare in around if rare.any()]


def _groups_in_step(rivals: list[Rival]) -> list[list[Rival]]:
    """Rivals whose blocks touch and change at the same times, with one meaning of `rare` in each group.

    In each group `rare` is the appearance that is rarer over the whole group.
    """
    waiting = {(rival.row, rival.column): rival for rival in rivals}
    groups = []
    while waiting:
        group = [waiting.popitem()[1]]
        for member in group:  # grows while it is walked
            for place in _around(member.row, member.column):
                if place in waiting:
                    step = _in_step(member, waiting[place])
                    if abs(step) >= _IN_STEP:
                        neighbour = waiting.pop(place)
                        group.append(neighbour if step > 0 else neighbour.swapped())
        rarer = sum(int(r.rare.sum()) for r in group) <= sum(int(r.common.sum()) for r in group)
        groups.append(group if rarer else [rival.swapped() for rival in group])
    return groups


def _around(row: int, column: int) -> list[tuple[int, int]]:
    return list(itertools.product(range(row - 1, row + 2), range(column - 1, column + 2)))


def _in_step(one: Rival, other: Rival) -> float:
    """1 when two blocks show the same appearance in all samples that they share, -1 when the opposite."""
    together = int((one.common & other.common).sum() + (one.rare & other.rare).sum())
    crossed = int((one.common & other.rare).sum() + (one.rare & other.common).sum())
    return (together - crossed) / max(1, together + crossed)


def _with_appearance(
    places: list[tuple[int, int, NDArray[np.bool_]]],
    image: NDArray[np.uint8],
    previews: NDArray[np.uint8],
    block_px: int,
) -> NDArray[np.uint8]:
    """The image with the median of the given samples put in at each block."""
    changed = image.copy()
    for row, column, samples in places:
        part = _block(row, column, block_px)
        changed[part] = np.median(previews[samples, part[0], part[1]], axis=0)
    return changed


def _rim_of(group: list[Rival], shape: tuple[int, int], block_px: int) -> NDArray[np.bool_]:
    """(h, w) bool: the blocks of a group and a narrow rim, where an object's outline would be."""
    region = np.zeros(shape, np.uint8)
    for rival in group:
        region[_block(rival.row, rival.column, block_px)] = 1
    return cv2.dilate(region, np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)) > 0


def _block(row: int, column: int, block_px: int) -> tuple[slice, slice]:
    return (
        slice(row * block_px, (row + 1) * block_px),
        slice(column * block_px, (column + 1) * block_px),
    )


def _edges(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w) float32: the strongest channel's step to the right and down."""
    values = image.astype(np.float32)
    edges = np.zeros(image.shape[:2], np.float32)
    edges[:, :-1] += np.abs(np.diff(values, axis=1)).max(axis=2)
    edges[:-1] += np.abs(np.diff(values, axis=0)).max(axis=2)
    return edges
