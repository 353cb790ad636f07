"""What a reproduction is made of: units that each leave a file, so that it goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of work of some minutes.

    Attributes:
        name: for people.
        made: the file or folder that stands there once it is done, written as its last.
        make: does it.
        drawn: whether it draws what others learn from or are measured by.
    """

    name: str
    made: Path
    make: Callable[[], None]
    drawn: bool = False

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do."""
        return self.made.exists()


def make_units(
    units: Sequence[Unit], *, until: float | None = None, told: Callable[[str], None] = lambda line: None
) -> bool:
    """Do what is not done yet, in order.

    Args:
        until: of `time.monotonic`: no unit is begun after it, but one; None: all are.
        told: is told what is done.

    Returns:
        Whether all is done.
    """
    begun = False
    for number, unit in enumerate(units, start=1):
        if unit.done:
            continue
        if begun and until is not None and time.monotonic() >= until:
            return False
        begun = True
        started = time.monotonic()
        unit.make()
        took = time.monotonic() - started
        told(f"{number} of {len(units)}: {unit.name}, {took:.0f} s")
    return True


def write_whole(path: Path, text: str) -> None:
    """A file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.new")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
