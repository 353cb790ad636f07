"""The views of a track as a row of ticks: those with points are filled, the one that is shown is lit."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.states.keypoints import KeypointsState
from app.theme import current_theme

_HIGH_PX = 10
_WIDEST_PX = 14.0


class TrackStrip(QWidget):
    """Draws where on its track the object is, and which views are annotated."""

    def __init__(self) -> None:
        super().__init__()
        self._marks: tuple[bool, ...] = ()
        self._place = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_state(self, state: KeypointsState) -> None:
        """Draws another state."""
        if (state.track_marks, state.track_place) != (self._marks, self._place):
            self._marks, self._place = state.track_marks, state.track_place
            self.setVisible(len(self._marks) > 1)
            done = sum(self._marks)
            self.setToolTip(f"{done} of {len(self._marks)} views of this track have points.")
            self.update()

    def sizeHint(self) -> QSize:
        """Qt's: a low strip."""
        return QSize(120, _HIGH_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: one tick for each view, or for a few together where there are many."""
        count = len(self._marks)
        if not count:
            return
        painter, theme = QPainter(self), current_theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        step = min(_WIDEST_PX, self.width() / count)
        gap = 2.0 if step > 5 else 0.0
        for place, done in enumerate(self._marks):
            painter.setBrush(theme.color("ok" if done else "line_strong"))
            high = 5 if done else 3
            painter.drawRoundedRect(
                QRectF(place * step, _HIGH_PX - high - 1, max(step - gap, 0.6), high), 1, 1
            )
        painter.setBrush(theme.color("accent"))
        x = self._place * step + (step - gap) / 2
        painter.drawRoundedRect(QRectF(x - 2, 0, 4, _HIGH_PX), 1.5, 1.5)
        painter.end()
