"""Where upright people touch the ground and where their heads end, from their masks or boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import CalibrationError
from core.geometry.calibration.lens import Lens
from core.records.boxes import Box
from core.records.masks import MaskPatch

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

# a mask's end is a pixel or two off, and of those who are smaller often half is missing
LEAST_PX = 28.0
# wider for their height than this are groups, riders, and people who bend down or stretch out their arms
_WIDEST = 0.75
# of the height: the rows in which the head lies, and those in which both feet and shins do
_HEAD, _FEET = 0.1, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class PersonSighting:
    """One person in one frame, seen from head to foot.

    Attributes:
        foot: (2,) pixels: as low as the lowest that is seen, in the middle between both feet.
        head: (2,) pixels: as high as the highest that is seen, in the middle of the head.
        person: number of the person (the track).
    """

    foot: Array
    head: Array
    person: int


@dataclass(frozen=True, eq=False)
class PeopleStack:
    """Sightings as arrays, pixels from the principal point of an ideal lens.

    Attributes:
        feet, heads: (b, 2).
        person: (b,) who it is, from 0.
        people: how many there are.
    """

    feet: Array
    heads: Array
    person: Indices
    people: int

    @property
    def tall_px(self) -> Array:
        """(b,) how tall each is in the picture."""
        return np.asarray(np.linalg.norm(self.heads - self.feet, axis=1))

    def of(self, chosen: Indices | NDArray[np.bool_]) -> PeopleStack:
        """Some of the rows, their people counted anew."""
        names, person = np.unique(self.person[chosen], return_inverse=True)
        return PeopleStack(self.feet[chosen], self.heads[chosen], person.astype(np.intp), len(names))


def sighting_of(box: Box, mask: MaskPatch | None, person: int) -> PersonSighting | None:
    """Foot and head of one person; None where it is too small, or not as narrow as somebody upright.

    Args:
        box: of what is seen, pixels on pixel edges.
        mask: of what is seen; without one both ends are taken in the middle of the box.
        person: number of the person.
    """
    rows = None if mask is None else np.flatnonzero(mask.bits.any(axis=1))
    if mask is None or rows is None or not len(rows):
        if box.h < LEAST_PX or box.w > _WIDEST * box.h:
            return None
        middle = box.x + box.w / 2 - 0.5
        return PersonSighting(np.array([middle, box.bottom - 0.5]), np.array([middle, box.y - 0.5]), person)
    first, last = int(rows[0]), int(rows[-1]) + 1
    tall = last - first
    columns = np.flatnonzero(mask.bits.any(axis=0))
    if tall < LEAST_PX or columns[-1] + 1 - columns[0] > _WIDEST * tall:
        return None
    head_rows, feet_rows = max(2, round(_HEAD * tall)), max(2, round(_FEET * tall))
    head = np.flatnonzero(mask.bits[first : first + head_rows].any(axis=0))
    feet = np.flatnonzero(mask.bits[last - feet_rows : last].any(axis=0))
    # the middles of both bands lie within the person, and upright things lean in pictures: go on to the ends
    top, bottom = (head[0] + head[-1]) / 2, (feet[0] + feet[-1]) / 2
    slope = (top - bottom) / (tall - (head_rows + feet_rows) / 2)
    # a row of pixels reaches half a pixel beyond its centres
    return PersonSighting(
        np.array([mask.x + bottom - slope * feet_rows / 2, mask.y + last - 0.5]),
        np.array([mask.x + top + slope * head_rows / 2, mask.y + first - 0.5]),
        person,
    )


def stack_people(sightings: Sequence[PersonSighting], lens: Lens) -> PeopleStack:
    """The sightings as an ideal lens would have them.

    Raises:
        CalibrationError: where there are none.
    """
    feet = lens.flatten(np.reshape([one.foot for one in sightings], (-1, 2)))
    heads = lens.flatten(np.reshape([one.head for one in sightings], (-1, 2)))
    good = np.flatnonzero(np.isfinite(feet).all(axis=1) & np.isfinite(heads).all(axis=1))
    if not len(good):
        raise CalibrationError(
            "Nobody is seen from head to foot.",
            "Mine the footage first. People whom nothing hides tell of the camera; twelve are enough.",
        )
    names = np.array([sightings[row].person for row in good.tolist()])
    _, person = np.unique(names, return_inverse=True)
    return PeopleStack(feet[good], heads[good], person.astype(np.intp), int(person.max()) + 1)
