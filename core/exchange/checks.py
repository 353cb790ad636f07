"""Values read from JSON that must have a type; the sentence says where they do not."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from core.errors import ExchangeError

MOST_BYTES = 4 << 30
"""The largest JSON file that is read: the masks of all of COCO take half a gigabyte."""

_LARGEST_SIDE = 1 << 16


class Checks:
    """Reads values that must have a type, and says where they do not.

    Args:
        name: of the file.
        purpose: what it cannot be where a value is wrong.
    """

    def __init__(self, name: str, purpose: str = "imported") -> None:
        self.name = name
        self.purpose = purpose

    def fail(self, what: str) -> NoReturn:
        """Raise ExchangeError with this as the reason."""
        raise ExchangeError(
            f"{self.name} cannot be {self.purpose}: {what}.", "Mend the file, or export it once more."
        )

    def row(self, value: Any, where: str) -> Mapping[str, Any]:
        """A JSON object."""
        if not isinstance(value, dict):
            self.fail(f"{where} is no object")
        return value

    def key(self, value: Any, where: str) -> int | str:
        """An id."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            self.fail(f"{where} is neither a number nor a text")
        return value

    def number(self, value: Any, where: str) -> float:
        """A finite number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(f"{where} is no number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.fail(f"{where} is no finite number")
        return number

    def side(self, value: Any, where: str) -> int:
        """A picture's width or height in pixels."""
        number = self.number(value, where)
        if number != int(number) or not 0 < number <= _LARGEST_SIDE:
            self.fail(f"{where} is no size in pixels")
        return int(number)


def load_json(path: Path, expected: str) -> Any:
    """What a JSON file holds.

    Args:
        path: the file.
        expected: what to choose instead where it is none, such as "a COCO instances file".

    Raises:
        ExchangeError: it cannot be read, is too large, or is no JSON.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ExchangeError(
                f"{path.name} has more than {MOST_BYTES >> 30} GiB.", f"Choose {expected}, or a part of it."
            )
        with path.open(encoding="utf-8-sig") as file:
            return json.load(file, parse_constant=_no_constant)
    except OSError as error:
        raise ExchangeError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise ExchangeError(f"{path.name} is no JSON file: {error}.", f"Choose {expected}.") from error


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")
