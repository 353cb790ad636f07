"""Evidence of static things in front of objects: samples of what passing objects show at each place.

Objects that move over a pixel change its colour, for their bodies differ. Where several objects passed
over a pixel and it kept its colour, the one that it has when they are gone too, something static stands in
front of them: a pole, a sign, a branch.
The same shows without pictures where a detector leaves a pole out of the masks, time after time. Each
sample remembers how low in the picture its object stood, for what stands in front of far objects may
itself stand behind near ones. `static_map` draws the conclusions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import to_array
from core.geometry.masks import patch_area, window
from core.mining.occlusion.overlap import same_objects
from core.mining.occlusion.settings import OcclusionSettings
from core.mining.occlusion.shapes import full_shape, shape_of, trimmed
from core.mining.occlusion.static_map import CellSamples, StaticMap, draw_map
from core.records.masks import MaskPatch
from core.records.occlusion import Observation

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """The pixels around an object.

    Attributes:
        x, y: the crop's top left pixel in the picture.
        image: (h, w, 3) uint8 RGB, at the picture's scale.
    """

    x: int
    y: int
    image: Bytes


Crops = Callable[[Sequence[int]], Mapping[int, Crop]]
"""Instance ids -> their crops; what is missing may be left out."""

_MOST_CELLS_WIDE = 640  # a wider picture shares a cell among several pixels
_BARE_SAMPLES = 8  # of what a cell shows without an object, likewise
_SAMPLES = 24  # kept for a cell; then a random older one makes room
_STEP_SHARE = 0.1  # an object is sampled anew when it has moved by this share of its size
_WAY_SHARE = 0.8  # of its size that a track must have gone from its beginning to its end
_MOVED_SHARE = 0.15  # between the medians of the views before and after one that counts as moving
_NEIGHBOURS = 8  # views on either side that tell whether a track moves
_CROPS_AT_ONCE = 256
_BARE_GAP_PX = 2  # pixels this near to an object may still show it
_TRIM_PX, _TRIM_SHARE = 1.0, 0.03  # a mask's outline is not trusted
_SOLID = 0.8  # share of a mask's convex hull that it must fill
_SEED = 2024


class StaticEvidence:
    """Gathers samples over as many bursts of one camera as there are.

    Args:
        width, height: of the picture, pixels.
        settings: see `OcclusionSettings`.
    """

    def __init__(self, width: int, height: int, settings: OcclusionSettings | None = None) -> None:
        self._settings = settings or OcclusionSettings()
        self._scale = min(1.0, _MOST_CELLS_WIDE / width)
        self._rows = max(round(height * self._scale), 1)
        self._columns = max(round(width * self._scale), 1)
        self._samples = CellSamples.empty(_SAMPLES, _BARE_SAMPLES, self._rows, self._columns)
        self._random = np.random.default_rng(_SEED)
        self._tracks: dict[int, int] = {}

    def add(self, observations: Sequence[Observation], crops: Crops | None = None) -> None:
        """Adds what the moving objects of one burst show.

        Args:
            observations: all objects of the burst, in any order; those without a track show nothing.
            crops: gives the pixels of those objects that are asked for; without it only masks speak.
        """
        ordered = sorted(observations, key=lambda one: (one.time_s, one.frame, one.instance_id))
        frames: dict[int, list[Observation]] = {}
        for one in ordered:
            frames.setdefault(one.frame, []).append(one)
        chosen = moving_samples(ordered)
        for start in range(0, len(chosen), _CROPS_AT_ONCE):
            chunk = chosen[start : start + _CROPS_AT_ONCE]
            pictures = crops([one.instance_id for one in chunk]) if crops is not None else {}
            for one in chunk:
                self._add_one(one, frames[one.frame], pictures.get(one.instance_id))

    def map(self) -> StaticMap:
        """Where static things stand in front, after all that was added."""
        return draw_map(self._samples, self._scale, self._settings)

    def _add_one(self, one: Observation, members: Sequence[Observation], crop: Crop | None) -> None:
        if one.mask is None and crop is None:
            return  # a box alone says nothing of single pixels
        shape = full_shape(one)
        if one.mask is not None and patch_area(one.mask) < _SOLID * patch_area(shape):
            return  # two objects in one, or much hidden: its hull is no fair guess of its shape
        core = trimmed(shape, round(_TRIM_PX + _TRIM_SHARE * one.box.size))
        if crop is not None:
            self._add_bare(members, crop)
        hidden = _covered_by_others(one, members, core)
        rows, columns = np.nonzero(core.bits & ~hidden)
        if rows.size == 0:
            return
        y, x, down, across = self._one_a_cell(rows + core.y, columns + core.x)
        colour, seen = _colours(crop, y, x)
        missed = ~_at(one.mask, y, x) if one.mask is not None else np.zeros(y.size, dtype=np.bool_)
        samples = self._samples
        have = samples.count[down, across]
        place = np.where(have < _SAMPLES, have, self._random.integers(0, _SAMPLES, size=have.size))
        at = (place, down, across)
        samples.colour[at] = colour
        samples.seen[at] = seen
        samples.missed[at] = missed
        samples.bottom[at] = int(np.clip(round(one.box.bottom), 0, np.iinfo(np.uint16).max))
        samples.track[at] = self._track_number(one.track_id)
        samples.part_x[at] = np.clip(100 * (x - one.box.x) / one.box.w, 0, 100)
        samples.part_y[at] = np.clip(100 * (y - one.box.y) / one.box.h, 0, 100)
        samples.count[down, across] += 1

    def _add_bare(self, members: Sequence[Observation], crop: Crop) -> None:
        """Adds what a crop shows beside all objects."""
        height, width = crop.image.shape[:2]
        taken = np.zeros((height, width), dtype=np.uint8)
        for other in members:
            box = other.box
            if (
                box.x < crop.x + width
                and box.right > crop.x
                and box.y < crop.y + height
                and box.bottom > crop.y
            ):
                shape = shape_of(other) if other.mask is None else full_shape(other)
                taken |= window(shape, crop.x, crop.y, width, height).view(np.uint8)
        rim = 2 * _BARE_GAP_PX + 1
        rows, columns = np.nonzero(cv2.dilate(taken, np.ones((rim, rim), dtype=np.uint8)) == 0)
        y, x, down, across = self._one_a_cell(rows + crop.y, columns + crop.x)
        samples = self._samples
        have = samples.bare_count[down, across]
        place = np.where(have < _BARE_SAMPLES, have, self._random.integers(0, _BARE_SAMPLES, size=have.size))
        samples.bare[place, down, across] = crop.image[y - crop.y, x - crop.x]
        samples.bare_count[down, across] += 1

    def _one_a_cell(self, y: Ints, x: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """One of the pixels that lie in each cell: their y and x, and the cells' rows and columns."""
        down = np.minimum((y * self._scale).astype(np.int64), self._rows - 1)
        across = np.minimum((x * self._scale).astype(np.int64), self._columns - 1)
        if self._scale < 1:
            _, first = np.unique(down * self._columns + across, return_index=True)
            y, x, down, across = y[first], x[first], down[first], across[first]
        return y, x, down, across

    def _track_number(self, track_id: int | None) -> int:
        return self._tracks.setdefault(-1 if track_id is None else track_id, len(self._tracks) % 65536)


def moving_tracks(ordered: Sequence[Observation]) -> set[int]:
    """Tracks that end somewhere else than they began.

    Args:
        ordered: by time.
    """
    return {track for track, members in _tracks(ordered).items() if _goes_on(*_places(members))}


def moving_samples(ordered: Sequence[Observation]) -> list[Observation]:
    """Views of moving objects, each a step apart from the last one of its track.

    Args:
        ordered: by time.
    """
    chosen = [one for members in _tracks(ordered).values() for one in _steps(members)]
    return sorted(chosen, key=lambda one: (one.time_s, one.frame, one.instance_id))


def _tracks(ordered: Sequence[Observation]) -> dict[int, list[Observation]]:
    tracks: dict[int, list[Observation]] = {}
    for one in ordered:
        if one.track_id is not None:
            tracks.setdefault(one.track_id, []).append(one)
    return tracks


def _places(members: Sequence[Observation]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The middles, (n, 2), and sizes, (n,), of a track's boxes, pixels."""
    boxes = to_array(one.box for one in members)
    return boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:].max(axis=1)


def _goes_on(centres: NDArray[np.float64], sizes: NDArray[np.float64]) -> bool:
    """Whether a track ends well away from where it began."""
    ends = max(min(_NEIGHBOURS, len(sizes) // 3), 1)
    way = np.median(centres[-ends:], axis=0) - np.median(centres[:ends], axis=0)
    return bool(np.hypot(*way) >= _WAY_SHARE * np.median(sizes))


def _steps(members: Sequence[Observation]) -> Iterator[Observation]:
    """Views of one track, each a step apart from the last, from where it moves.

    What stands still moves its box too, when the detector wavers or something passes by: a view counts
    where the track's middle moves on over several observations, and its outline is a plain one.
    """
    centres, sizes = _places(members)
    if not _goes_on(centres, sizes):
        return
    last = centres[0] - np.inf
    for place, one in enumerate(members):
        if np.hypot(*(centres[place] - last)) < _STEP_SHARE * sizes[place]:
            continue
        before = np.median(centres[max(place - _NEIGHBOURS, 0) : place + 1], axis=0)
        after = np.median(centres[place : place + _NEIGHBOURS + 1], axis=0)
        if np.hypot(*(after - before)) >= _MOVED_SHARE * sizes[place]:
            yield one
            last = centres[place]


def _covered_by_others(one: Observation, members: Sequence[Observation], core: MaskPatch) -> Bools:
    """Pixels of a shape at which other objects of the frame are seen, or may be where they have no mask."""
    height, width = core.bits.shape
    hidden = np.zeros((height, width), dtype=np.bool_)
    touching = [one] + [
        other
        for other in members
        if other is not one
        and other.box.x < core.x + width
        and other.box.right > core.x
        and other.box.y < core.y + height
        and other.box.bottom > core.y
    ]
    if len(touching) == 1:
        return hidden
    same = same_objects(touching)[0]
    for other, double in zip(touching[1:], same[1:], strict=True):
        if not double:
            hidden |= window(
                full_shape(other) if other.mask is None else other.mask, core.x, core.y, width, height
            )
    return hidden


def _colours(crop: Crop | None, y: Ints, x: Ints) -> tuple[Bytes, Bools]:
    """Colours of some pixels of the picture, (n, 3), and which of them the crop shows, (n,)."""
    colour = np.zeros((y.size, 3), dtype=np.uint8)
    if crop is None:
        return colour, np.zeros(y.size, dtype=np.bool_)
    down, across = y - crop.y, x - crop.x
    height, width = crop.image.shape[:2]
    seen = (down >= 0) & (across >= 0) & (down < height) & (across < width)
    colour[seen] = crop.image[down[seen], across[seen]]
    return colour, seen


def _at(mask: MaskPatch, y: Ints, x: Ints) -> Bools:
    """The mask at some pixels of the picture, (n,)."""
    top, left = int(y.min()), int(x.min())
    return window(mask, left, top, int(x.max()) - left + 1, int(y.max()) - top + 1)[y - top, x - left]
