"""What a reproduction consists of: chapters, each some units of work and a page that tells what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.jobs.reproduce.size import Size
from core.jobs.reproduce.units import Unit


@dataclass(frozen=True, slots=True)
class Page:
    """What came out of a chapter.

    Attributes:
        markdown: its tables, beginning with a heading of the second level; the paper's numbers beside them,
            and what is comparable.
        numbers: the same as plain values, for files.
    """

    markdown: str
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A table or figure of a paper, or some that share their work.

    Attributes:
        title: for people. key: of its numbers in the file of all.
        units: what there is to make in a reproduction's folder, in order; those of other chapters that it
            stands on are made before it.
        page: tells what is there; None while there is too little.
        left_out: why there is nothing of it at a size that has no units of it.
    """

    title: str
    key: str
    units: Callable[[Path, Size], list[Unit]]
    page: Callable[[Path, Size], Page | None]
    left_out: str = ""
