"""The numbers of evaluations as bars, tables, confusions and curves, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.states.evaluation import (
    BY_NAMES,
    Bar,
    BarChart,
    BarSeries,
    Column,
    ConfusionTable,
    CurveChart,
    CurveLine,
    CurveSheet,
    FigureCell,
    FigureRow,
    FigureTable,
)
from app.states.review_filter import Choice
from app.states.training import RunLook
from core.records.evaluations import Confusion, EvaluationNumbers, Figure
from core.records.figures import CURVES, FIGURES, Unit, words_of
from core.records.slices import ALL, UNKNOWN, By, Slice, bins_of

BYS = (By.OCCLUSION, By.DISTANCE, By.SIZE, By.HOUR, By.CATEGORY, By.TAG)
_ONLY_KNOWN = frozenset({By.HOUR, By.CATEGORY, By.TAG})  # bins without objects are left out
_CONFUSION_NAMES = {"category": "categories", "tag": "tags of points", "label": "labels"}
_UNIT_WORDS = {Unit.SHARE: "%", Unit.RADIANS: "°", Unit.METRES: "m", Unit.MILLIMETRES: "mm"}
_SCALES = {Unit.SHARE: 100.0, Unit.RADIANS: 180.0 / math.pi, Unit.MILLIMETRES: 1000.0}
_AXES = {
    By.ALL: "",
    By.OCCLUSION: "hidden, %",
    By.DISTANCE: "distance, m",
    By.SIZE: "size, px",
    By.HOUR: "hour of day",
    By.CATEGORY: "category",
    By.TAG: "tag of points",
}
_UNITS = {By.OCCLUSION: " %", By.DISTANCE: " m", By.SIZE: " px", By.HOUR: " h"}
_WHERE = {
    By.OCCLUSION: "hidden by {}",
    By.DISTANCE: "{} away",
    By.SIZE: "of {}",
    By.HOUR: "at {}",
    By.CATEGORY: "called {}",
    By.TAG: "with points that are {}",
}
_UNKNOWN_WORDS = {
    By.OCCLUSION: "of unknown occlusion",
    By.DISTANCE: "at an unknown distance",
    By.SIZE: "of unknown size",
    By.HOUR: "at an unknown hour",
    By.CATEGORY: "of unknown category",
    By.TAG: "without tags",
}


def slice_words(one: Slice) -> str:
    """Over what a number is, such as "objects hidden by 20-30 %"."""
    if one.by is By.ALL:
        return "all objects"
    if one.bin == UNKNOWN:
        return f"objects {_UNKNOWN_WORDS[one.by]}"
    return f"objects {_WHERE[one.by].format(one.title)}"


def figure_names(shown: Sequence[EvaluationNumbers]) -> list[str]:
    """The figures that any of some evaluations has, in the order of `FIGURES`, others after them."""
    there = {one.name for numbers in shown for one in numbers.figures}
    return [*(name for name in FIGURES if name in there), *sorted(there - FIGURES.keys())]


def bys_of(shown: Sequence[EvaluationNumbers], name: str) -> list[By]:
    """Over what a figure can be drawn."""
    there = {one.slice.by for numbers in shown for one in numbers.figures if one.name == name}
    return [by for by in BYS if by in there]


def first_figure(shown: Sequence[EvaluationNumbers]) -> str:
    """The figure that is drawn before a person chooses: the first that has bars, or the first of all."""
    names = figure_names(shown)
    return next((name for name in names if bys_of(shown, name)), names[0] if names else "")


def bins_there(shown: Sequence[EvaluationNumbers], name: str, by: By) -> list[int]:
    """The bins that are drawn: all that there can be, or of some kinds those that have objects."""
    there = {
        one.slice.bin
        for numbers in shown
        for one in numbers.figures
        if one.name == name and one.slice.by is by
    }
    known = [bin for bin in bins_of(by) if bin in there or by not in _ONLY_KNOWN] if there else []
    return [*known, *([UNKNOWN] if UNKNOWN in there else [])]


def scale_of(name: str) -> float:
    """By what a value is multiplied to stand on an axis."""
    return _SCALES.get(_unit(name), 1.0)


def title_of(name: str) -> str:
    """A figure's title."""
    return FIGURES[name].title if name in FIGURES else name.replace("_", " ")


def interval_words(figure: Figure) -> str:
    """An interval, such as "55.0 to 67.1 %", or ""."""
    if figure.low is None or figure.high is None:
        return ""
    low, high = words_of(figure.name, figure.low), words_of(figure.name, figure.high)
    unit = "".join(high.partition(" ")[1:]) if " " in high else ("°" if high.endswith("°") else "")
    return f"{low.removesuffix(unit)} to {high}" if unit else f"{low} to {high}"


def apart_words(shown: Sequence[EvaluationNumbers]) -> str:
    """Why numbers that stand side by side cannot be compared, or ""."""
    keys = {one.evaluation.truth_key for one in shown}
    if len(shown) < 2 or (len(keys) == 1 and "" not in keys):
        return ""
    if "" in keys:
        return "One of them does not say by which objects it was measured: do not compare number by number."
    return "They were measured by different objects: look at each by itself, not number by number."


def chart_of(shown: Sequence[EvaluationNumbers], figure: str, by: By) -> BarChart:
    """A figure of some evaluations over the bins of one `By`; nothing is chosen in it."""
    names = figure_names(shown)
    bys = bys_of(shown, figure)
    bins = bins_there(shown, figure, by)
    kind = FIGURES.get(figure)
    series = tuple(
        BarSeries(
            numbers.evaluation.id,
            numbers.evaluation.id,
            numbers.evaluation.name,
            tuple(_bar(numbers.figure(figure, by, bin)) for bin in bins),
        )
        for numbers in shown
    )
    unit = _UNIT_WORDS.get(_unit(figure), "")
    title = title_of(figure)
    better = "" if kind is None else ("higher is better" if kind.higher_is_better else "lower is better")
    note = ""
    if names and not bins:
        note = f"{title} was counted over all objects alone. Choose another figure to see bars."
    return BarChart(
        title=f"{title}, {unit}" if unit else title,
        help="" if kind is None else kind.help,
        by=by,
        bins=tuple(bins),
        labels=tuple(Slice(by, bin).title for bin in bins),
        ticks=tuple("?" if bin == UNKNOWN else _short(Slice(by, bin).title, by) for bin in bins),
        axis=_AXES[by],
        series=series,
        top=100.0 if _unit(figure) is Unit.SHARE else 0.0,
        figure=figure,
        figures=tuple(Choice(name, title_of(name)) for name in names),
        bys=tuple(Choice(one, BY_NAMES[one]) for one in bys),
        note=note,
        apart=apart_words(shown),
        better=better,
    )


def table_of(
    shown: Sequence[EvaluationNumbers], looks: Mapping[int, RunLook], one: Slice, figure: str
) -> FigureTable:
    """All figures of some evaluations over one slice.

    Args:
        looks: how each stands, by id. figure: the one that is drawn as bars.
    """
    columns = tuple(
        Column(
            numbers.evaluation.id,
            numbers.evaluation.id,
            numbers.evaluation.name,
            looks.get(numbers.evaluation.id, RunLook.DONE),
        )
        for numbers in shown
    )
    comparable = len(shown) > 1 and not apart_words(shown)
    rows = []
    for name in figure_names(shown):
        found = [numbers.figure(name, one.by, one.bin) for numbers in shown]
        if any(cell is not None for cell in found):
            best = _best(name, found) if comparable else None
            cells = tuple(_cell(cell, best=place == best) for place, cell in enumerate(found))
            kind = FIGURES.get(name)
            rows.append(FigureRow(name, title_of(name), "" if kind is None else kind.help, cells))
    note = "" if rows or not shown else f"Nothing was counted over {slice_words(one)}."
    return FigureTable(slice_words(one), columns, tuple(rows), figure, note)


def confusion_of(numbers: EvaluationNumbers | None, name: str, one: Slice) -> ConfusionTable:
    """A confusion of an evaluation over a slice, or over all objects where it has none of that."""
    if numbers is None or not numbers.confusions:
        return ConfusionTable(note="Categories, tags and labels that are confused stand here.")
    names = list(dict.fromkeys(found.name for found in numbers.confusions))
    chosen = name if name in names else names[0]
    found = _confusion(numbers, chosen, one) or _confusion(numbers, chosen, ALL)
    if found is None:
        found = next(other for other in numbers.confusions if other.name == chosen)
    return ConfusionTable(
        name=chosen,
        names=tuple(Choice(other, _CONFUSION_NAMES.get(other, other)) for other in names),
        slice=found.slice,
        title=slice_words(found.slice),
        truth=found.truth,
        said=found.said,
        counts=found.counts,
    )


def curves_of(shown: Sequence[EvaluationNumbers], one: Slice) -> CurveSheet:
    """All curves of some evaluations over a slice; of those that have none there, over all objects."""
    there = {(curve.name, curve.slice) for found in shown for curve in found.curves}
    charts = tuple(
        _curves(shown, name, one if (name, one) in there else ALL, one)
        for name in CURVES
        if (name, one) in there or (name, ALL) in there
    )
    return CurveSheet(charts, "" if charts or not shown else "It has no curves.")


def _curves(shown: Sequence[EvaluationNumbers], name: str, one: Slice, asked: Slice) -> CurveChart:
    over = slice_words(one) + ("" if one == asked else f": there is none of {slice_words(asked)}")
    lines = tuple(
        CurveLine(found.evaluation.id, found.evaluation.name, curve.x, curve.y)
        for found in shown
        for curve in found.curves
        if curve.name == name and curve.slice == one
    )
    return CurveChart(name, *CURVES[name], lines, over)


def _confusion(numbers: EvaluationNumbers, name: str, one: Slice) -> Confusion | None:
    return next((found for found in numbers.confusions if (found.name, found.slice) == (name, one)), None)


def _bar(figure: Figure | None) -> Bar | None:
    if figure is None:
        return None
    scale = scale_of(figure.name)
    interval = interval_words(figure)
    said = [words_of(figure.name, figure.value)]
    said += [f"95 %: {interval}"] if interval else []
    said.append(
        f"over {figure.count:,} {FIGURES[figure.name].over if figure.name in FIGURES else ''}".rstrip()
    )
    return Bar(
        figure.value * scale,
        None if figure.low is None else figure.low * scale,
        None if figure.high is None else figure.high * scale,
        "\n".join(said),
    )


def _cell(figure: Figure | None, *, best: bool) -> FigureCell:
    if figure is None:
        return FigureCell()
    cell = FigureCell(words_of(figure.name, figure.value), interval_words(figure), f"{figure.count:,}")
    return replace(cell, best=best)


def _best(name: str, found: Sequence[Figure | None]) -> int | None:
    """The place of the best, or None where no value is better than all others."""
    kind = FIGURES.get(name)
    there = [(place, one) for place, one in enumerate(found) if one is not None]
    if kind is None or len(there) < 2:
        return None
    sign = 1.0 if kind.higher_is_better else -1.0
    there.sort(key=lambda entry: -sign * entry[1].value)
    first, second = there[0], there[1]
    return first[0] if sign * (first[1].value - second[1].value) > 0 else None


def _short(title: str, by: By) -> str:
    """A bin's title without the unit, which stands beside the axis."""
    return title.removesuffix(_UNITS.get(by, "")).replace("over ", "> ")


def _unit(name: str) -> Unit:
    return FIGURES[name].unit if name in FIGURES else Unit.COUNT
