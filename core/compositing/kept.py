"""What was read or decoded lately, kept in memory up to so many bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key, those that were used longest ago given up first. Not thread-safe.

    Args:
        max_bytes: of all values together; one that is larger alone is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    @property
    def held_bytes(self) -> int:
        """What is held now, by the sizes that were told."""
        return self._held_bytes

    def get(self, key: Key) -> Value | None:
        """A value, if it is held."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Takes a value of so many bytes in, and gives up others for it."""
        before = self._values.pop(key, None)
        if before is not None:
            self._held_bytes -= before[1]
        if size > self._max_bytes:
            return
        self._values[key] = (value, size)
        self._held_bytes += size
        while self._held_bytes > self._max_bytes:
            _, (_, given_up) = self._values.popitem(last=False)
            self._held_bytes -= given_up
