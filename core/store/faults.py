"""The one place where what SQLite and the disk complain of becomes an expected error."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from core.errors import (
    AmodalError,
    DiskFullError,
    EditRefusedError,
    ProjectBusyError,
    ProjectError,
    ReadOnlyProjectError,
)
from core.store.schema import damaged, not_a_database

_ROOM_BYTES = 1 << 20  # less room than this counts as a full disk where SQLite only says "I/O error"


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise expected errors for what goes wrong with the project file at path inside the block.

    Bugs (bad SQL, a broken CHECK) pass through as they are, and so do the errors of other files that the
    block reads, but for a full disk.
    """
    try:
        yield
    except (sqlite3.Error, DBAPIError, OSError) as error:
        expected = expected_error(error, path)
        if expected is None:
            raise
        raise expected from error


def is_busy(error: BaseException) -> bool:
    """Whether SQLite says that someone else holds the lock."""
    return _primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def expected_error(error: BaseException, path: Path) -> AmodalError | None:
    """The expected error that stands behind a database or disk error, or None for a bug."""
    if isinstance(error, OSError):
        return disk_full(path) if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    code = _primary_code(error)
    if code == sqlite3.SQLITE_FULL:
        return disk_full(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return busy(path)
    if code == sqlite3.SQLITE_CORRUPT:
        return damaged(path, "its pages do not fit together")
    if code == sqlite3.SQLITE_NOTADB:
        return not_a_database(path)
    if code == sqlite3.SQLITE_READONLY:
        return read_only(path, "the file cannot be written")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return _io_error(path)
    if code == sqlite3.SQLITE_CONSTRAINT and "FOREIGN KEY" in str(error):
        return EditRefusedError(
            "Something else in the project still uses this, or what it refers to is gone.",
            "Undo what uses it first.",
        )
    return None


def disk_full(path: Path) -> DiskFullError:
    """The error for a disk without room."""
    return DiskFullError(
        f"The disk that holds {path.name} is full; nothing of the last change was written.",
        "Make room and do it again.",
    )


def busy(path: Path) -> ProjectBusyError:
    """The error for a lock that someone else keeps."""
    return ProjectBusyError(
        f"Another program keeps {path.name} locked.",
        "Close the other program that has it open and try again.",
    )


def read_only(path: Path, why: str) -> ReadOnlyProjectError:
    """The error for a project that cannot be written."""
    return ReadOnlyProjectError(
        f"{path.name} is open for reading only: {why}.",
        "Make the file and its folder writable, or copy the project to a folder of your own.",
    )


def _primary_code(error: BaseException) -> int | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _io_error(path: Path) -> AmodalError:
    folder = path.parent
    if folder.is_dir() and shutil.disk_usage(folder).free < _ROOM_BYTES:
        return disk_full(path)
    return ProjectError(
        f"{path.name} cannot be read or written where it is.",
        "Check the disk and the rights of the folder, or copy the project to another disk.",
    )
