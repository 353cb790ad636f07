"""Looks at every page of a project: what `amodal doctor` asks for, and a backup before it is trusted."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ProjectError
from core.store.connection import connect, raw_of

if TYPE_CHECKING:
    from core.store.project import Project

_MOST = 20


def integrity_faults(project: Project) -> list[str]:
    """What is wrong with an open project's file, in plain words; empty where it is whole.

    Reads the whole file (a few seconds a gigabyte).
    """
    try:
        with project.read() as connection:
            return _faults(raw_of(connection))
    except ProjectError as error:
        return [error.problem]


def file_faults(path: Path) -> list[str]:
    """What is wrong with the SQLite file at path that nobody else writes to; empty where it is whole."""
    try:
        raw = connect(path, read_only=True)
    except sqlite3.Error as error:
        return [str(error)]
    try:
        return _faults(raw)
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        raw.close()


def _faults(raw: sqlite3.Connection) -> list[str]:
    faults = [str(row[0]) for row in raw.execute(f"PRAGMA integrity_check({_MOST})") if row[0] != "ok"]
    dangling = raw.execute("PRAGMA foreign_key_check").fetchmany(_MOST)
    return faults + [
        f"a row of {table} refers to a row of {parent} that is gone" for table, _, parent, _ in dangling
    ]
