"""Sees, at the cost of some microseconds, whether another connection has written to the project."""

from __future__ import annotations

import sqlite3
from pathlib import Path


class StoreWatch:
    """Asks SQLite's data version, which changes with every commit of any other connection."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.05)
        self._version = self._read()

    def changed(self) -> bool:
        """Whether anything was committed since the last call."""
        version = self._read()
        changed = version != self._version
        self._version = version
        return changed

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def _read(self) -> int:
        try:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.OperationalError:
            return -1  # busy for a moment, as in a checkpoint: the next call sees the change
