"""Moves what was committed from the write-ahead log into the project file, beside the edits.

SQLite before 3.51.3 can lose committed transactions when a checkpoint starts while there is nothing to move
and another connection begins the log anew at that moment (the "WAL-reset bug", sqlite.org/wal.html). Python
brings such a version almost everywhere. So a checkpoint here is never started without something to move: it
commits a row of its own first, and only one process checkpoints at a time. Then no other connection can
begin the log anew until the checkpoint is through.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.store.connection import begin_immediate, connect
from core.store.faults import is_busy
from core.store.file_lock import lock_file

LOG_BYTES = 8 << 20
"""Length that the write-ahead log is given before the first edit, and from which it is checkpointed."""

_COMMITS = 64
_PASSES = 2


def log_bytes(path: Path) -> int:
    """Size of the write-ahead log of the project at path, 0 where there is none."""
    try:
        return _log(path).stat().st_size
    except OSError:
        return 0


def checkpoint(raw: sqlite3.Connection, path: Path) -> bool:
    """Move what is in the log into the project; waits for nobody, and holds nobody up for long.

    The log starts again from its beginning only if a write finds all of it moved. What was committed during
    a long pass is left over, so that a second, short one follows.

    Returns:
        Whether it was done; False where another process is at it, or someone keeps the lock.

    Raises:
        sqlite3.Error: the disk is full, or something is wrong with the file.
    """
    with _alone(path) as alone:
        if not alone:
            return False
        for _ in range(_PASSES):
            if not _commit_something(raw):
                return False
            raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return True


def lengthen_log(raw: sqlite3.Connection, path: Path) -> None:
    """Give the write-ahead log its length, so that an edit's commit overwrites it and does not extend it.

    A commit that makes the log's file longer waits for the file system's own journal as well: several
    times as long, and now and then very long. SQLite writes pages that do not fit its cache to the log
    before the commit; undone, they count for nothing, but the file keeps its length.
    """
    if log_bytes(path) >= LOG_BYTES:
        return
    pages = int(raw.execute("PRAGMA cache_size").fetchone()[0])
    raw.execute("PRAGMA cache_size = 10")
    try:
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("INSERT INTO meta (key, value) VALUES ('', CAST(zeroblob(?) AS TEXT))", (LOG_BYTES,))
    except sqlite3.OperationalError:
        pass  # someone else writes, or there is no room: the edit itself will say so
    finally:
        raw.rollback()
        raw.execute(f"PRAGMA cache_size = {pages}")


class CheckpointWorker:
    """Checkpoints a project from a thread of its own, now and then."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._commits = 0

    def after_commit(self) -> None:
        """Note a commit; start a checkpoint where it is time for one. Returns at once."""
        self._commits += 1
        if self._commits % _COMMITS or log_bytes(self._path) < LOG_BYTES:
            return
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for a checkpoint under way."""
        with self._lock:
            if self._thread is not None:
                self._thread.join()
                self._thread = None

    def _run(self) -> None:
        try:
            raw = connect(self._path)
            try:
                raw.execute("PRAGMA synchronous = NORMAL")
                checkpoint(raw, self._path)
            finally:
                raw.close()
        except sqlite3.Error:
            return  # whatever is wrong with the file, the next read or write says it to a person


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _commit_something(raw: sqlite3.Connection) -> bool:
    """One small commit, so that there is something to move; False where someone keeps the lock."""
    try:
        begin_immediate(raw, timeout_s=0.1, poll_s=0.001)
    except sqlite3.OperationalError as error:
        if is_busy(error):
            return False
        raise
    try:
        raw.execute("REPLACE INTO meta (key, value) VALUES ('checkpointed_at', ?)", (repr(time.time()),))
        raw.commit()
    finally:
        raw.rollback()
    return True


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether this is the only checkpoint of the project on this machine, for as long as the block lasts.

    The lock is the operating system's on the log's file, which SQLite itself never locks; it ends with
    the process that holds it.
    """
    try:
        file = _log(path).open("r+b")
    except OSError:
        yield False
        return
    with file:
        yield lock_file(file.fileno())
