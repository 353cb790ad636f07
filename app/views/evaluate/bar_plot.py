"""One figure as bars over bins, with whiskers: a group for each bin, a bar in it for each evaluation."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from app.states.evaluation import Bar, BarChart
from app.theme import current_theme
from app.views.evaluate.patterns import bar_pattern
from app.views.training.series import series_colour

_GROUP = 0.8  # of a bin's width is filled with bars
_CAP = 0.16  # of a bar's width: half a whisker's cap
_LABEL_PX = 46  # below this room for each label every other is left out


class _Bars(pg.GraphicsObject):  # type: ignore[misc]
    """The bars and whiskers of a chart, in the plot's coordinates."""

    def __init__(self) -> None:
        super().__init__()
        self._chart = BarChart()
        self._pointed: tuple[int, int] | None = None
        self._top = 1.0

    def show_chart(self, chart: BarChart, top: float) -> None:
        """Draws another chart.

        Args:
            top: where its axis ends.
        """
        self.prepareGeometryChange()
        self._chart, self._top = chart, top
        self._pointed = None
        self.update()

    def set_pointed(self, pointed: tuple[int, int] | None) -> None:
        """Lifts a bar out of the rest: the places of its series and its bin."""
        if pointed != self._pointed:
            self._pointed = pointed
            self.update()

    def boundingRect(self) -> QRectF:
        """Qt's: all bins."""
        return QRectF(-0.5, min(0.0, self._low()), max(len(self._chart.bins), 1), self._top - self._low())

    def place_of(self, series: int, bin: int) -> QRectF:
        """Where a bar stands, the places of its series and its bin."""
        count = max(len(self._chart.series), 1)
        width = _GROUP / count
        bar = self._chart.series[series].bars[bin]
        height = 0.0 if bar is None else bar.value
        left = bin - _GROUP / 2 + series * width
        return QRectF(left + width * 0.06, min(0.0, height), width * 0.88, abs(height))

    def paint(self, painter: QPainter, *_: object) -> None:
        """Qt's: draws them, patterns in screen pixels."""
        theme = current_theme()
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        for place, series in enumerate(self._chart.series):
            colour = series_colour(series.number)
            for bin, bar in enumerate(series.bars):
                if bar is None:
                    continue
                own = self.place_of(place, bin)
                body = to_screen.mapRect(own)
                chosen = (series.key, self._chart.bins[bin]) == (self._chart.key, self._chart.chosen)
                dim = self._chart.chosen is not None and not chosen
                self._paint_bar(painter, body, colour, series.number, dim=dim)
                if chosen or (place, bin) == self._pointed:
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.setPen(QPen(theme.color("text"), 2.0 if chosen else 1.2))
                    painter.drawRect(body.adjusted(-2, -2, 2, 2))
                self._paint_whisker(painter, own, bar, to_screen)
        painter.restore()

    def _paint_bar(self, painter: QPainter, body: QRectF, colour: QColor, number: int, *, dim: bool) -> None:
        fill = QColor(colour)
        fill.setAlpha(70 if dim else 150)
        painter.fillRect(body, fill)
        pattern = bar_pattern(number)
        if pattern is not Qt.BrushStyle.NoBrush:
            ink = QColor(colour)
            ink.setAlpha(140 if dim else 255)
            painter.fillRect(body, QBrush(ink, pattern))
        painter.setPen(QPen(colour, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(body)
        if body.height() < 1.5:  # a value of nothing is there, too
            painter.setPen(QPen(colour, 3))
            painter.drawLine(body.bottomLeft(), body.bottomRight())

    def _paint_whisker(self, painter: QPainter, own: QRectF, bar: Bar, to_screen: object) -> None:
        if bar.low is None or bar.high is None:
            return
        x, cap = own.center().x(), own.width() * _CAP * 2
        low, high = to_screen.map(QPointF(x, bar.low)), to_screen.map(QPointF(x, bar.high))  # type: ignore[attr-defined]
        half = abs(to_screen.map(QPointF(x + cap, 0)).x() - low.x()) / 2  # type: ignore[attr-defined]
        half = min(half, 7.0)
        theme = current_theme()
        for width, colour in ((4.0, theme.color("surface")), (1.6, theme.color("text"))):
            painter.setPen(QPen(colour, width))
            painter.drawLine(low, high)
            for end in (low, high):
                painter.drawLine(end - QPointF(half, 0), end + QPointF(half, 0))

    def _low(self) -> float:
        lows = [
            value
            for series in self._chart.series
            for bar in series.bars
            if bar is not None
            for value in (bar.value, bar.low)
            if value is not None
        ]
        return min([0.0, *lows])


class BarPlot(pg.PlotWidget):  # type: ignore[misc]
    """Draws the bars of a chart with their axes.

    Signals:
        clicked(int, int): key of the evaluation and number of the bin of a bar.
        cleared(): a click beside all bars.
    """

    clicked = Signal(int, int)
    cleared = Signal()
    _chart = BarChart()  # events come while pyqtgraph builds itself
    _tinted = ""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.getViewBox().setDefaultPadding(0.0)
        item.getAxis("left").setWidth(44)
        for name in ("left", "bottom"):
            item.getAxis(name).enableAutoSIPrefix(False)
        self.bars = _Bars()
        item.addItem(self.bars)

    @property
    def chart(self) -> BarChart:
        """What is drawn."""
        return self._chart

    def show_chart(self, chart: BarChart) -> None:
        """Draws another chart."""
        self._chart = chart
        values = [
            value
            for series in chart.series
            for bar in series.bars
            if bar is not None
            for value in (bar.value, bar.low, bar.high)
            if value is not None
        ]
        top = max([chart.top, *values]) * (1.0 if chart.top else 1.08) or 1.0
        bottom = min([0.0, *values])
        item = self.getPlotItem()
        item.setRange(xRange=(-0.6, max(len(chart.bins), 1) - 0.4), yRange=(bottom, top * 1.02), padding=0.0)
        self.bars.show_chart(chart, top * 1.02)
        self._label()
        self._tint()

    def bar_at(self, point: QPointF) -> tuple[int, int] | None:
        """The places of the series and the bin of the bar in whose column a point of the widget lies."""
        place = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(point.toPoint()))
        bin = round(place.x())
        if not 0 <= bin < len(self._chart.bins):
            return None
        for series, own in enumerate(self._chart.series):
            body = self.bars.place_of(series, bin)
            if own.bars[bin] is not None and body.left() <= place.x() <= body.right():
                return series, bin
        return None

    def middle_of(self, series: int, bin: int) -> QPointF:
        """The middle of a bar on the widget, by the places of its series and its bin."""
        middle = self.bars.place_of(series, bin).center()
        return QPointF(self.mapFromScene(self.getPlotItem().getViewBox().mapViewToScene(middle)))

    def tip_of(self, series: int, bin: int) -> str:
        """What a bar's tool tip says."""
        own = self._chart.series[series]
        bar = own.bars[bin]
        assert bar is not None
        return f"{own.name}, {self._chart.labels[bin]}\n{bar.text}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: chooses a bar, its whole column counts."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        hit = self.bar_at(event.position())
        if hit is None:
            self.cleared.emit()
        else:
            self.clicked.emit(self._chart.series[hit[0]].key, self._chart.bins[hit[1]])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Qt's: a press did all."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: says a bar's numbers."""
        hit = self.bar_at(event.position())
        self.bars.set_pointed(hit)
        self.setCursor(Qt.CursorShape.ArrowCursor if hit is None else Qt.CursorShape.PointingHandCursor)
        if hit is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(event.globalPosition().toPoint(), self.tip_of(*hit), self)

    def leaveEvent(self, event: QEvent) -> None:
        """Qt's: nothing is under the cursor."""
        super().leaveEvent(event)
        self.bars.set_pointed(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt's: bars are not zoomed."""
        event.ignore()

    def resizeEvent(self, event: object) -> None:
        """Qt's: as many labels as there is room for."""
        super().resizeEvent(event)
        if self._chart.ticks:
            self._label()

    def changeEvent(self, event: QEvent) -> None:
        """Qt's: takes on another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._tinted not in ("", current_theme().name):
            self._tint()
            self._label()
            self.bars.update()

    def close(self) -> bool:
        """Qt's: hides it. pyqtgraph's own takes the viewport away, which Qt does not survive."""
        return QWidget.close(self)

    def _label(self) -> None:
        labels = self._chart.ticks
        room = max(self.width() - 60, 1) / max(len(labels), 1)
        metrics = QFontMetrics(self._small_font())
        longest = max((metrics.horizontalAdvance(one) for one in labels), default=0)
        every = max(1, int(np.ceil(min(longest + 6, 3 * _LABEL_PX) / room))) if labels else 1
        last = len(labels) - 1
        ticks = [
            (place, one)
            for place, one in enumerate(labels)
            if place % every == 0 or (place == last and self._chart.bins[place] < 0)
        ]
        self.getPlotItem().getAxis("bottom").setTicks([ticks])
        self.getPlotItem().setLabel("bottom", self._chart.axis, color=current_theme().colors["text_soft"])

    def _small_font(self) -> QFont:
        small = QFont(self.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1.5))
        return small

    def _tint(self) -> None:
        theme = current_theme()
        if theme.name == self._tinted:
            return
        self._tinted = theme.name
        self.setBackground(theme.color("surface"))
        small = self._small_font()
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(theme.color("line_strong"))
            axis.setTextPen(theme.color("text_soft"))
            axis.setTickFont(small)
        self.getPlotItem().showGrid(x=False, y=True, alpha=0.16)
