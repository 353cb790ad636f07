"""What SQLite and the disk complain of, as the errors that people read; bugs stay bugs."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from core.errors import (
    DamagedProjectError,
    DiskFullError,
    EditRefusedError,
    NotAProjectError,
    ProjectBusyError,
    ProjectError,
    ReadOnlyProjectError,
)
from core.store.faults import expected_error, translated


def sqlite_error(code: int, text: str = "x") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_FULL, DiskFullError),
        (sqlite3.SQLITE_BUSY, ProjectBusyError),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, ProjectBusyError),
        (sqlite3.SQLITE_LOCKED, ProjectBusyError),
        (sqlite3.SQLITE_CORRUPT, DamagedProjectError),
        (sqlite3.SQLITE_NOTADB, NotAProjectError),
        (sqlite3.SQLITE_READONLY, ReadOnlyProjectError),
        (sqlite3.SQLITE_READONLY_DIRECTORY, ReadOnlyProjectError),
        (sqlite3.SQLITE_IOERR_WRITE, ProjectError),
        (sqlite3.SQLITE_CANTOPEN, ProjectError),
    ],
)
def test_each_complaint_has_its_error(tmp_path: Path, code: int, expected: type[Exception]) -> None:
    bare = sqlite_error(code)
    for error in (bare, OperationalError("SELECT 1", {}, bare)):
        found = expected_error(error, tmp_path / "a.amodal")
        assert type(found) is expected
        assert found.way_out
        assert "a.amodal" in found.problem


def test_an_io_error_on_a_full_disk_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.store.faults.shutil.disk_usage", lambda folder: type("U", (), {"free": 0}))
    error = sqlite_error(sqlite3.SQLITE_IOERR_SHMSIZE)
    assert isinstance(expected_error(error, tmp_path / "a.amodal"), DiskFullError)


def test_what_something_still_refers_to_is_refused(tmp_path: Path) -> None:
    bare = sqlite3.IntegrityError("FOREIGN KEY constraint failed")
    bare.sqlite_errorcode = sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    found = expected_error(IntegrityError("DELETE", {}, bare), tmp_path / "a.amodal")
    assert isinstance(found, EditRefusedError)


def test_bugs_and_other_files_errors_pass_through(tmp_path: Path) -> None:
    path = tmp_path / "a.amodal"
    for bug in (sqlite_error(sqlite3.SQLITE_ERROR), OSError(errno.EACCES, "other file"), ValueError("x")):
        with pytest.raises(type(bug)) as caught, translated(path):
            raise bug
        assert caught.value is bug
    with pytest.raises(DiskFullError), translated(path):
        raise OSError(errno.ENOSPC, "No space left on device")
