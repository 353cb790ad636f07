"""How much of the objects of a set of composites should be hidden, and how near a set comes to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import CompositeError

BINS = 10
_BIN_PERCENT = 100 // BINS


@dataclass(frozen=True, slots=True)
class WantedOcclusion:
    """A wanted distribution of occlusion.

    Attributes:
        shares: of the objects hidden by 0 to 9 %, 10 to 19 % and so on, the last with 100 %: whole numbers,
            as parts of their sum.

    Raises:
        CompositeError: they are not ten whole numbers of which one is positive and none negative.
    """

    shares: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.shares) != BINS or min(self.shares) < 0 or not sum(self.shares):
            raise CompositeError(
                "The wanted occlusion is not given as ten shares of which one at least is positive.",
                "Give the shares of objects hidden by 0 to 9 %, 10 to 19 % and so on.",
            )


def bin_of(percent: int) -> int:
    """Which bin an occlusion is in."""
    return min(percent // _BIN_PERCENT, BINS - 1)


def bin_range(wanted_bin: int) -> tuple[int, int]:
    """The least and the most percent of a bin."""
    least = wanted_bin * _BIN_PERCENT
    return least, 100 if wanted_bin == BINS - 1 else least + _BIN_PERCENT - 1


def points_off(percent: int, wanted_bin: int) -> int:
    """How far an occlusion is from a bin, in percent; 0 inside it."""
    least, most = bin_range(wanted_bin)
    return max(least - percent, percent - most, 0)


def histogram(percents: Iterable[int]) -> tuple[int, ...]:
    """How many objects are in each bin."""
    counts = [0] * BINS
    for percent in percents:
        counts[bin_of(percent)] += 1
    return tuple(counts)


def share_missed(counts: Sequence[int], wanted: WantedOcclusion) -> float:
    """The share of the objects that would have to be in other bins, 0 to 1: half of all differences."""
    had, asked = sum(counts), sum(wanted.shares)
    if not had:
        return 0.0
    return sum(abs(a / had - b / asked) for a, b in zip(counts, wanted.shares, strict=True)) / 2
