"""The marked timeline: where in the footage the instances are, which are unoccluded, which were reviewed."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.states.review_timeline import TimelineState, time_text
from app.theme import current_theme

_HEIGHT = 62
_SIDE = 12.0
_AXIS_PX = 15.0
_STRIP_PX = 4.0


class Timeline(QWidget):
    """Draws a TimelineState; a click or a drag asks for the frame at that time.

    Signals:
        sought(float): seconds from the start of the footage.
    """

    sought = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = TimelineState()
        self._pointer_s: float | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_state(self, state: TimelineState) -> None:
        """Draws another state."""
        self._state = state
        self.update()

    @property
    def state(self) -> TimelineState:
        """What is drawn."""
        return self._state

    def sizeHint(self) -> QSize:
        """Qt's: as wide as there is room."""
        return QSize(400, _HEIGHT)

    def x_of(self, time_s: float) -> float:
        """Where a time is, in widget pixels."""
        span = max(self._state.duration_s, 1e-9)
        return _SIDE + (self.width() - 2 * _SIDE) * min(max(time_s / span, 0.0), 1.0)

    def time_at(self, x: float) -> float:
        """The time at a place, in seconds from the start."""
        share = (x - _SIDE) / max(self.width() - 2 * _SIDE, 1.0)
        return min(max(share, 0.0), 1.0) * self._state.duration_s

    # events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: goes to the time that was clicked."""
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: dragging scrubs; hovering tells the time."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek(event)
        self._pointer_s = self.time_at(event.position().x())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Qt's: no time is pointed at any more."""
        self._pointer_s = None
        self.update()

    def event(self, event: QEvent) -> bool:
        """Qt's: tells what lies at the cursor."""
        if event.type() == QEvent.Type.ToolTip and self._state.buckets:
            QToolTip.showText(event.globalPos(), self._tip(event.pos().x()), self)  # type: ignore[attr-defined]
            return True
        return super().event(event)

    def _seek(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._state.duration_s > 0:
            self.sought.emit(self.time_at(event.position().x()))

    def _tip(self, x: float) -> str:
        time_s = self.time_at(x)
        count = len(self._state.buckets)
        bucket = self._state.buckets[min(int(time_s / max(self._state.duration_s, 1e-9) * count), count - 1)]
        if bucket.instances == 0 and not self._state.has_footage(time_s, self._state.duration_s / count):
            return f"{time_text(time_s)}: no footage"
        return (
            f"{time_text(time_s)}: {bucket.instances} instances, "
            f"{bucket.unoccluded} unoccluded, {bucket.reviewed} reviewed"
        )

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: draws density, review strip, track, position and axis."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("surface"))
        painter.fillRect(QRectF(0, 0, self.width(), 1), theme.color("line"))
        state = self._state
        if state.duration_s <= 0 or not state.buckets:
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        floor = self.height() - _AXIS_PX - _STRIP_PX - 2
        self._paint_track(painter, floor)
        self._paint_footage(painter, floor)
        self._paint_density(painter, floor)
        self._paint_axis(painter)
        self._paint_position(painter, floor)
        painter.end()

    def _paint_footage(self, painter: QPainter, floor: float) -> None:
        """A line where there is footage, so that a pause between bursts is not taken for an empty street."""
        line = current_theme().color("line_strong")
        done_x = 0.0
        for first_s, last_s in self._state.stretches:
            left, right = self.x_of(first_s), self.x_of(last_s)
            if max(right, left + 1) > done_x:  # thousands of bursts are no more lines than there are pixels
                done_x = max(right, left + 1)
                painter.fillRect(QRectF(left, floor, done_x - left, 1), line)

    def _paint_density(self, painter: QPainter, floor: float) -> None:
        theme, buckets = current_theme(), self._state.buckets
        most = max(bucket.instances for bucket in buckets)
        if most == 0:
            return
        step = (self.width() - 2 * _SIDE) / len(buckets)
        room = floor - 6
        covered, free = theme.color("line_strong"), theme.color("unoccluded")
        free.setAlphaF(0.8)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for place, bucket in enumerate(buckets):
            if bucket.instances == 0:
                continue
            left, width = _SIDE + place * step, max(1.0, step - 0.5)
            height = max(2.0, room * bucket.instances / most)
            clear = height * bucket.unoccluded / bucket.instances
            painter.fillRect(QRectF(left, floor - height, width, height), covered)
            painter.fillRect(QRectF(left, floor - clear, width, clear), free)
            if bucket.reviewed:
                done = theme.color("accent_strong")
                done.setAlphaF(0.35 + 0.65 * bucket.reviewed / bucket.instances)
                painter.fillRect(QRectF(left, floor + 2, step, _STRIP_PX), done)
        painter.restore()

    def _paint_track(self, painter: QPainter, floor: float) -> None:
        if self._state.track_s is None:
            return
        first, last = (self.x_of(time_s) for time_s in self._state.track_s)
        painter.fillRect(
            QRectF(first, 3, max(2.0, last - first), floor - 3), current_theme().color("accent_wash")
        )

    def _paint_axis(self, painter: QPainter) -> None:
        theme = current_theme()
        font = QFont(painter.font())
        font.setPointSizeF(max(6.5, font.pointSizeF() - 2))
        painter.setFont(font)
        painter.setPen(theme.color("text_faint"))
        row = QRectF(_SIDE, self.height() - _AXIS_PX, self.width() - 2 * _SIDE, _AXIS_PX)
        middle = Qt.AlignmentFlag.AlignVCenter
        shown = self._pointer_s if self._pointer_s is not None else self._state.position_s
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | middle, self._state.source)
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | middle, time_text(self._state.duration_s))
        if shown is not None:
            painter.setPen(theme.color("text_soft"))
            text = time_text(shown)
            if self._state.captured_from is not None:
                text += time.strftime("  %H:%M:%S", time.gmtime(self._state.captured_from + shown))
            painter.drawText(row, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_position(self, painter: QPainter, floor: float) -> None:
        theme = current_theme()
        if self._pointer_s is not None:
            painter.setPen(QPen(theme.color("text_faint"), 1, Qt.PenStyle.DotLine))
            x = self.x_of(self._pointer_s)
            painter.drawLine(QPointF(x, 2), QPointF(x, floor))
        if self._state.selected_s is not None:
            x = self.x_of(self._state.selected_s)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent"))
            painter.drawPolygon(QPolygonF([QPointF(x - 5, 1), QPointF(x + 5, 1), QPointF(x, 8)]))
        if self._state.position_s is not None:
            x = self.x_of(self._state.position_s)
            painter.setPen(QPen(theme.color("text"), 1.5))
            painter.drawLine(QPointF(x, 1), QPointF(x, floor + 2 + _STRIP_PX))
