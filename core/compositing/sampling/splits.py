"""Training, validation and test: split by time and by track, so that no object is on two sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import CompositeError
from core.records.recipes import Split


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a track, or an object without one, is seen.

    Attributes:
        key: which; unique.
        first_s, last_s: on one clock for all of a camera, seconds.
    """

    key: int
    first_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """How much goes where.

    Attributes:
        shares: of the tracks for training, validation and test: whole numbers, as parts of their sum.
        guard_s: a track that is seen within this time of a border is in no split.
    """

    shares: tuple[int, int, int] = (8, 1, 1)
    guard_s: float = 2.0


def split_by_time(lifetimes: Sequence[Lifetime], settings: SplitSettings) -> dict[int, Split]:
    """Which split each track is for: the earliest for training, the latest for the test.

    Borders lie at moments between first moments of tracks. A track is in the split of its first moment; one
    that lives within the guard time of a border is in none, so what two splits show is never the same moment.

    Args:
        lifetimes: of all tracks of a camera, in any order.

    Returns:
        the split of each track that is in one.

    Raises:
        CompositeError: the shares are none.
    """
    total = sum(settings.shares)
    if total <= 0 or min(settings.shares) < 0:
        raise CompositeError(
            "The shares of training, validation and test are not positive.", "Give shares such as 8, 1, 1."
        )
    ordered = sorted(lifetimes, key=lambda one: (one.first_s, one.key))
    moments = [one.first_s for one in ordered]
    training, validation, _ = settings.shares
    borders = [_border(moments, len(moments) * part // total) for part in (training, training + validation)]
    splits = tuple(Split)
    return {
        one.key: splits[sum(border < one.first_s for border in borders)]
        for one in ordered
        if not any(
            one.first_s - settings.guard_s <= border <= one.last_s + settings.guard_s for border in borders
        )
    }


def _border(moments: Sequence[float], before: int) -> float:
    """The moment between so many of some sorted moments and the others."""
    if before == 0:
        return -math.inf
    if before == len(moments):
        return math.inf
    return (moments[before - 1] + moments[before]) / 2
