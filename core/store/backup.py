"""Copies of a project, made while it may be in use, checked, and kept in a small number."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

from core.errors import ProjectError
from core.store.connection import connect
from core.store.faults import translated
from core.store.file_check import file_faults
from core.store.schema import files_folder

BACKUPS_KEPT = 5
_STEP_PAGES = 4096


def backup_folder(path: Path) -> Path:
    """Where the backups of the project at path are: NAME.files/backups."""
    return files_folder(path) / "backups"


def list_backups(path: Path) -> list[Path]:
    """Backups of the project at path, newest first."""
    return sorted(backup_folder(path).glob("*.amodal"), key=lambda p: p.name, reverse=True)


def back_up(path: Path, why: str, *, keep: int = BACKUPS_KEPT) -> Path:
    """Copy the project at path, check the copy, and let go of the oldest copies.

    Args:
        path: of the project; others may write to it meanwhile.
        why: a word for the copy's name, such as "before-format-2".
        keep: how many copies to keep.

    Returns:
        The copy. It is whole: it got its name only after it was checked.

    Raises:
        DiskFullError, ProjectError: no copy was made; older ones are left alone.
    """
    folder = backup_folder(path)
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = folder / f"{stamp}-{why}.amodal"
    draft = copy.with_suffix(".part")
    with translated(path):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _copy(path, draft)
            faults = file_faults(draft)
            if faults:
                raise ProjectError(
                    f"The backup of {path.name} is not whole: {faults[0]}.",
                    "Check the disk; nothing of the project was changed.",
                )
            draft.replace(copy)
        finally:
            for suffix in ("", "-journal", "-wal", "-shm"):
                draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    for old in list_backups(path)[keep:]:
        old.unlink(missing_ok=True)
    return copy


def _copy(path: Path, draft: Path) -> None:
    source = connect(path, read_only=True)
    try:
        target = sqlite3.connect(draft, isolation_level=None)
        try:
            source.backup(target, pages=_STEP_PAGES)
            target.execute("PRAGMA journal_mode = DELETE")  # a copy is one file, without a log beside it
        finally:
            target.close()
    finally:
        source.close()
