"""Folders that tests read or copy, made by the first worker that needs them and by no other."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

Made = TypeVar("Made")


def made_once(
    factory: pytest.TempPathFactory,
    name: str,
    make: Callable[[Path], Made],
    known: Callable[[Path], Made] | None = None,
) -> Made:
    """What `make` makes in a folder that all workers share.

    Args:
        name: of the folder. make: fills it, given the folder while it is empty.
        known: gives the same from the full folder; without it `make`'s result is a path below the folder.
    """
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, done = shared / name, shared / f"{name}.made"
    with FileLock(f"{folder}.lock"):
        if done.exists():
            return known(folder) if known is not None else folder / done.read_text()  # type: ignore[return-value]
        shutil.rmtree(folder, ignore_errors=True)  # of one that failed
        folder.mkdir()
        made = make(folder)
        done.write_text(str(made.relative_to(folder)) if isinstance(made, Path) else "")
        return made
