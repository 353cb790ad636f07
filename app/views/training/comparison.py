"""Runs side by side: how well each did, and the settings in which they differ."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.states.training import LOOK_WORDS, ComparedRun, Comparison
from app.views.icons import IconLabel
from app.views.text import ElidedLabel, frame, label, scroller
from app.views.training.looks import LOOK_SIGNS
from app.views.training.series import paint_mark

_NAME_PX = 150


class _Mark(QWidget):
    """A run's mark, as its lines have it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(QSize(16, 16))

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_mark(painter, QPointF(8, 8), self._number, 11)
        painter.end()


class ComparisonView(QWidget):
    """Draws a Comparison: a column for each run."""

    def __init__(self) -> None:
        super().__init__()
        self._comparison = Comparison()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = frame("panel")
        head.setFixedHeight(32)
        inner = QVBoxLayout(head)
        inner.setContentsMargins(12, 0, 12, 0)
        self._title = ElidedLabel("Compared", "soft", Qt.TextElideMode.ElideRight)
        inner.addWidget(self._title)
        column.addWidget(head)
        column.addWidget(frame("line"))
        self._place = QVBoxLayout()
        self._place.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._place, 1)
        self._area: QWidget | None = None

    @property
    def comparison(self) -> Comparison:
        """What is shown."""
        return self._comparison

    def show_comparison(self, comparison: Comparison) -> None:
        """Draws other runs, or the same with newer numbers."""
        if comparison == self._comparison:
            return
        self._comparison = comparison
        if self._area is not None:
            self._area.hide()
            self._area.deleteLater()
            self._area = None
        if not comparison.runs:
            return
        same = f"; {comparison.same} settings are the same" if comparison.same else ""
        self._title.set_whole(f"{len(comparison.runs)} runs compared{same}")
        self._area = scroller(self._build(comparison))
        self._place.addWidget(self._area)

    def _build(self, comparison: Comparison) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(14, 10, 14, 10)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(5)
        grid.setColumnMinimumWidth(0, _NAME_PX)
        for place, run in enumerate(comparison.runs, start=1):
            grid.addWidget(_run_head(run), 0, place)
            grid.setColumnStretch(place, 1)
        row = 1
        for name, values, best in comparison.results:
            grid.addWidget(label(name, "faint", wrap=True), row, 0)
            for place, value in enumerate(values):
                grid.addWidget(_value(value, best=place == best), row, place + 1)
            row += 1
        grid.addWidget(frame("line"), row, 0, 1, len(comparison.runs) + 1)
        row += 1
        if not comparison.settings:
            grid.addWidget(label("All their settings are the same.", "soft"), row, 0, 1, 2)
            row += 1
        for name, settings in comparison.settings:
            grid.addWidget(label(name, "faint", wrap=True), row, 0, Qt.AlignmentFlag.AlignTop)
            for place, value in enumerate(settings, start=1):
                grid.addWidget(label(value, wrap=True), row, place, Qt.AlignmentFlag.AlignTop)
            row += 1
        grid.setRowStretch(row, 1)
        return page


def _run_head(run: ComparedRun) -> QWidget:
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    icon, token = LOOK_SIGNS[run.look]
    sign = IconLabel(icon, token, 16)
    sign.setToolTip(LOOK_WORDS[run.look])
    row.addWidget(_Mark(run.number))
    row.addWidget(sign)
    row.addWidget(ElidedLabel(run.name, "heading", Qt.TextElideMode.ElideRight), 1)
    return whole


def _value(text: str, *, best: bool) -> QWidget:
    """A value; the best of its row has a tick."""
    if not best:
        return label(text)
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(5)
    row.addWidget(label(text, "heading"))
    row.addWidget(IconLabel("check", "ok", 14))
    row.addStretch(1)
    return whole
