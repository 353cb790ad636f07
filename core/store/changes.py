"""Tells whether anyone, in this process or another, has committed something."""

from __future__ import annotations

import threading
from pathlib import Path

from core.store.connection import connect
from core.store.faults import translated


class ChangeWatcher:
    """Watches a project for commits of any connection. A poll costs a few microseconds."""

    def __init__(self, path: Path, *, read_only: bool = False, immutable: bool = False) -> None:
        self._path = path
        self._lock = threading.Lock()
        with translated(path):
            self._raw = connect(path, read_only=read_only, immutable=immutable)
            self._seen = self._version()

    def poll(self) -> bool:
        """Whether anything was committed since the last poll (or since the watcher was made)."""
        with translated(self._path), self._lock:
            now = self._version()
            changed = now != self._seen
            self._seen = now
            return changed

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._raw.close()

    def _version(self) -> int:
        return int(self._raw.execute("PRAGMA data_version").fetchone()[0])
