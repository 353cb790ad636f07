"""Curves of evaluations over each other: precision over recall, right points over alpha."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.states.evaluation import CurveChart, CurveSheet
from app.theme import current_theme
from app.views.flow import FlowLayout
from app.views.text import label, scroller
from app.views.training.series import Sample, series_colour, series_stroke, series_symbol

_HEIGHT_PX = 230
_FEW = 24  # points: each is marked


class CurvePlot(pg.PlotWidget):  # type: ignore[misc]
    """Draws a CurveChart."""

    _chart: CurveChart | None = None  # events come while pyqtgraph builds itself

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.getAxis("left").setWidth(46)

    def show_chart(self, chart: CurveChart) -> None:
        """Draws other curves."""
        self._chart = chart
        self._draw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt's: scrolls the page."""
        event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        """Qt's: takes on another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._chart is not None:
            self._draw()

    def close(self) -> bool:
        """Qt's: hides it. pyqtgraph's own takes the viewport away, which Qt does not survive."""
        return QWidget.close(self)

    def _draw(self) -> None:
        chart, theme = self._chart, current_theme()
        assert chart is not None
        self.setBackground(theme.color("surface"))
        small = QFont(self.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1.5))
        item = self.getPlotItem()
        item.clear()
        for name, title in (("left", chart.y_title), ("bottom", chart.x_title)):
            axis = item.getAxis(name)
            axis.setPen(theme.color("line_strong"))
            axis.setTextPen(theme.color("text_soft"))
            axis.setTickFont(small)
            axis.enableAutoSIPrefix(False)
            item.setLabel(name, title, color=theme.colors["text_soft"])
        item.showGrid(x=False, y=True, alpha=0.16)
        item.setYRange(0.0, 1.0, padding=0.03)
        for line in chart.lines:
            colour = series_colour(line.number)
            pen = QPen(colour, 2, series_stroke(line.number))
            pen.setCosmetic(True)
            marked = len(line.x) <= _FEW
            item.plot(
                list(line.x),
                list(line.y),
                pen=pen,
                symbol=series_symbol(line.number) if marked else None,
                symbolSize=7,
                symbolBrush=colour,
                symbolPen=pg.mkPen(colour),
            )


class CurvesPane(QWidget):
    """Draws a CurveSheet: one plot below the other."""

    def __init__(self) -> None:
        super().__init__()
        self._sheet = CurveSheet()
        self.plots: dict[str, CurvePlot] = {}
        page = QWidget()
        self._rows = QVBoxLayout(page)
        self._rows.setContentsMargins(12, 8, 8, 8)
        self._rows.setSpacing(4)
        self._area = scroller(page)
        self._note = label("", "soft", wrap=True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setContentsMargins(24, 24, 24, 24)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area, 1)
        column.addWidget(self._note, 1)
        self.show_sheet(CurveSheet())

    @property
    def sheet(self) -> CurveSheet:
        """What is shown."""
        return self._sheet

    def show_sheet(self, sheet: CurveSheet) -> None:
        """Draws other curves."""
        same = sheet == self._sheet
        self._sheet = sheet
        self._note.setText(sheet.note)
        self._note.setVisible(not sheet.charts)
        self._area.setVisible(bool(sheet.charts))
        if same:
            return
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.plots = {}
        for chart in sheet.charts:
            self._rows.addWidget(self._built(chart))
        self._rows.addStretch(1)

    def _built(self, chart: CurveChart) -> QWidget:
        whole = QWidget()
        whole.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(label(chart.title, "heading"))
        column.addWidget(label(f"Over {chart.over}", "faint"))
        legend = QWidget()
        flow = FlowLayout(legend, 4)
        for line in chart.lines:
            flow.addWidget(Sample(line.number, line.name))
        column.addWidget(legend)
        plot = CurvePlot()
        plot.setFixedHeight(_HEIGHT_PX)
        plot.show_chart(chart)
        plot.setAccessibleName(chart.title)
        self.plots[chart.key] = plot
        column.addWidget(plot)
        return whole
