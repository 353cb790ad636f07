"""What was taken for what in each bar, as tables of a report: the charts show it over everything alone."""

from __future__ import annotations

from dataclasses import dataclass

from core.evaluation.report.told import BY_TITLES
from core.records.evaluations import Confusion, EvaluationNumbers
from core.records.slices import UNKNOWN, By


@dataclass(frozen=True, slots=True)
class ConfusedRow:
    """What of a bar was said to be what: counts for each word that was said."""

    bar: str
    truth: str
    counts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfusedTable:
    """One confusion of an evaluation over the bars of a kind.

    Attributes:
        title: of what, by what. said: the words of the columns.
        rows: of each bar those words of the truth of which there is something.
    """

    title: str
    said: tuple[str, ...]
    rows: tuple[ConfusedRow, ...]


def confused_by(numbers: EvaluationNumbers) -> list[ConfusedTable]:
    """The confusions of an evaluation by slices, those that are not known last."""
    tables = []
    for name in dict.fromkeys(one.name for one in numbers.confusions):
        for by, title in BY_TITLES.items():
            own = [one for one in numbers.confusions if one.name == name and one.slice.by is by]
            # by categories the whole table says it: its rows are the bars
            if not own or (name, by) == ("category", By.CATEGORY):
                continue
            own.sort(key=lambda one: (one.slice.bin == UNKNOWN, one.slice.bin))
            rows = tuple(row for one in own for row in _rows(one))
            tables.append(ConfusedTable(f"{name}, {title.lower()}", own[0].said, rows))
    return tables


def _rows(one: Confusion) -> list[ConfusedRow]:
    return [
        ConfusedRow(one.slice.title, truth, tuple(f"{count:,}" for count in counts))
        for truth, counts in zip(one.truth, one.counts, strict=True)
        if any(counts)
    ]
