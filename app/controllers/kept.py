"""What was read last, kept for a while; a read that something has changed under is not kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Holds the values that were kept last.

    Args:
        most: how many.

    Attributes:
        turn: counts what was dropped: a read that began in an earlier turn may be out of date.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self.turn = 0

    def get(self, key: K) -> V | None:
        """A value that was read and has not changed since."""
        return self._values.get(key)

    def keep(self, key: K, value: V, turn: int) -> None:
        """Takes a value, unless something was dropped since the turn in which its read began."""
        if turn != self.turn:
            return
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    def drop(self, changed: Callable[[K, V], bool]) -> None:
        """Drops what has changed."""
        self.turn += 1
        for key, value in list(self._values.items()):
            if changed(key, value):
                del self._values[key]

    def clear(self) -> None:
        """Drops all."""
        self.turn += 1
        self._values.clear()
