"""One chart: curves over steps, their jitter behind them, what each is, and the numbers at the cursor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.states.training import Chart, Curve
from app.theme import current_theme
from app.views.flow import FlowLayout
from app.views.text import label
from app.views.training.series import Sample, series_colour, series_stroke, series_symbol

HEIGHT_PX = 216
_FEW = 48  # points: each is marked
_RAW_ALPHA = 80


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    """pyqtgraph's plot, that leaves the wheel to the page around it.

    Signals:
        pointed(object): at which step the cursor is, or None.
    """

    pointed = Signal(object)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        item = self.getPlotItem()
        item.hideButtons()
        item.getViewBox().setMouseMode(pg.ViewBox.RectMode)
        item.getViewBox().setDefaultPadding(0.03)
        item.getAxis("left").setWidth(46)
        self.setToolTip("Drag to look at a part; double-click for all of it.")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt's: scrolls the page."""
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: tells where the cursor is."""
        super().mouseMoveEvent(event)
        place = self.getPlotItem().getViewBox().mapSceneToView(event.position())
        self.pointed.emit(float(place.x()))

    def leaveEvent(self, event: QEvent) -> None:
        """Qt's: the cursor is nowhere."""
        super().leaveEvent(event)
        self.pointed.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt's: shows all again."""
        super().mouseDoubleClickEvent(event)
        self.getPlotItem().enableAutoRange()

    def close(self) -> bool:
        """Qt's: hides it. pyqtgraph's own takes the viewport away, which Qt does not survive."""
        return QWidget.close(self)


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """How a curve was drawn last: what is the same is not drawn anew."""

    curve: Curve | None = None
    log: bool = False
    smooth: bool = False
    theme: str = ""

    def shows(self, curve: Curve, log: bool, smooth: bool, theme: str) -> bool:
        """Whether it is what is to be drawn now."""
        own = self.curve
        return (
            own is not None
            and own.values is curve.values
            and (own.best_step, own.early_step) == (curve.best_step, curve.early_step)
            and (self.log, self.smooth, self.theme) == (log, smooth, theme)
        )


class ChartView(QWidget):
    """Draws a Chart."""

    def __init__(self) -> None:
        super().__init__()
        self._chart = Chart("", "")
        self._log, self._smooth = False, True
        self._tinted = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 6, 2)
        column.setSpacing(2)
        self._title = label("", "heading")
        column.addWidget(self._title)
        self._legend_place = QWidget()
        self._legend = FlowLayout(self._legend_place, 4)
        column.addWidget(self._legend_place)
        self.plot = _Plot()
        column.addWidget(self.plot, 1)
        self._samples: list[Sample] = []
        self._lines: list[tuple[pg.PlotDataItem, pg.PlotDataItem]] = []
        self._signs: list[list[pg.GraphicsObject]] = []  # of each curve
        self._drawn: list[_Drawn] = []
        self._waits = False
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        self.plot.addItem(self._cursor, ignoreBounds=True)
        self.plot.pointed.connect(self._on_pointed)

    @property
    def chart(self) -> Chart:
        """What is drawn."""
        return self._chart

    @property
    def legend(self) -> list[str]:
        """What the legend says."""
        return [one.text for one in self._samples]

    def show_chart(self, chart: Chart, *, log: bool, smooth: bool) -> None:
        """Draws another chart, or the same with more points."""
        before, self._chart = self._chart, chart
        self._log, self._smooth = log and chart.logarithmic, smooth
        self._title.setText(chart.title)
        self.setAccessibleName(chart.title)
        kept = [(curve.name, curve.number) for curve in before.curves]
        if kept != [(curve.name, curve.number) for curve in chart.curves] or not self._lines:
            self._build()
        self._waits = True
        if not self.visibleRegion().isEmpty():
            self._draw()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: a chart that is scrolled into view is drawn only then."""
        if self._waits:
            self._draw()
        super().paintEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Qt's: takes on another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._tinted not in ("", current_theme().name):
            self._draw()

    def _build(self) -> None:
        for raw, line in self._lines:
            self.plot.removeItem(raw)
            self.plot.removeItem(line)
        for sample in self._samples:
            self._legend.removeWidget(sample)
            sample.deleteLater()
        for sign in (sign for signs in self._signs for sign in signs):
            self.plot.removeItem(sign)
        self._lines, self._samples = [], []
        self._signs = [[] for _ in self._chart.curves]
        self._drawn = [_Drawn() for _ in self._chart.curves]
        for curve in self._chart.curves:
            raw, line = pg.PlotDataItem(), pg.PlotDataItem()
            for one in (raw, line):
                one.setDownsampling(auto=True, method="peak")
                one.setClipToView(True)
                self.plot.addItem(one)
            self._lines.append((raw, line))
            sample = Sample(curve.number, curve.name)
            sample.setToolTip(curve.name)
            self._samples.append(sample)
            self._legend.addWidget(sample)
            sample.show()
        self.plot.getPlotItem().enableAutoRange()

    def _draw(self) -> None:
        self._waits = False
        self._tint()
        self.plot.getPlotItem().setLogMode(x=False, y=self._log)
        for place, curve in enumerate(self._chart.curves):
            if not self._drawn[place].shows(curve, self._log, self._smooth, self._tinted):
                self._drawn[place] = _Drawn(curve, self._log, self._smooth, self._tinted)
                for sign in self._signs[place]:
                    self.plot.removeItem(sign)
                self._signs[place] = []
                self._draw_curve(place, curve, *self._lines[place])
        self._say(None)

    def _draw_curve(self, place: int, curve: Curve, raw: pg.PlotDataItem, line: pg.PlotDataItem) -> None:
        colour = series_colour(curve.number)
        jitters = self._smooth and curve.smooth is not curve.values
        steps, values = self._drawable(curve.steps, curve.values)
        raw.setVisible(jitters)
        if jitters:
            pale = QColor(colour)
            pale.setAlpha(_RAW_ALPHA)
            raw.setData(steps, values, pen=QPen(pale, 0))
            steps, values = self._drawable(curve.steps, curve.smooth)
        pen = QPen(colour, 2, series_stroke(curve.number))
        pen.setCosmetic(True)
        marked = len(steps) <= _FEW
        line.setData(
            steps,
            values,
            pen=pen,
            symbol=series_symbol(curve.number) if marked else None,
            symbolSize=7,
            symbolBrush=colour,
            symbolPen=pg.mkPen(colour),
        )
        if not marked and len(steps):
            self._add_sign(place, steps[-1:], values[-1:], series_symbol(curve.number), 9, colour, colour)
        if curve.best_step is not None and len(steps):
            nearest = int(np.argmin(np.abs(steps - curve.best_step)))
            ring = current_theme().color("ok")
            hollow = QColor(0, 0, 0, 0)
            self._add_sign(
                place, steps[nearest : nearest + 1], values[nearest : nearest + 1], "o", 17, hollow, ring
            )
        if curve.early_step is not None and curve.best_step is not None:
            end = pg.InfiniteLine(
                curve.early_step,
                90,
                pen=QPen(colour, 0, Qt.PenStyle.DashLine),
                label="stopped early",
                labelOpts={
                    "position": 0.12,
                    "color": colour,
                    "rotateAxis": (1, 0),
                    "anchors": [(0, 1), (0, 0)],
                },
            )
            self.plot.addItem(end, ignoreBounds=True)
            self._signs[place].append(end)

    def _add_sign(
        self,
        place: int,
        steps: NDArray[np.int64],
        values: NDArray[np.float64],
        symbol: str,
        size: int,
        fill: QColor,
        edge: QColor,
    ) -> None:
        sign = pg.ScatterPlotItem()
        shown = np.log10(values) if self._log else values
        sign.setData(steps, shown, symbol=symbol, size=size, brush=fill, pen=pg.mkPen(edge, width=2))
        sign.setZValue(10)
        self.plot.addItem(sign)
        self._signs[place].append(sign)

    def _drawable(
        self, steps: NDArray[np.int64], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Without what has no place on a logarithmic scale."""
        if not self._log:
            return steps, values
        kept = values > 0
        return steps[kept], values[kept]

    def _on_pointed(self, step: float | None) -> None:
        self._cursor.setVisible(step is not None)
        if step is not None:
            self._cursor.setPos(step)
        self._say(step)

    def _say(self, step: float | None) -> None:
        """The legend's words: the newest values, or those at the cursor."""
        for curve, sample in zip(self._chart.curves, self._samples, strict=True):
            if not len(curve.steps):
                continue
            shown = curve.smooth if self._smooth else curve.values
            place = len(shown) - 1 if step is None else int(np.argmin(np.abs(curve.steps - step)))
            value = _short(float(shown[place]))
            # the runs' names stand beside their marks in the list and below
            sample.show_text(value if self._chart.compares else f"{curve.name}  {value}")
        title = self._chart.title
        self._title.setText(title if step is None else f"{title}, step {max(round(step), 0):,}")

    def _tint(self) -> None:
        theme = current_theme()
        if theme.name == self._tinted:
            return
        self._tinted = theme.name
        self.plot.setBackground(theme.color("surface"))
        small = QFont(self.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1.5))
        for name in ("left", "bottom"):
            axis = self.plot.getPlotItem().getAxis(name)
            axis.setPen(theme.color("line_strong"))
            axis.setTextPen(theme.color("text_faint"))
            axis.setTickFont(small)
            axis.enableAutoSIPrefix(False)
        self.plot.getPlotItem().showGrid(x=False, y=True, alpha=0.16)
        self._cursor.setPen(QPen(theme.color("text_faint"), 0, Qt.PenStyle.DotLine))


def _short(value: float) -> str:
    """A number in few letters."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
