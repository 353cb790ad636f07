"""The bars of a figure with what they are of above them: figure, bins, legend, what cannot be compared."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.states.evaluation import BarChart
from app.views.evaluate.bar_plot import BarPlot
from app.views.filter_chips import ChoiceChip
from app.views.flow import FlowLayout
from app.views.icons import IconLabel
from app.views.text import ElidedLabel, frame, label
from app.views.training.series import Sample


class BarsPane(QWidget):
    """The chart with what it is of above it.

    Signals:
        figure_chosen(object), by_chosen(object): what is to be drawn, over what.
        bar_chosen(int, int): key of the evaluation and number of the bin.
        cleared(): all objects are wanted again.
    """

    figure_chosen = Signal(object)
    by_chosen = Signal(object)
    bar_chosen = Signal(int, int)
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(210)
        head = frame("panel")
        row = QHBoxLayout(head)
        row.setContentsMargins(10, 5, 10, 5)
        row.setSpacing(6)
        self.figures, self.bys = ChoiceChip("Figure", ()), ChoiceChip("by", ())
        self.figures.chosen.connect(self.figure_chosen)
        self.bys.chosen.connect(self.by_chosen)
        row.addWidget(self.figures)
        row.addWidget(self.bys)
        self._help = ElidedLabel("", "faint", Qt.TextElideMode.ElideRight)
        row.addWidget(self._help, 1)
        self._apart = QWidget()
        apart = QHBoxLayout(self._apart)
        apart.setContentsMargins(12, 5, 12, 5)
        apart.setSpacing(7)
        apart.addWidget(IconLabel("warning", "warn", 16), 0, Qt.AlignmentFlag.AlignTop)
        self._apart_text = label("", "warn", wrap=True)
        apart.addWidget(self._apart_text, 1)
        self._legend_place = QWidget()
        self._legend = FlowLayout(self._legend_place, 4)
        self._legend_place.setContentsMargins(12, 4, 12, 0)
        self._samples: list[Sample] = []
        self.plot = BarPlot()
        self.plot.clicked.connect(self.bar_chosen)
        self.plot.cleared.connect(self.cleared)
        self._note = label("", "soft", wrap=True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setContentsMargins(24, 24, 24, 24)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(frame("line"))
        column.addWidget(self._apart)
        column.addWidget(self._legend_place)
        column.addWidget(self.plot, 1)
        column.addWidget(self._note, 1)
        self.show_chart(BarChart())

    @property
    def chart(self) -> BarChart:
        """What is drawn."""
        return self.plot.chart

    @property
    def apart(self) -> str:
        """Why what is side by side cannot be compared, or ""."""
        return self._apart_text.text()

    @property
    def note(self) -> str:
        """Why there is nothing, or ""."""
        return self._note.text()

    @property
    def legend(self) -> list[str]:
        """What the legend says."""
        return [one.text for one in self._samples]

    def show_chart(self, chart: BarChart) -> None:
        """Draws another chart."""
        self.figures.set_choices(chart.figures)
        self.bys.set_choices(chart.bys)
        if chart.figures:
            self.figures.show_value(chart.figure, narrows=False)
        if chart.bys:
            self.bys.show_value(chart.by, narrows=False)
        self.figures.setVisible(bool(chart.figures))
        self.bys.setVisible(bool(chart.bys))
        unit = chart.title.partition(", ")[2]
        words = [chart.help, f"In {unit}." if unit else "", chart.better and f"{chart.better.capitalize()}."]
        self._help.set_whole(" ".join(word for word in words if word) if chart.bins else chart.help)
        self._apart_text.setText(chart.apart)
        self._apart.setVisible(bool(chart.apart))
        self._show_legend(chart)
        drawn = bool(chart.bins) and not (chart.note and not chart.series)
        self.plot.setVisible(drawn)
        self._note.setVisible(not drawn)
        self._note.setText(chart.note)
        if drawn:
            self.plot.show_chart(chart)
        self.setAccessibleName(chart.title or "Bars")

    def _show_legend(self, chart: BarChart) -> None:
        wanted = [(series.number, series.name) for series in chart.series]
        if wanted != [(one.number, one.text) for one in self._samples]:
            for sample in self._samples:
                self._legend.removeWidget(sample)
                sample.deleteLater()
            self._samples = []
            for number, name in wanted:
                sample = Sample(number, name)
                sample.setToolTip(name)
                self._samples.append(sample)
                self._legend.addWidget(sample)
                sample.show()
        self._legend_place.setVisible(len(wanted) > 1 and bool(chart.bins))
