"""How much of the objects is hidden, over the composites of a set, as bars; what was wanted as a line."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.states.compose import BIN_PERCENT, OcclusionChart
from app.theme import current_theme

_HEIGHT = 128
_SIDE, _AXIS_PX, _HEAD_PX = 14.0, 18.0, 20.0


class OcclusionChartView(QWidget):
    """Draws an OcclusionChart; hovering tells the numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._chart = OcclusionChart()
        self._under: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Occlusion")

    @property
    def chart(self) -> OcclusionChart:
        """What is drawn."""
        return self._chart

    def show_chart(self, chart: OcclusionChart) -> None:
        """Draws another chart."""
        self._chart = chart
        self.update()

    def sizeHint(self) -> QSize:
        """Qt's: as wide as there is room."""
        return QSize(220, _HEIGHT)

    def bar_text(self, bar: int) -> str:
        """What a bar says."""
        chart = self._chart
        low, high = bar * BIN_PERCENT, (bar + 1) * BIN_PERCENT
        count = chart.counts[bar] if chart.counts else 0
        share = count / chart.total if chart.total else 0.0
        text = f"{low} to {high} % hidden: {count:,} objects, {share:.0%}"
        return f"{text}; wanted {chart.wanted[bar]:.0%}" if chart.wanted else text

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: tells the numbers of a bar."""
        room = self._room()
        bar = int((event.position().x() - room.left()) / room.width() * (100 // BIN_PERCENT))
        self._under = bar if 0 <= bar < 100 // BIN_PERCENT and self._bars() else None
        if self._under is not None:
            QToolTip.showText(event.globalPosition().toPoint(), self.bar_text(self._under), self)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Qt's: no bar is pointed at."""
        self._under = None
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws bars, the line of what was wanted, and the axis."""
        theme, chart, room = current_theme(), self._chart, self._room()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = QFont(painter.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1))
        painter.setFont(small)
        self._paint_head(painter, room)
        painter.setPen(QPen(theme.color("line_strong"), 1))
        painter.drawLine(QLineF(room.bottomLeft(), room.bottomRight()))
        painter.setPen(theme.color("text_faint"))
        for percent in (0, 20, 40, 60, 80, 100) if room.width() > 300 else (0, 50, 100):
            x = room.left() + room.width() * percent / 100
            painter.drawLine(QLineF(x, room.bottom(), x, room.bottom() + 3))
            place = QRectF(x - 24, room.bottom() + 3, 48, _AXIS_PX - 3)
            text = f"{percent} %"
            flag = Qt.AlignmentFlag.AlignHCenter
            if percent == 0:
                place, flag = QRectF(room.left(), place.top(), 48, place.height()), Qt.AlignmentFlag.AlignLeft
            elif percent == 100:
                place = QRectF(room.right() - 48, place.top(), 48, place.height())
                flag = Qt.AlignmentFlag.AlignRight
            painter.drawText(place, flag | Qt.AlignmentFlag.AlignTop, text)
        shares = self._bars()
        top = max([*shares, *chart.wanted, 0.01]) * 1.08
        wide = room.width() / (100 // BIN_PERCENT)
        painter.setPen(Qt.PenStyle.NoPen)
        for bar, share in enumerate(shares):
            height = share / top * room.height()
            painter.setBrush(theme.color("accent" if bar == self._under else "accent_strong"))
            painter.setOpacity(1.0 if bar == self._under else 0.72)
            painter.drawRect(
                QRectF(room.left() + bar * wide + 0.5, room.bottom() - height, max(wide - 1, 1), height)
            )
        painter.setOpacity(1.0)
        if chart.wanted:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("warn"), 1.8, Qt.PenStyle.DashLine))
            painter.drawPolyline(self._steps(room, top, wide))
        painter.end()

    def _paint_head(self, painter: QPainter, room: QRectF) -> None:
        """The legend: bars are what there is, the dashed line is what was wanted."""
        theme, chart = current_theme(), self._chart
        y = room.top() - 11
        painter.setPen(theme.color("text_faint"))
        if not self._bars() and not chart.wanted:
            painter.drawText(
                QRectF(room.left(), room.top(), room.width(), room.height()),
                Qt.AlignmentFlag.AlignCenter,
                "Nothing drawn yet",
            )
            return
        x = room.left()
        painter.fillRect(QRectF(x, y - 4, 10, 8), theme.color("accent_strong"))
        painter.drawText(QPointF(x + 15, y + 4), "hidden share")
        if chart.wanted:
            x += 15 + painter.fontMetrics().horizontalAdvance("hidden share") + 14
            painter.setPen(QPen(theme.color("warn"), 1.8, Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(x, y, x + 18, y))
            painter.setPen(theme.color("text_faint"))
            painter.drawText(QPointF(x + 23, y + 4), "wanted")
            x += 23 + painter.fontMetrics().horizontalAdvance("wanted")
        else:
            x += 15 + painter.fontMetrics().horizontalAdvance("hidden share")
        total = f"{chart.total:,} objects"
        if painter.fontMetrics().horizontalAdvance(total) < room.right() - x - 12:
            place = QRectF(room.left(), y - 8, room.width(), 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, total)

    def _steps(self, room: QRectF, top: float, wide: float) -> QPolygonF:
        corners = []
        for bar, share in enumerate(self._chart.wanted):
            y = room.bottom() - share / top * room.height()
            corners += [QPointF(room.left() + bar * wide, y), QPointF(room.left() + (bar + 1) * wide, y)]
        return QPolygonF(corners)

    def _bars(self) -> list[float]:
        total = self._chart.total
        return [count / total for count in self._chart.counts] if total else []

    def _room(self) -> QRectF:
        return QRectF(
            _SIDE, _HEAD_PX, max(self.width() - 2 * _SIDE, 10), max(self.height() - _HEAD_PX - _AXIS_PX, 10)
        )
