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

SLICE_S = 0.005
"""How long a slice holds the lock, about."""

_TIMEOUT_S = 60.0  # a job waits longer than a person
_POLL_S = 0.002  # and asks less often, so that a person gets the lock first
_CHECKPOINT_EVERY_S = 1.0


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
        """Run a step over all items, in chunks that are grown or shrunk to fill a slice.

        Args:
            items: what to write.
            step: writes one chunk of items; called in one transaction for each chunk.
            most: the longest chunk.

        Returns:
            How many items there were.
        """
        iterator = iter(items)
        size = 8
        total = 0
        while chunk := list(islice(iterator, size)):
            started = time.monotonic()
            held = 0.0

            def timed(connection: Connection, chunk: Sequence[Item] = chunk) -> None:
                nonlocal started
                started = time.monotonic()
                step(connection, chunk)

            self.run(timed)
            held = time.monotonic() - started
            total += len(chunk)
            # half a step towards the size that fits, so that one slow slice does not swing it
            fitting = len(chunk) * SLICE_S / max(held, 1e-6)
            size = int(min(most, max(1, size * 2, 8), max(1.0, (size + fitting) / 2)))
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
            # the log's file keeps its length, so that time paces the checkpoints and its size does not
            self._next_checkpoint = now + _CHECKPOINT_EVERY_S
            if log_bytes(self._path) >= LOG_BYTES:
                with translated(self._path):
                    checkpoint(self._raw)
