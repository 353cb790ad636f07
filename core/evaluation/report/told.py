"""What a report says, in words and numbers that page and PDF share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath  # which takes the paths of all machines apart
from typing import Any

from core.records.evaluations import Confusion, Curve, EvaluationNumbers, EvaluationRow, Figure
from core.records.figures import FIGURES, FigureKind, words_of
from core.records.slices import UNKNOWN, By, Slice, bins_of

CHARTED = (
    *("mask_ap", "box_ap", "recall", "hidden_iou", "pck_0.1", "tag_accuracy", "rotation", "place"),
    *("add", "mpjpe"),
    *("precision", "label_recall", "label_accuracy", "average_precision"),
)
"""The figures that are drawn over slices, in this order."""

FILES = frozenset({"predictions", "space", "body"})
"""Settings that are files: a report goes to others, and tells their names without the folders they are in."""

BY_TITLES = {
    By.OCCLUSION: "By occlusion",
    By.DISTANCE: "By distance",
    By.SIZE: "By size",
    By.HOUR: "By hour",
    By.CATEGORY: "By category",
    By.TAG: "By tag of points",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with its interval in words, or "" where there is none."""

    value: str
    interval: str
    count: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: what it is of, and a cell for each evaluation."""

    title: str
    help: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one figure over the slices of a kind.

    Attributes:
        kind: of the figure. by: what tells the slices apart.
        slices: its bars. values: for each evaluation, for each bar, the figure or None.
    """

    kind: FigureKind
    by: By
    slices: tuple[Slice, ...]
    values: tuple[tuple[Figure | None, ...], ...]


def summary(found: Sequence[EvaluationNumbers]) -> list[Row]:
    """All figures over everything that any of the evaluations has."""
    return [row for name in FIGURES if (row := _row(found, name, Slice(), FIGURES[name].title)) is not None]


def charts(found: Sequence[EvaluationNumbers]) -> Iterator[Chart]:
    """The charts, those of a kind of slices together."""
    for by in BY_TITLES:
        for name in CHARTED:
            slices = slices_with(found, name, by)
            if len(slices) < 2 and by is not By.TAG:
                continue
            if not slices:
                continue
            values = tuple(tuple(one.by_name.get((name, part)) for part in slices) for one in found)
            yield Chart(FIGURES[name], by, slices, values)


def chart_rows(found: Sequence[EvaluationNumbers], chart: Chart) -> list[Row]:
    """The numbers of a chart as a table, a row for each bar."""
    rows = (_row(found, chart.kind.name, part, part.title) for part in chart.slices)
    return [row for row in rows if row is not None]


def slices_with(found: Sequence[EvaluationNumbers], name: str, by: By) -> tuple[Slice, ...]:
    """The slices of a kind in which any of the evaluations has a figure, in order, the unknown last."""
    bins = {key[1].bin for one in found for key in one.by_name if key[0] == name and key[1].by is by}
    ordered = [one for one in bins_of(by) if one in bins] + ([UNKNOWN] if UNKNOWN in bins else [])
    return tuple(Slice(by, one) for one in ordered)


def curves(found: Sequence[EvaluationNumbers], name: str) -> list[tuple[Curve | None, ...]]:
    """The curves of a name over everything, and for each tag: of each evaluation one or None."""
    every = {one.slice for numbers in found for one in numbers.curves if one.name == name}
    every = {one for one in every if one.by in (By.ALL, By.TAG)}
    ordered = sorted(every, key=lambda one: (list(By).index(one.by), one.bin == UNKNOWN, one.bin))
    return [
        tuple(next((c for c in n.curves if c.name == name and c.slice == part), None) for n in found)
        for part in ordered
    ]


def confusions(numbers: EvaluationNumbers) -> list[Confusion]:
    """The confusions of an evaluation over everything."""
    return [one for one in numbers.confusions if one.slice == Slice()]


def comparable(found: Sequence[EvaluationNumbers]) -> str:
    """A plain statement of which of the evaluations can be compared number by number."""
    groups: dict[str, list[int]] = {}
    for one in found:
        groups.setdefault(one.evaluation.truth_key, []).append(one.evaluation.id)
    if len(found) == 1:
        return "This is one evaluation; nothing is compared."
    if len(groups) == 1:
        return "All of these were measured by the same pictures and objects: their numbers can be compared."
    parts = "; ".join(_listed(ids) for ids in groups.values())
    return (
        "These were not all measured by the same pictures and objects. Only numbers of evaluations that "
        f"stand together here can be compared: {parts}. Differences between others may be those of the "
        "truth."
    )


def about(row: EvaluationRow) -> list[tuple[str, str]]:
    """All that is to be known of how an evaluation was made, as names and values, without folders."""
    facts: dict[str, Any] = {
        "what": row.subject.value,
        "run": row.run_id,
        "file": row.file,
        "measured by": row.truth.value,
        "digest of the truth": row.truth_key,
        "pictures": row.pictures,
        "objects in the results": row.objects,
        "seed": row.seed,
        "state": row.state.value,
        "notes": row.notes,
    }
    facts |= {f"data: {name}": value for name, value in row.data.items()}
    settings = {
        name: PureWindowsPath(value).name if name in FILES and isinstance(value, str) else value
        for name, value in _flat(row.settings).items()
    }
    facts |= {f"setting: {name}": value for name, value in settings.items()}
    facts |= {f"version: {name}": value for name, value in row.versions.items()}
    return [(name, _words(value)) for name, value in facts.items() if value not in (None, "", [], {})]


def interval_words(figure: Figure) -> str:
    """Such as "61.0 % to 64.2 %"; "" where there is no interval."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{words_of(figure.name, figure.low)} to {words_of(figure.name, figure.high)}"


def _row(found: Sequence[EvaluationNumbers], name: str, part: Slice, title: str) -> Row | None:
    figures = [one.by_name.get((name, part)) for one in found]
    if not any(figures):
        return None
    cells = tuple(
        Cell("", "", "")
        if one is None
        else Cell(words_of(name, one.value), interval_words(one), f"{one.count:,}")
        for one in figures
    )
    return Row(title, FIGURES[name].help, cells)


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found


def _words(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return "; ".join(_words(one) for one in value)
    return str(value)


def _listed(ids: Sequence[int]) -> str:
    words = [str(one) for one in ids]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else f"{words[0]} alone"
