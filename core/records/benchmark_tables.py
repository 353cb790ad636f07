"""A public benchmark's table: what was measured, with a paper's figures beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FigureSource(StrEnum):
    """Where a row's figures are from."""

    PAPER = "paper"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of figures.

    Attributes:
        name: whose they are.
        values: a figure for each column; None where there is none.
        source: where they are from.
        intervals: of each column the ends within which 95 % of draws lie, or None; empty where nothing was
            drawn.
    """

    name: str
    values: tuple[float | None, ...]
    source: FigureSource
    intervals: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class BenchmarkTable:
    """Figures of one benchmark.

    Attributes:
        name: of the benchmark.
        title: what the table shows, and where the paper's figures stand.
        columns: what the figures are, with their unit.
        decimals: how many each column is told with.
        rows: the paper's first, then what was measured.
        comparable: one plain statement of what may be compared with what.
        notes: how it was counted, and what was left out.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    decimals: tuple[int, ...]
    rows: tuple[TableRow, ...]
    comparable: str
    notes: tuple[str, ...]
