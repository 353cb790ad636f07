"""Brings an older project up to date."""

from __future__ import annotations

from pathlib import Path


def migrate(path: Path) -> None:
    """Bring the project at path up to date, after a backup."""
    raise NotImplementedError
