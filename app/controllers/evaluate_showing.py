"""What is drawn of the evaluations that are shown, and what is chosen in it: a bar, a cell, a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.controllers.evaluate_numbers import (
    BYS,
    bys_of,
    chart_of,
    confusion_of,
    curves_of,
    figure_names,
    first_figure,
    slice_words,
    table_of,
)
from app.states.evaluation import BarChart, Below, ConfusionTable
from app.states.training import RunLook
from core.records.evaluations import EvaluationNumbers, ResultFilter
from core.records.figures import bar_filter
from core.records.slices import ALL, By, Slice


class Showing(QObject):
    """Holds what is chosen; each choice is a filter of objects.

    Signals:
        chart_changed(BarChart), table_changed(FigureTable), confusion_changed(ConfusionTable),
        curves_changed(CurveSheet), below_changed(Below): draw these.
        filter_changed(object, object, str): evaluation or None, its ResultFilter, what it shows in words.
        key_chosen(int): a bar of another evaluation was chosen.
        said(str): why nothing happened.
    """

    chart_changed = Signal(object)
    table_changed = Signal(object)
    confusion_changed = Signal(object)
    curves_changed = Signal(object)
    below_changed = Signal(object)
    filter_changed = Signal(object, object, str)
    key_chosen = Signal(int)
    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[EvaluationNumbers] = []
        self._looks: Mapping[int, RunLook] = {}
        self._key: int | None = None
        self._note = ""
        self._figure, self._by = "", By.OCCLUSION  # as a person chose them; others stand in where they lack
        self._bin: int | None = None
        self._cell: tuple[int, int] | None = None
        self._confusion_name = ""
        self._confusion = ConfusionTable()
        self._filtered: tuple[object, ...] | None = None
        self.below = Below.FIGURES
        self.chart = BarChart()

    def take(
        self, shown: Sequence[EvaluationNumbers], key: int | None, looks: Mapping[int, RunLook], note: str
    ) -> None:
        """Shows other evaluations.

        Args:
            shown: their numbers. key: the one whose objects are listed. looks: how each stands, by id.
            note: why the selected one has no numbers, or "".
        """
        self._shown, self._key, self._looks, self._note = list(shown), key, looks, note
        self._tell()

    # ---- what a person chooses ------------------------------------------------------------------

    def choose_figure(self, name: str) -> None:
        """Draws another figure; what is chosen stays where it has a bar."""
        self._figure = name
        self._tell()

    def step_figure(self, step: int) -> None:
        """Draws the next figure, or the one before where step is negative; around the ends."""
        names = figure_names(self._shown)
        if names:
            place = names.index(self.chart.figure) if self.chart.figure in names else 0
            self.choose_figure(names[(place + step) % len(names)])

    def choose_by(self, by: By) -> None:
        """Draws it over other bins; nothing is chosen then."""
        if by is not self._by:
            self._by, self._bin, self._cell = by, None, None
        self._tell()

    def step_by(self, step: int) -> None:
        """Draws it over the next kind of bins that it has."""
        bys = [choice.value for choice in self.chart.bys]
        if not bys:
            self.said.emit("This figure was counted over all objects alone.")
            return
        place = bys.index(self.chart.by) if self.chart.by in bys else 0
        chosen = bys[(place + step) % len(bys)]
        assert isinstance(chosen, By)
        self.choose_by(chosen)

    def choose_bar(self, key: int, bin: int) -> None:
        """Lists the objects behind a bar; those behind it again: all."""
        again = (key, bin) == (self._key, self.chart.chosen) and self._cell is None
        self._by, self._bin, self._cell = self.chart.by, None if again else bin, None
        if key != self._key:
            self.key_chosen.emit(key)  # which tells all
        else:
            self._tell()

    def step_bar(self, step: int) -> None:
        """Goes to the next bar of the selected evaluation; past the ends: to all objects."""
        bins: list[int | None] = [None, *self._bins_of_key()]
        if len(bins) == 1:
            self.said.emit("There are no bars to go through.")
            return
        place = bins.index(self.chart.chosen) if self.chart.chosen in bins else 0
        self._by, self._bin, self._cell = self.chart.by, bins[(place + step) % len(bins)], None
        self._tell()

    def choose_cell(self, row: int, column: int) -> None:
        """Lists the objects behind a cell of the confusion; those behind it again: all."""
        self._cell = None if (row, column) == self._cell else (row, column)
        if self._cell is not None and self._confusion.slice.by is By.ALL:
            self._bin = None  # the cell is over all objects
        self._tell()

    def choose_confusion(self, name: str) -> None:
        """Shows what else is confused."""
        self._confusion_name, self._cell = name, None
        self._tell()

    def choose_below(self, below: Below) -> None:
        """Shows figures, the confusion or curves below the bars."""
        self.below = below
        self.below_changed.emit(below)

    def step_below(self) -> None:
        """Shows what comes next there."""
        order = list(Below)
        self.choose_below(order[(order.index(self.below) + 1) % len(order)])

    def clear_choice(self) -> bool:
        """Lists all objects again; False where nothing was chosen."""
        if self.chart.chosen is None and self._cell is None:
            return False
        self._bin = self._cell = None
        self._tell()
        return True

    # ---- details --------------------------------------------------------------------------------

    @property
    def _own(self) -> EvaluationNumbers | None:
        return next((one for one in self._shown if one.evaluation.id == self._key), None)

    @property
    def _slice(self) -> Slice:
        return ALL if self.chart.chosen is None else Slice(self.chart.by, self.chart.chosen)

    def _bins_of_key(self) -> list[int]:
        own = next((series for series in self.chart.series if series.key == self._key), None)
        if own is None:
            return []
        return [bin for bin, bar in zip(self.chart.bins, own.bars, strict=True) if bar is not None]

    def _tell(self) -> None:
        figure = self._figure if self._figure in figure_names(self._shown) else first_figure(self._shown)
        bys = bys_of(self._shown, figure)
        by = self._by if self._by in bys else next(iter(bys), self._by if not bys else BYS[0])
        chart = chart_of(self._shown, figure, by)
        # what is chosen comes back with a figure, or an evaluation, that has it
        chosen = self._bin if by is self._by and self._bin in chart.bins else None
        self.chart = replace(chart, chosen=chosen, key=self._key, note=self._note or chart.note)
        self._confusion = confusion_of(self._own, self._confusion_name, self._slice)
        if self._cell is not None and not _has_cell(self._confusion, self._cell):
            self._cell = None
        self._confusion = replace(self._confusion, chosen=self._cell)
        self.chart_changed.emit(self.chart)
        self.table_changed.emit(table_of(self._shown, self._looks, self._slice, figure))
        self.confusion_changed.emit(self._confusion)
        self.curves_changed.emit(curves_of(self._shown, self._slice))
        self._tell_filter(figure)

    def _tell_filter(self, figure: str) -> None:
        filter = ResultFilter() if self._own is None else bar_filter(self._own, figure, self._slice)
        words = slice_words(self._slice)
        if self._cell is not None:
            row, column = self._cell
            table = self._confusion
            slices = () if table.slice == ALL else (table.slice,)
            filter = ResultFilter(
                slices, (), (table.name, table.truth[row], table.said[column]), filter.order
            )
            words = f"{table.truth[row]}, said {table.said[column]}"
        key = None if self._own is None else self._key
        counted = None if self._own is None else self._own.evaluation.finished_at
        if (key, filter, counted) != self._filtered:
            self._filtered = (key, filter, counted)
            self.filter_changed.emit(key, filter, words)


def _has_cell(table: ConfusionTable, cell: tuple[int, int]) -> bool:
    return cell[0] < len(table.truth) and cell[1] < len(table.said)
