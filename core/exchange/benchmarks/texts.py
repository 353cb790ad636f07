"""Files of a benchmark's folder: found inside of it only, and read as text of a sane size."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NoReturn

from core.errors import ExchangeError

MOST_TEXT_BYTES = 1 << 28
"""The largest text file that is read; MOT17's longest has a thousandth of it."""


def read_text(path: Path) -> str:
    """A text file.

    Raises:
        ExchangeError: it cannot be read, is too large, or is no text.
    """
    try:
        if path.stat().st_size > MOST_TEXT_BYTES:
            refuse(path.name, f"it has more than {MOST_TEXT_BYTES >> 20} MiB")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ExchangeError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise ExchangeError(f"{path.name} is no text file.", "Choose another file.") from error


def inside(folder: Path, *names: str) -> Path:
    """A path in a folder, from names that a file gives.

    Raises:
        ExchangeError: it leads out of the folder.
    """
    path = folder.joinpath(*names)
    if any("\0" in name for name in names) or not path.resolve().is_relative_to(folder.resolve()):
        raise ExchangeError(
            f"“{'/'.join(names)}” leads out of {folder.name}.", "Take the benchmark's own files as they are."
        )
    return path


def number(text: str, name: str, where: str) -> float:
    """A finite number.

    Raises:
        ExchangeError: it is none.
    """
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        refuse(name, f"{where} is “{text.strip()[:40]}”, which is no number")
    return found


def whole(text: str, name: str, where: str) -> int:
    """A whole number.

    Raises:
        ExchangeError: it is none, or huge.
    """
    found = number(text, name, where)
    if found != int(found) or abs(found) >= 1 << 53:
        refuse(name, f"{where} is “{text.strip()[:40]}”, which is no whole number")
    return int(found)


def refuse(name: str, what: str) -> NoReturn:
    """Raise ExchangeError: a file cannot be used, for this reason."""
    raise ExchangeError(f"{name} cannot be used: {what}.", "Mend the file, or make it once more.")
