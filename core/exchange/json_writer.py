"""Writes a large JSON file row by row, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from core.errors import DiskFullError, ExchangeError


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """A text file that gets its name once it is complete and on the disk; else nothing is left of it.

    Raises:
        DiskFullError: there is no room.
        ExchangeError: the folder is not there or cannot be written.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        try:
            with draft.open("w", encoding="utf-8") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"There is no room for {path.name} in {path.parent}.", "Make room, or choose another folder."
            ) from error
        raise ExchangeError(
            f"{path} cannot be written: {error.strerror}.", "Choose a folder that is there and yours."
        ) from error


def write_object(file: IO[str], members: Iterable[tuple[str, Any | Iterator[Any]]]) -> dict[str, int]:
    """Write one JSON object; members that are iterators become arrays, a row a line.

    Returns:
        name -> number of rows, for the arrays.
    """
    counts: dict[str, int] = {}
    file.write("{")
    for position, (name, value) in enumerate(members):
        file.write(("," if position else "") + f"\n{json.dumps(name)}: ")
        if isinstance(value, Iterator):
            counts[name] = _write_rows(file, value)
        else:
            file.write(_line(value))
    file.write("\n}\n")
    return counts


def _write_rows(file: IO[str], rows: Iterator[Any]) -> int:
    count = 0
    file.write("[")
    for row in rows:
        file.write(("," if count else "") + "\n" + _line(row))
        count += 1
    file.write("]")
    return count


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
