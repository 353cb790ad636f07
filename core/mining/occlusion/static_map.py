"""The map of static things in front of objects, drawn from samples of what passing objects show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.mining.occlusion.settings import OcclusionSettings

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_LEAST_SAMPLES = 4
_AGREE = 0.5  # share of a cell's samples that must agree: a chance likeness of the farthest few is nothing
_PARTS = 40.0  # the objects must have shown parts of themselves at least this far apart, percent of the box
_MISSED = 0.7  # share of the samples that leave a cell out of the mask
_LEAST_BARE = 2  # looks at a cell without an object that tell what it shows then
_BARE_SPREADS = 2.0  # how far from that a sample may lie and still show the same, in static spreads
_AS_BARE = 0.85  # share of the samples that must show the same
_LOOSE = 1.5  # how much weaker evidence may be beside strong evidence
_LEAST_CELLS = 6  # cells of strong evidence that make a thing; fewer are chance
_RING_CELLS = 4  # width of the ring around a thing with which it is compared
_CONTRAST = 0.4  # a thing varies at most this much of what its ring does
_FARTHER = 0.9  # share of the samples, from far to near, over which that is compared
_CELLS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, eq=False)
class CellSamples:
    """Up to K samples for each cell of a grid over the picture.

    Attributes:
        colour: (K, h, w, 3) uint8 RGB; seen: (K, h, w) whether there is one.
        missed: (K, h, w) whether the object's mask left the cell out although its outline holds it.
        bottom: (K, h, w) uint16: how low in the picture the object stood, pixels.
        track: (K, h, w) uint16: which object.
        part_x, part_y: (K, h, w) uint8: where in the object's box the cell lay, percent.
        count: (h, w): samples given so far, also those that made room.
        bare: (B, h, w, 3) uint8 RGB: what the cell shows where no object was found.
        bare_count: (h, w): how often that was seen.
    """

    colour: NDArray[np.uint8]
    seen: Bools
    missed: Bools
    bottom: NDArray[np.uint16]
    track: NDArray[np.uint16]
    part_x: NDArray[np.uint8]
    part_y: NDArray[np.uint8]
    count: Ints
    bare: NDArray[np.uint8]
    bare_count: Ints

    @classmethod
    def empty(cls, samples: int, bare: int, rows: int, columns: int) -> CellSamples:
        """Room for K samples of each cell and B of what it shows bare, and none yet."""
        shape = (samples, rows, columns)
        return cls(
            np.zeros((*shape, 3), dtype=np.uint8),
            np.zeros(shape, dtype=np.bool_),
            np.zeros(shape, dtype=np.bool_),
            np.zeros(shape, dtype=np.uint16),
            np.zeros(shape, dtype=np.uint16),
            np.zeros(shape, dtype=np.uint8),
            np.zeros(shape, dtype=np.uint8),
            np.zeros((rows, columns), dtype=np.int64),
            np.zeros((bare, rows, columns, 3), dtype=np.uint8),
            np.zeros((rows, columns), dtype=np.int64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class StaticMap:
    """Where static things stand in front of objects.

    Attributes:
        scale: cells per pixel of the picture, at most 1.
        reach: (h, w) float32: what stands at this cell hides objects whose bottom lies at this y of the
            picture or above; -inf where nothing is known to stand.
        known: (h, w) bool: where enough objects passed to tell.
    """

    scale: float
    reach: Floats
    known: Bools

    def things(self, left: int, top: int, width: int, height: int, bottom: float) -> Bools | None:
        """What hides an object that stands at `bottom`, in a window of the picture, pixels.

        Returns:
            (height, width), or None where nothing does.
        """
        near = self._part(self.reach, left, top, width, height)
        if near.size == 0 or not (near >= bottom).any():
            return None
        hides = self.reach >= bottom if self.scale < 1 else near >= bottom
        rows, columns = np.arange(height) + top, np.arange(width) + left
        full = np.zeros((height, width), dtype=np.bool_)
        limit_y, limit_x = self.reach.shape
        down, across = (rows * self.scale).astype(np.int64), (columns * self.scale).astype(np.int64)
        good_y = (rows >= 0) & (down < limit_y)
        good_x = (columns >= 0) & (across < limit_x)
        if self.scale < 1:
            full[np.ix_(good_y, good_x)] = hides[np.ix_(down[good_y], across[good_x])]
        else:
            full[np.ix_(good_y, good_x)] = hides
        return full

    def known_share(self, left: int, top: int, width: int, height: int) -> float:
        """The share of a window of the picture where enough objects passed to tell, 0 to 1."""
        near = self._part(self.known, left, top, width, height)
        return float(np.count_nonzero(near)) / near.size if near.size else 0.0

    def _part(self, grid: NDArray[Any], left: int, top: int, width: int, height: int) -> NDArray[Any]:
        """The cells that a window of the picture touches."""
        ends = np.array([top, top + height, left, left + width]) * self.scale
        first_y, first_x = max(int(ends[0]), 0), max(int(ends[2]), 0)
        return grid[first_y : max(int(np.ceil(ends[1])), 0), first_x : max(int(np.ceil(ends[3])), 0)]


@dataclass(frozen=True, slots=True, eq=False)
class _Verdicts:
    """What the samples of n cells say.

    Attributes:
        strong, weak: (n,) reach by strong and by weaker evidence, -inf where there is none.
        spread: (n,) how much the colour varies over the farther samples, grey levels; 0 where none is seen.
        missed: (n,) share of them that leave the cell out of the mask.
        known: (n,) whether there is enough to tell.
    """

    strong: Floats
    weak: Floats
    spread: Floats
    missed: Floats
    known: Bools


def draw_map(samples: CellSamples, scale: float, settings: OcclusionSettings) -> StaticMap:
    """The map that the samples speak for.

    A cell is static where several objects, and parts of them that lie far enough apart, show one colour or
    leave it out of their masks. Cells of strong evidence draw in weaker ones beside them, and a thing counts
    only where what is around it varies more.
    """
    shape = samples.count.shape
    strong = np.full(shape, -np.inf, dtype=np.float32)
    weak = strong.copy()
    spread, missed = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    known = np.zeros(shape, dtype=np.bool_)
    down, across = np.nonzero(samples.count >= np.ceil(_LEAST_SAMPLES / _LOOSE))
    for start in range(0, down.size, _CELLS_AT_ONCE):
        at = (down[start : start + _CELLS_AT_ONCE], across[start : start + _CELLS_AT_ONCE])
        found = _judge(samples, at, settings)
        strong[at], weak[at], known[at] = found.strong, found.weak, found.known
        spread[at], missed[at] = found.spread, found.missed
    return StaticMap(scale, _things(strong, weak, spread, missed, known), known)


def _judge(samples: CellSamples, at: tuple[Ints, Ints], settings: OcclusionSettings) -> _Verdicts:
    """Looks at some cells' samples, from the farthest object to the nearest: K samples of n cells."""
    most = len(samples.colour)
    count = np.minimum(samples.count[at], most)
    bottoms = samples.bottom[(slice(None), *at)].astype(np.float32)
    bottoms[np.arange(most)[:, None] >= count[None, :]] = np.inf
    order = (np.argsort(bottoms, axis=0, kind="stable"), at[0][None, :], at[1][None, :])
    rank = np.arange(1, most + 1)[:, None]
    valid = rank <= count[None, :]
    tracks = _distinct(samples.track[order], valid)
    apart = np.maximum(_range(samples.part_x[order], valid), _range(samples.part_y[order], valid))
    shown = np.cumsum(valid & samples.seen[order], axis=0)
    spread = _spread(samples.colour[order], valid & samples.seen[order])
    missed = np.cumsum(samples.missed[order] & valid, axis=0) / rank
    bottom = samples.bottom[order].astype(np.float32)
    agreeing = valid & (rank >= _AGREE * count[None, :])

    unlike, bare_known = _unlike_bare(samples, at, samples.colour[order])
    same = valid & samples.seen[order] & (unlike <= _BARE_SPREADS * settings.static_spread)
    as_bare = np.cumsum(same, axis=0) / np.maximum(shown, 1)

    def reach(loose: float) -> Floats:
        least = np.ceil(_LEAST_SAMPLES / loose)
        enough = agreeing & (tracks >= np.ceil(settings.static_tracks / loose)) & (rank >= least)
        enough &= apart >= _PARTS / loose
        one_colour = (shown >= least) & (spread <= settings.static_spread * loose)
        # and what stands in front is still there when the objects have gone
        one_colour &= bare_known & (as_bare >= _AS_BARE)
        hides = enough & (one_colour | (missed >= _MISSED))
        last = most - 1 - np.argmax(hides[::-1], axis=0)
        farthest = np.take_along_axis(bottom, last[None, :], axis=0)[0]
        return np.where(hides.any(axis=0), farthest, -np.inf).astype(np.float32)

    cells = np.arange(count.size)
    known = (tracks[count - 1, cells] >= settings.static_tracks) & (count >= _LEAST_SAMPLES)
    # not of the nearest samples: now and then an object passes in front of the thing
    most_of = (np.maximum(np.ceil(_FARTHER * count), 1).astype(np.int64) - 1, cells)
    return _Verdicts(
        reach(1.0),
        reach(_LOOSE),
        spread[most_of].astype(np.float32),
        missed[most_of].astype(np.float32),
        known,
    )


def _unlike_bare(
    samples: CellSamples, at: tuple[Ints, Ints], colour: NDArray[np.uint8]
) -> tuple[Floats, Bools]:
    """How far samples' colours, (K, n, 3), lie from what their cells show bare.

    Returns:
        (K, n) grey levels, mean over the channels; and (n,) whether a cell was seen bare often enough.
    """
    most = len(samples.bare)
    count = np.minimum(samples.bare_count[at], most)
    values = samples.bare[(slice(None), *at)].astype(np.float32)
    values[np.arange(most)[:, None] >= count[None, :]] = np.nan
    known = count >= _LEAST_BARE
    middle = np.zeros(values.shape[1:], dtype=np.float32)
    middle[known] = np.nanmedian(values[:, known], axis=0)
    return np.abs(colour.astype(np.float32) - middle).mean(axis=2), known


def _distinct(track: NDArray[np.uint16], valid: Bools) -> Ints:
    """(K, n): how many different tracks the first 1..K samples hold."""
    new = valid.copy()
    for place in range(1, len(track)):
        new[place] &= ~((track[:place] == track[place]) & valid[:place]).any(axis=0)
    return np.cumsum(new, axis=0)


def _range(part: NDArray[np.uint8], valid: Bools) -> Floats:
    """(K, n): how far apart the values of the first 1..K samples lie."""
    values = part.astype(np.float32)
    high = np.maximum.accumulate(np.where(valid, values, -np.inf), axis=0)
    low = np.minimum.accumulate(np.where(valid, values, np.inf), axis=0)
    return (high - low).astype(np.float32)


def _spread(colour: NDArray[np.uint8], shown: Bools) -> Floats:
    """(K, n): the standard deviation of the first 1..K samples' colours, mean over the channels."""
    values = np.where(shown[..., None], colour.astype(np.float32), 0.0)
    number = np.maximum(np.cumsum(shown, axis=0), 1)[..., None]
    mean = np.cumsum(values, axis=0) / number
    variance = np.cumsum(values**2, axis=0) / number - mean**2
    return np.sqrt(np.maximum(variance, 0.0)).mean(axis=2).astype(np.float32)


def _things(strong: Floats, weak: Floats, spread: Floats, missed: Floats, known: Bools) -> Floats:
    """Joins cells to things: keeps those with enough strong evidence that stand out from their ring."""
    sure = np.isfinite(strong)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        (sure | np.isfinite(weak)).astype(np.uint8), connectivity=8
    )
    enough = np.bincount(labels[sure], minlength=len(stats)) >= _LEAST_CELLS
    reach = np.full(strong.shape, -np.inf, dtype=np.float32)
    for thing in np.flatnonzero(enough[1:]) + 1:
        left, top, width, height = stats[thing, :4]
        near = (
            slice(max(top - _RING_CELLS, 0), top + height + _RING_CELLS),
            slice(max(left - _RING_CELLS, 0), left + width + _RING_CELLS),
        )
        inside = labels[near] == thing
        ring = _dilated(inside, _RING_CELLS) & ~_dilated(inside, 1) & (labels[near] == 0) & known[near]
        if ring.any() and _stands_out(spread[near], missed[near], inside, ring):
            joined = np.maximum(strong[near], weak[near])
            reach[near] = np.where(inside, joined, reach[near])
    return reach


def _stands_out(spread: Floats, missed: Floats, inside: Bools, ring: Bools) -> bool:
    """Whether colours inside vary less than around, or masks leave the inside out more than around."""
    inner, outer = float(np.median(spread[inside])), float(np.median(spread[ring]))
    varies_less = outer > 0 and inner <= _CONTRAST * outer
    share = float(np.median(missed[inside]))
    left_out = share >= _MISSED and float(np.median(missed[ring])) <= _CONTRAST * share
    return varies_less or left_out


def _dilated(bits: Bools, cells: int) -> Bools:
    kernel = np.ones((2 * cells + 1, 2 * cells + 1), dtype=np.uint8)
    return cv2.dilate(bits.astype(np.uint8), kernel).astype(np.bool_)
