"""The charts of the runs that are shown: which groups are drawn, and how."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.states.training import Charts
from app.views.filter_chips import Chip
from app.views.flow import FlowLayout
from app.views.text import frame, label, scroller
from app.views.training.chart import ChartView

_COLUMN_PX = 310  # a chart narrower than this is no help


class ChartsPane(QWidget):
    """Draws Charts.

    Signals:
        group_wanted(str): a group is to be drawn, or no longer; its key.
    """

    group_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state = Charts()
        self.views: dict[str, ChartView] = {}
        self._columns = 0
        self.chips: dict[str, Chip] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(6)
        places = QWidget()
        self._groups = FlowLayout(places, 6)
        row.addWidget(places, 1)
        column.addWidget(head)
        column.addWidget(frame("line"))
        self._page = QWidget()
        self._grid = QGridLayout(self._page)
        self._grid.setContentsMargins(4, 4, 4, 4)
        self._grid.setSpacing(4)
        self._note = label("", "soft", wrap=True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._area = scroller(self._page)
        column.addWidget(self._note, 1)
        column.addWidget(self._area, 1)

    @property
    def note(self) -> str:
        """Why nothing is drawn, as shown."""
        return "" if self._note.isHidden() else self._note.text()

    def show_state(self, state: Charts) -> None:
        """Draws other charts; those that are there stay, so that nothing flickers."""
        before, self._state = self._state, state
        self._show_chips(state)
        keys = [chart.key for chart in state.charts]
        for gone in set(self.views) - set(keys):
            self.views.pop(gone).deleteLater()
        for chart in state.charts:
            if chart.key not in self.views:
                self.views[chart.key] = ChartView()
            self.views[chart.key].show_chart(chart, log=state.log, smooth=state.smoothed)
        if keys != [chart.key for chart in before.charts] or self._fitting() != self._columns:
            self._arrange()
        note = state.note or ("" if state.charts else "Choose above what is drawn.")
        self._note.setText(note)
        self._note.setVisible(not state.charts)
        self._area.setVisible(bool(state.charts))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: as many charts beside each other as there is room for."""
        super().resizeEvent(event)
        if self._fitting() != self._columns:
            self._arrange()

    def _fitting(self) -> int:
        """As many as there is room for, and no more than leave the rows equally full."""
        most = max(1, min(3, self.width() // _COLUMN_PX))
        count = max(1, len(self._state.charts))
        return -(-count // -(-count // most))

    def _arrange(self) -> None:
        self._columns = self._fitting()
        while self._grid.count():
            self._grid.takeAt(0)
        for place, chart in enumerate(self._state.charts):
            view = self.views[chart.key]
            self._grid.addWidget(view, place // self._columns, place % self._columns)
            view.show()
        for column in range(4):
            self._grid.setColumnStretch(column, 1 if column < self._columns else 0)
        rows = -(-len(self._state.charts) // self._columns)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        self._grid.setRowStretch(rows, 1)

    def _show_chips(self, state: Charts) -> None:
        keys = [key for key, _, _ in state.groups]
        if keys != list(self.chips):
            for chip in self.chips.values():
                self._groups.removeWidget(chip)
                chip.deleteLater()
            self.chips = {}
            for key, title, _ in state.groups:
                chip = _switch(title, f"Draws {title[:1].lower()}{title[1:]}, or no longer")
                chip.clicked.connect(lambda _=False, key=key: self.group_wanted.emit(key))
                self._groups.addWidget(chip)
                self.chips[key] = chip
                chip.show()
        for key, _, shown in state.groups:
            self.chips[key].setChecked(shown)


def _switch(title: str, tip: str) -> Chip:
    chip = Chip(title)
    chip.setToolTip(tip)
    return chip
