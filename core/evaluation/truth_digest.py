"""A digest of what is true: two evaluations with the same one were measured by the same objects.

All of a truth goes into it by which anything is counted: labels, boxes, masks, points, how objects stand, and
what they are told apart by. Numbers are taken to four digits, so that how they were kept or computed does not
matter; of pixels and metres no person corrects less.
"""

from __future__ import annotations

import hashlib
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from core.evaluation.compared import MaskCodes, TruePicture, TrueThing
from core.records.boxes import Box
from core.records.masks import MaskPatch
from core.records.seen import Car3D, Person3D

_DIGITS = 4
_LENGTH = 32  # of the digest, hexadecimal digits


class TruthDigest:
    """Takes in what is true, in order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def words(self, *values: Enum | str | int | None) -> None:
        """Take in words and whole numbers."""
        told = [str(one.value) if isinstance(one, Enum) else one for one in values]
        self._hash.update(f"{told}\n".encode())

    def numbers(self, values: ArrayLike | None) -> None:
        """Take in an array of numbers; NaN is one as well, and None is nothing."""
        if values is None:
            self.words(None)
            return
        # what is NaN is the same NaN, and zero has no sign
        rounded = np.round(np.asarray(values, dtype=np.float64), _DIGITS) + 0.0
        rounded = np.where(np.isnan(rounded), np.nan, rounded)
        self._hash.update(f"{rounded.shape}\n".encode() + rounded.tobytes())

    def box(self, box: Box) -> None:
        """Take in where something is."""
        self.numbers([box.x, box.y, box.w, box.h])

    def picture(self, key: str, truth: TruePicture, codes: MaskCodes) -> None:
        """Take in a picture.

        Args:
            key: what it is, whatever it is called. codes: of its masks.
        """
        self.words(key, truth.width, truth.height, truth.hour, len(truth.things), len(truth.ignored))
        for box in truth.ignored:
            self.box(box)
        for thing in truth.things:
            self._thing(thing, truth, codes)

    @property
    def key(self) -> str:
        """The digest of all that was taken in."""
        return self._hash.hexdigest()[:_LENGTH]

    def _thing(self, thing: TrueThing, truth: TruePicture, codes: MaskCodes) -> None:
        seen = thing.seen
        self.words(thing.instance_id, thing.place, thing.track, seen.category, *seen.tags)
        self.box(seen.box)
        self.numbers(thing.occlusion)
        self.numbers(thing.distance_m)
        self.numbers(seen.places)
        for patch in (seen.whole, seen.modal):
            self._mask(patch, truth, codes)
        for part in _standing(seen.solid):
            self.numbers(part)

    def _mask(self, patch: MaskPatch | None, truth: TruePicture, codes: MaskCodes) -> None:
        self.words(None if patch is None else codes.of(patch, truth.height, truth.width).counts.decode())


def _standing(solid: Car3D | Person3D | None) -> tuple[ArrayLike, ...]:
    if solid is None:
        return ()
    if isinstance(solid, Car3D):
        return solid.rotation, solid.translation, solid.shape
    return solid.rotations, solid.translation, solid.betas
