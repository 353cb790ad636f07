"""Bulk writing for jobs: short slices of the lock, and as long a pause after each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, insert

from core.store.checkpoints import LOG_BYTES, checkpoint, log_bytes
from core.store.connection import raw_of, write_transaction, writing_engine
from core.store.faults import translated

T = TypeVar("T")
Item = TypeVar("Item")

SLICE_S = 0.004
"""How long the statements of a slice hold the lock; its commit takes about another millisecond."""

_TIMEOUT_S = 60.0  # a job waits longer than a person
_POLL_S = 0.002  # and asks less often, so that a person gets the lock first
_CHECKPOINT_EVERY_S = 0.25


class BulkWriter:
    """Writes for a job while people edit.

    Each slice is one transaction of about 5 ms, and the lock stays free for as long after it; what the
    job computes between two writes counts as that pause. A slice survives any crash of a program at once,
    and a loss of power from the next checkpoint on. Use from one thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with translated(path):
            self._connection = writing_engine(path).connect()
            self._raw = raw_of(self._connection)
            self._raw.execute("PRAGMA synchronous = NORMAL")
        self._free_until = 0.0
        self._next_checkpoint = time.monotonic() + _CHECKPOINT_EVERY_S

    def run(self, step: Callable[[Connection], T]) -> T:
        """Run a step in one transaction; all that it writes is kept, or nothing.

        Args:
            step: keep it near 5 ms: prepare everything before, and only write in it.

        Raises:
            ProjectBusyError, DiskFullError, DamagedProjectError: nothing of the step was written.
        """
        self._pause()
        with write_transaction(self._connection, self._path, timeout_s=_TIMEOUT_S, poll_s=_POLL_S):
            held_from = time.monotonic()
            result = step(self._connection)
        self._after_slice(held_from)
        return result

    def insert(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
        """Insert rows in slices; returns how many. Rows of finished slices stay, whatever comes after."""
        statement = insert(table)

        def step(connection: Connection, chunk: Sequence[Mapping[str, Any]]) -> None:
            connection.execute(statement, list(chunk))

        return self.each(rows, step)

    def each(
        self, items: Iterable[Item], step: Callable[[Connection, Sequence[Item]], object], *, most: int = 4096
    ) -> int:
        """Run a step over all items, chunk by chunk, as many in a transaction as fill a slice.

        Args:
            items: what to write; drawn while the lock is held, so have them ready.
            step: writes one chunk of items. Chunks start at one item and grow with what the step takes.
            most: the longest chunk.

        Returns:
            How many items there were. Those of finished transactions stay, whatever comes after.
        """
        iterator = iter(items)
        total = 0
        item_s = SLICE_S  # what one item takes; the slowest of late counts most

        def fill_slice(connection: Connection) -> int:
            nonlocal item_s
            begun = time.monotonic()
            done = 0
            while True:
                left = begun + SLICE_S - time.monotonic()
                fitting = int(left / item_s)
                if done and fitting < 1:
                    return done
                chunk = list(islice(iterator, min(most, max(1, fitting), 2 * done + 1)))
                if not chunk:
                    return done
                before = time.monotonic()
                step(connection, chunk)
                taken = (time.monotonic() - before) / len(chunk)
                item_s = max(taken, 0.5 * (item_s + taken), 1e-7)
                done += len(chunk)

        while written := self.run(fill_slice):
            total += written
        return total

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        self._connection.engine.dispose()

    def __enter__(self) -> BulkWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pause(self) -> None:
        wait = self._free_until - time.monotonic()
        if wait > 0:
            time.sleep(wait)

    def _after_slice(self, held_from: float) -> None:
        now = time.monotonic()
        self._free_until = now + (now - held_from)
        if now > self._next_checkpoint:
            # the file of the log keeps its length, so that time paces the checkpoints
            self._next_checkpoint = now + _CHECKPOINT_EVERY_S
            if log_bytes(self._path) >= LOG_BYTES:
                with translated(self._path):
                    checkpoint(self._raw, self._path)
