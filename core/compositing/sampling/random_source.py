"""Random whole numbers that are the same with every version of everything.

Numpy's distributions may change with its version; SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014) is a few lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class RandomSource:
    """A stream of random whole numbers that its seeds decide.

    Args:
        seeds: whole numbers; each changes the whole stream.
    """

    def __init__(self, *seeds: int) -> None:
        self._state = 0
        for seed in seeds:
            self._state = (self._state ^ (seed & _MASK)) & _MASK
            self._state = self.bits()

    def bits(self) -> int:
        """64 random bits."""
        self._state = (self._state + _GOLDEN) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * _FIRST) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * _SECOND) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, end: int) -> int:
        """One of 0 to end - 1, each as likely (Lemire's multiplication, with rejection)."""
        if end <= 0:
            raise ValueError("there is nothing to choose from")
        least = (2**64 - end) % end
        while True:
            product = self.bits() * end
            if product & _MASK >= least:
                return product >> 64

    def many_below(self, end: int, count: int) -> NDArray[np.int64]:
        """(count,) of 0 to end - 1, each as likely to one part in 2^32 / end; the next ones of the stream."""
        steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
        mixed = steps + np.uint64(self._state)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
        mixed ^= mixed >> np.uint64(31)
        self._state = (self._state + count * _GOLDEN) & _MASK
        return ((mixed >> np.uint64(32)) * np.uint64(end) >> np.uint64(32)).astype(np.int64)

    def between(self, least: int, most: int) -> int:
        """One of least to most, both included."""
        return least + self.below(most - least + 1)

    def choice(self, items: Sequence[Item]) -> Item:
        """One of some things."""
        return items[self.below(len(items))]

    def weighted(self, weights: Sequence[int]) -> int:
        """An index, each as likely as its weight says."""
        left = self.below(sum(weights))
        for index, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return index
        raise AssertionError("unreachable")

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The same things in a random order (Fisher and Yates)."""
        out = list(items)
        for last in range(len(out) - 1, 0, -1):
            other = self.below(last + 1)
            out[last], out[other] = out[other], out[last]
        return out
