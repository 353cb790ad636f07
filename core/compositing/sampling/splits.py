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


@dataclass(frozen=True, slots=True)
class Borders:
    """The two moments between training, validation and test at one camera.

    Attributes:
        first_s, second_s: on the camera's clock, seconds; infinite where one side has nothing.
        guard_s: as in `SplitSettings`.
    """

    first_s: float
    second_s: float
    guard_s: float

    def split_of(self, first_s: float, last_s: float) -> Split | None:
        """The split of what is seen from one moment to another; None within the guard time of a border."""
        borders = (self.first_s, self.second_s)
        if any(first_s - self.guard_s <= border <= last_s + self.guard_s for border in borders):
            return None
        return tuple(Split)[sum(border < first_s for border in borders)]


def borders_of(lifetimes: Sequence[Lifetime], settings: SplitSettings) -> Borders:
    """Where the borders lie: at moments between first moments of tracks.

    Args:
        lifetimes: of all tracks of a camera, in any order.

    Raises:
        CompositeError: the shares are none.
    """
    total = sum(settings.shares)
    if total <= 0 or min(settings.shares) < 0:
        raise CompositeError(
            "The shares of training, validation and test are not positive.", "Give shares such as 8, 1, 1."
        )
    moments = sorted(one.first_s for one in lifetimes)
    training, validation, _ = settings.shares
    first, second = (
        _border(moments, len(moments) * part // total) for part in (training, training + validation)
    )
    return Borders(first, second, settings.guard_s)


def split_by_time(lifetimes: Sequence[Lifetime], settings: SplitSettings) -> dict[int, Split]:
    """Which split each track is for: the earliest for training, the latest for the test.

    A track is in the split of its first moment; one that lives within the guard time of a border is in none,
    so what two splits show is never the same moment.

    Args:
        lifetimes: of all tracks of a camera, in any order.

    Returns:
        the split of each track that is in one.

    Raises:
        CompositeError: the shares are none.
    """
    borders = borders_of(lifetimes, settings)
    found = {one.key: borders.split_of(one.first_s, one.last_s) for one in lifetimes}
    return {key: split for key, split in found.items() if split is not None}


def _border(moments: Sequence[float], before: int) -> float:
    """The moment between so many of some sorted moments and the others."""
    if before == 0:
        return -math.inf
    if before == len(moments):
        return math.inf
    return (moments[before - 1] + moments[before]) / 2
