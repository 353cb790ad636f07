"""Several data sets as one, in shares by weight: the same samples for the same epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch.utils.data import Dataset

T = TypeVar("T")


class Mixed(Dataset[Any]):
    """So many samples of each part, one part after another; whoever trains takes them in an order of chance.

    A part goes on, from epoch to epoch, where it ended, and begins anew when it is through: so all of a small
    one is seen as often, and an endless one never gives the same twice.

    Args:
        parts: data sets with something in them.
        weights: one for each, not negative, not all 0.
        length: samples of an epoch.
        epoch: which, from 0.
        transform: of each sample, or None.

    Raises:
        ValueError: a part is empty, or the weights do not fit.
    """

    def __init__(
        self,
        parts: Sequence[Dataset[Any]],
        weights: Sequence[float],
        length: int,
        epoch: int = 0,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        if len(parts) != len(weights) or any(not weight >= 0 for weight in weights) or not sum(weights) > 0:
            raise ValueError(f"{len(parts)} parts with the weights {list(weights)}")
        self._sizes = [len(part) for part in parts]  # type: ignore[arg-type]
        if 0 in self._sizes:
            raise ValueError("a part is empty")
        self._parts, self._transform = tuple(parts), transform
        self.counts = shares(weights, length)
        self._starts = [count * epoch for count in self.counts]

    def __len__(self) -> int:
        return sum(self.counts)

    def __getitem__(self, index: int) -> Any:
        """The sample of a place.

        Raises:
            IndexError: there is none.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} samples, and none at {index}")
        part = 0
        while index >= self.counts[part]:
            index -= self.counts[part]
            part += 1
        sample = self._parts[part][(self._starts[part] + index) % self._sizes[part]]
        return sample if self._transform is None else self._transform(sample)


def mixed_kinds(
    kinds: Sequence[tuple[Sequence[T], float]], as_set: Callable[[Sequence[T]], Dataset[Any]], epoch: int
) -> Dataset[Any]:
    """An epoch of several kinds of samples, as long as there are samples, in shares by weight.

    Args:
        kinds: samples, some of each, and how often each is seen against the others, above 0.
        as_set: makes a data set of a kind's samples.
        epoch: which, from 0.
    """
    if len(kinds) == 1:
        return as_set(kinds[0][0])
    return Mixed(
        [as_set(samples) for samples, _ in kinds],
        [weight * len(samples) for samples, weight in kinds],
        sum(len(samples) for samples, _ in kinds),
        epoch,
    )


def shares(weights: Sequence[float], length: int) -> list[int]:
    """How many of a length each weight is worth; what rounding leaves goes to the largest remainders."""
    whole = [length * weight / sum(weights) for weight in weights]
    counts = [int(one) for one in whole]
    order = sorted(range(len(whole)), key=lambda place: counts[place] - whole[place])
    for place in order[: length - sum(counts)]:
        counts[place] += 1
    return counts
