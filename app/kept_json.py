"""A small JSON file of the user's own, written whole or not at all, and never trusted when read."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def read_json(path: Path, fallback: Any) -> Any:
    """The file's content, or the fallback where it is missing, damaged or of another type."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return fallback
    except (OSError, ValueError) as problem:
        log.warning("%s cannot be read and is left aside: %s", path.name, problem)
        return fallback
    return value if isinstance(value, type(fallback)) else fallback


def write_json(path: Path, value: Any) -> None:
    """Replaces the file in one step.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2, ensure_ascii=False)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
