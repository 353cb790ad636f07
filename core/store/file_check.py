"""Looks at every page of a file of SQLite, such as a backup before it is trusted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from core.store.connection import connect

_MOST = 20


def file_faults(path: Path) -> list[str]:
    """What is wrong with the SQLite file at path that nobody else writes to; empty where it is whole."""
    try:
        raw = connect(path, read_only=True)
    except sqlite3.Error as error:
        return [str(error)]
    try:
        return faults_of(raw)
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        raw.close()


def faults_of(raw: sqlite3.Connection) -> list[str]:
    """What is wrong with an open file, in plain words; empty where it is whole."""
    faults = [str(row[0]) for row in raw.execute(f"PRAGMA integrity_check({_MOST})") if row[0] != "ok"]
    dangling = raw.execute("PRAGMA foreign_key_check").fetchmany(_MOST)
    return faults + [
        f"a row of {table} refers to a row of {parent} that is gone" for table, _, parent, _ in dangling
    ]
