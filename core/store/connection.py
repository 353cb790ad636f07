"""Connections to a project file: the settings of each, and how a write transaction gets the lock."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool, QueuePool

from core.store.faults import is_busy, translated

READ_TIMEOUT_S = 5.0
_CACHE_KIB = 8192
_WAL_KEPT_BYTES = 64 << 20


def connect(path: Path, *, read_only: bool = False, immutable: bool = False) -> sqlite3.Connection:
    """A bare SQLite connection in autocommit mode, with the settings that all connections share.

    Transactions are begun by hand, so that nothing begins one behind our back.
    """
    mode = "ro" if read_only else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}" + ("&immutable=1" if immutable else "")
    raw = sqlite3.connect(
        uri, uri=True, timeout=READ_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    raw.execute("PRAGMA trusted_schema = OFF")  # a project from elsewhere runs none of its own functions
    raw.execute("PRAGMA cell_size_check = ON")
    if not read_only:
        # checkpoints happen beside the edits (checkpoints.py), never inside one
        raw.execute("PRAGMA wal_autocheckpoint = 0")
        raw.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    return raw


def reading_engine(path: Path, *, read_only: bool, immutable: bool) -> Engine:
    """An engine for readers: a few pooled connections, safe to use from any thread, that cannot write."""

    def creator() -> sqlite3.Connection:
        raw = connect(path, read_only=read_only, immutable=immutable)
        raw.execute("PRAGMA query_only = ON")
        return raw

    return create_engine("sqlite://", creator=creator, poolclass=QueuePool, pool_size=4, max_overflow=16)


def writing_engine(path: Path) -> Engine:
    """An engine for one long-lived writing connection."""
    return create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)


def raw_of(connection: Connection) -> sqlite3.Connection:
    """The sqlite3 connection inside SQLAlchemy's."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def begin_immediate(raw: sqlite3.Connection, *, timeout_s: float, poll_s: float) -> None:
    """Take the write lock, asking again every poll_s seconds.

    SQLite's own busy handler sleeps in steps of up to 100 ms, in which a bulk writer that frees the lock
    for 5 ms would win every time.

    Raises:
        sqlite3.OperationalError: the lock was not free within timeout_s.
    """
    deadline = time.monotonic() + timeout_s
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() > deadline:
                    raise
            time.sleep(poll_s)
    finally:
        raw.execute(f"PRAGMA busy_timeout = {int(READ_TIMEOUT_S * 1000)}")


@contextmanager
def write_transaction(
    connection: Connection, path: Path, *, timeout_s: float, poll_s: float
) -> Iterator[Connection]:
    """One write transaction on a connection: committed at the end of the block, undone on any error.

    Raises:
        ProjectBusyError, DiskFullError, ReadOnlyProjectError, DamagedProjectError: as it happens.
    """
    raw = raw_of(connection)
    with translated(path):
        begin_immediate(raw, timeout_s=timeout_s, poll_s=poll_s)
        try:
            yield connection
            raw.commit()
        except BaseException:
            raw.rollback()
            raise
        finally:
            connection.rollback()  # ends SQLAlchemy's own idea of the transaction; SQLite's is over
