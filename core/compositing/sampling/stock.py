"""What samplers draw from: a camera's pieces as a few whole numbers each, and the scene of a background."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.compositing.kept import Kept
from core.compositing.pixels import ONE_Q8
from core.compositing.sampling.footprints import Footprint
from core.errors import CompositeError
from core.geometry.masks import patch_area, rle_to_patch
from core.records.masks import MaskPatch, Rle
from core.records.recipes import Split

Ints = NDArray[np.int64]

UNKNOWN = -1
_SPLITS = tuple(Split)
_MASK_CACHE_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class StockPiece:
    """One piece as samplers know it.

    Attributes:
        piece_id, track_id: which, and whose; None for an object that is in no track.
        hour: of the day at the camera, or None where it is not known.
        light_q8: how bright its frame was against its background, with 8 binary places (`frame_light`).
        moment_s: of its frame, on one clock for all of the camera.
        box: x, y, w, h around its mask, whole pixels; a cut-out's own is large enough.
        mask_id, mask: amodal.
        footprint: on the ground, or None without a fit or a calibration: WALT3D leaves it out.
        split: which composites it may be in, or None for none: its track is too near to a border.
        standing: whether it stands in the background.
    """

    piece_id: int
    track_id: int | None
    hour: int | None
    light_q8: int
    moment_s: float
    box: tuple[int, int, int, int]
    mask_id: int
    mask: Rle
    footprint: Footprint | None
    split: Split | None
    standing: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A background as samplers know it.

    Attributes:
        background_id: which.
        hour: that it shows, or None where it is over all hours: then pieces of any hour fit.
        standing: ids of the pieces that stand in it, which must be in the stock with footprints.
        ignored: ids and masks of what stands in it and has no good fit.
    """

    background_id: int
    hour: int | None
    standing: tuple[int, ...] = ()
    ignored: tuple[tuple[int, Rle], ...] = ()


def frame_light(light: tuple[int, int, int, int], background_light: tuple[int, int, int]) -> int:
    """How bright a cut-out's frame was against its background, with 8 binary places, rounded half up.

    Args:
        light, background_light: of the cut-out.

    Returns:
        256 where they are as bright, or nothing was compared.
    """
    here, there = sum(light[:3]), sum(background_light)
    return (2 * here * ONE_Q8 + there) // (2 * there) if here > 0 and there > 0 else ONE_Q8


class Stock:
    """All pieces of a camera that may be drawn, in order of their ids, whatever order they came in.

    In memory each takes about 50 bytes, those of its footprint's corners (8 a corner), and its mask's code.

    Args:
        camera_id: whose.
        width, height: of its pictures, pixels.
        pieces: in any order, each once.
    """

    def __init__(self, camera_id: int, width: int, height: int, pieces: Iterable[StockPiece]) -> None:
        rows = sorted(pieces, key=lambda one: one.piece_id)
        self.camera_id = camera_id
        self.width, self.height = width, height
        self.piece_ids = np.array([one.piece_id for one in rows], dtype=np.int64)
        self.mask_ids = np.array([one.mask_id for one in rows], dtype=np.int64)
        self.track_ids = np.array([_known(one.track_id) for one in rows], dtype=np.int64)
        self.hours = np.array([_known(one.hour) for one in rows], dtype=np.int8)
        self.light_q8 = np.array([one.light_q8 for one in rows], dtype=np.int32)
        self.moments_s = np.array([one.moment_s for one in rows], dtype=np.float64)
        self.splits = np.array([_number(one.split) for one in rows], dtype=np.int8)
        self.standing = np.array([one.standing for one in rows], dtype=np.bool_)
        self.boxes = np.array([one.box for one in rows], dtype=np.int32).reshape(-1, 4)
        self.distances = np.array(
            [UNKNOWN if one.footprint is None else one.footprint.distance_key for one in rows], dtype=np.int64
        )
        corners = [() if one.footprint is None else one.footprint.corners for one in rows]
        self._corner_ends = np.cumsum([0, *(len(one) for one in corners)], dtype=np.int64)
        self._corners = np.array([xy for one in corners for xy in one], dtype=np.int32).reshape(-1, 2)
        self._code_ends = np.cumsum([0, *(len(one.mask.counts) for one in rows)], dtype=np.int64)
        self._codes = b"".join(one.mask.counts for one in rows)
        self._masks: Kept[int, tuple[MaskPatch, int]] = Kept(_MASK_CACHE_BYTES)

    def __len__(self) -> int:
        return len(self.piece_ids)

    @property
    def nbytes(self) -> int:
        """What the pieces take in memory, decoded masks left out."""
        arrays = (self.piece_ids, self.mask_ids, self.track_ids, self.hours, self.light_q8, self.moments_s)
        more = (
            self.splits,
            self.standing,
            self.distances,
            self.boxes,
            self._corner_ends,
            self._corners,
            self._code_ends,
        )
        return sum(array.nbytes for array in (*arrays, *more)) + len(self._codes)

    @property
    def on_ground(self) -> NDArray[np.bool_]:
        """(n,) which pieces have a footprint."""
        return np.diff(self._corner_ends) > 0

    def index_of(self, piece_id: int) -> int | None:
        """Where a piece is in the stock, or None."""
        index = int(np.searchsorted(self.piece_ids, piece_id))
        found = index < len(self) and int(self.piece_ids[index]) == piece_id
        return index if found else None

    def footprint(self, index: int) -> Footprint:
        """A piece's footprint; it has one."""
        rows = self._corners[self._corner_ends[index] : self._corner_ends[index + 1]]
        return Footprint(tuple((x, y) for x, y in rows.tolist()))

    def mask(self, index: int) -> tuple[MaskPatch, int]:
        """A piece's mask, and how many pixels it has.

        Raises:
            CompositeError: it is damaged.
        """
        found = self._masks.get(index)
        if found is None:
            code = self._codes[self._code_ends[index] : self._code_ends[index + 1]]
            try:
                patch = rle_to_patch(Rle(self.height, self.width, code))
            except ValueError:
                raise CompositeError(
                    f"Mask {self.mask_ids[index]} in the project is damaged.",
                    "Mine its footage again, and cut objects out anew.",
                ) from None
            found = patch, patch_area(patch)
            self._masks.put(index, found, patch.bits.nbytes)
        return found


def split_number(split: Split) -> int:
    """Where a split is among all."""
    return _SPLITS.index(split)


def _number(split: Split | None) -> int:
    return UNKNOWN if split is None else split_number(split)


def _known(value: int | None) -> int:
    return UNKNOWN if value is None else value
