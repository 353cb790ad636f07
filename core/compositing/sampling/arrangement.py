"""Objects put onto a scene one after another: what meets, what hides what, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.compositing.labels import hidden_percent
from core.compositing.sampling.depth_order import boxes_touch, nearer, sorted_far_to_near
from core.compositing.sampling.footprints import Footprint, are_apart
from core.compositing.sampling.stock import UNKNOWN, Stock
from core.errors import CompositeError
from core.geometry.masks import window
from core.records.masks import MaskPatch

Bits = NDArray[np.bool_]

TOUCH_PX = 3  # masks this near to each other have soft edges that meet


@dataclass(slots=True, eq=False)
class Placed:
    """One object of an arrangement.

    Attributes:
        index: in the stock.
        piece_id, track_id: which.
        footprint: on the ground.
        box: of its mask, x, y, w, h.
        mask, area: what it covers of the picture, and how many pixels that is.
        covered: which of the mask's patch nearer objects cover, or None where nothing does.
        hidden: how many of its pixels are covered.
    """

    index: int
    piece_id: int
    track_id: int
    footprint: Footprint
    box: tuple[int, int, int, int]
    mask: MaskPatch
    area: int
    covered: Bits | None = None
    hidden: int = 0

    @property
    def percent(self) -> int:
        """How much of it is hidden."""
        return hidden_percent(self.hidden, self.area)


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """What an object would change where it comes in.

    Attributes:
        one: the object, with what covers it.
        changes: (place in the arrangement, what covers it then, how many of its pixels) of those it hides.
        behind, before: places of those that it hides or might, and of those that hide it or might.
    """

    one: Placed
    changes: tuple[tuple[int, Bits, int], ...]
    behind: tuple[int, ...]
    before: tuple[int, ...]


class Arrangement:
    """Objects that stand apart on the ground.

    Args:
        stock: where they are from.
        margin_mm: between two footprints at least.
        most_hidden_percent: of any object.
        closed: (H, W) where nothing may be put, or None.
    """

    def __init__(
        self, stock: Stock, *, margin_mm: int, most_hidden_percent: int, closed: Bits | None
    ) -> None:
        self._stock = stock
        self._margin_mm = margin_mm
        self._most_hidden_percent = most_hidden_percent
        self._closed = closed
        self._in_front: list[tuple[int, int]] = []  # (far, near) places
        self.objects: list[Placed] = []

    def placed(self, index: int) -> Placed:
        """A piece of the stock as an object that nothing covers yet."""
        stock = self._stock
        mask, area = stock.mask(index)
        h, w = mask.bits.shape
        return Placed(
            index,
            int(stock.piece_ids[index]),
            int(stock.track_ids[index]),
            stock.footprint(index),
            (mask.x, mask.y, w, h),
            mask,
            area,
        )

    def tried(self, index: int) -> Placement | None:
        """What a piece would change, or None where it may not come in.

        It may not where its track is there already, its footprint meets another, its mask a closed place, or
        where it would hide too much of anything, or be hidden too much.
        """
        track_id = int(self._stock.track_ids[index])
        if any(
            other.index == index or (track_id != UNKNOWN and other.track_id == track_id)
            for other in self.objects
        ):
            return None
        one = self.placed(index)
        if not one.area or self._is_closed(one.mask):
            return None
        if not all(are_apart(one.footprint, other.footprint, self._margin_mm) for other in self.objects):
            return None
        placement = self._placement(one)
        hidden = [(one.hidden, one.area)]
        hidden += [(count, self.objects[place].area) for place, _, count in placement.changes]
        return (
            None
            if any(100 * part > self._most_hidden_percent * whole for part, whole in hidden)
            else placement
        )

    def stand(self, indices: Sequence[int]) -> None:
        """Takes in what stands in the background, as it does, however near to each other.

        Where two fits meet, the one whose middle is nearer is in front.

        Raises:
            CompositeError: some are in front of each other in a ring.
        """
        for index in indices:
            if not self.put(self._placement(self.placed(index), meeting=True)):
                raise CompositeError(
                    "Objects that stand in this background are in front of each other in a ring.",
                    "Look at their fits, and reject one that is wrong.",
                )

    def put(self, placement: Placement) -> bool:
        """Takes an object in; refuses, and changes nothing, where some would be in front of each other in a
        ring."""
        last = len(self.objects)
        in_front = [
            *self._in_front,
            *((other, last) for other in placement.behind),
            *((last, other) for other in placement.before),
        ]
        objects = [*self.objects, placement.one]
        if placement.behind and placement.before and _order(objects, in_front) is None:
            return False
        self._in_front, self.objects = in_front, objects
        for place, covered, hidden in placement.changes:
            self.objects[place].covered, self.objects[place].hidden = covered, hidden
        return True

    def far_to_near(self) -> list[Placed]:
        """The objects in the order in which they are drawn."""
        order = _order(self.objects, self._in_front)
        assert order is not None, "each object was taken in only where an order was left"
        return [self.objects[place] for place in order]

    def _placement(self, one: Placed, *, meeting: bool = False) -> Placement:
        changes: list[tuple[int, Bits, int]] = []
        behind: list[int] = []
        before: list[int] = []
        for place, other in enumerate(self.objects):
            if not boxes_touch(one.box, other.box, TOUCH_PX):
                continue
            first = nearer(one.footprint, other.footprint)
            if meeting and not first:
                first = -1 if one.footprint.distance_key < other.footprint.distance_key else 1
            if first < 0:
                behind.append(place)
                covered = _covered(other, one.mask)
                hidden = int(np.count_nonzero(covered & other.mask.bits))
                if hidden != other.hidden:
                    changes.append((place, covered, hidden))
            elif first > 0:
                before.append(place)
                one.covered = _covered(one, other.mask)
        if one.covered is not None:
            one.hidden = int(np.count_nonzero(one.covered & one.mask.bits))
        return Placement(one, tuple(changes), tuple(behind), tuple(before))

    def _is_closed(self, mask: MaskPatch) -> bool:
        if self._closed is None:
            return False
        h, w = mask.bits.shape
        return bool((self._closed[mask.y : mask.y + h, mask.x : mask.x + w] & mask.bits).any())


def _order(objects: Sequence[Placed], in_front: Sequence[tuple[int, int]]) -> list[int] | None:
    return sorted_far_to_near(in_front, [(-one.footprint.distance_key, one.piece_id) for one in objects])


def _covered(one: Placed, above: MaskPatch) -> Bits:
    """What covers an object's patch once another mask does too; a new array."""
    h, w = one.mask.bits.shape
    covered = window(above, one.mask.x, one.mask.y, w, h)
    if one.covered is not None:
        covered |= one.covered
    return covered
