"""The Review workspace's widget: filters above, queue left, frame in the middle, reasons right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.views.review.filter_bar import FilterBar
from app.views.review.frame_panel import FramePanel
from app.views.review.queue_pane import QueuePane
from app.views.review.reason_panel import ReasonPanel
from app.views.review.timeline import Timeline
from app.views.review.verdict_bar import VerdictBar
from app.views.text import frame

_TABLE_PX = 620


class ReviewView(QWidget):
    """Lays the parts of the workspace out; composition joins their signals."""

    def __init__(
        self,
        model: QAbstractItemModel,
        rows_of: Callable[[Sequence[int]], list[int]],
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            model, rows_of: the queue (see QueuePane).
        """
        super().__init__(parent)
        self.setObjectName("review")
        self.filters = FilterBar()
        self.queue = QueuePane(model, rows_of)
        self.frame = FramePanel()
        self.reasons = ReasonPanel()
        self.timeline = Timeline()
        self.verdicts = VerdictBar()

        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.frame, 1)
        column.addWidget(self.timeline)
        column.addWidget(frame("line"))
        column.addWidget(self.verdicts)

        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.queue)
        split.addWidget(middle)
        split.addWidget(self.reasons)
        split.setStretchFactor(1, 1)
        self.queue.setMinimumWidth(170)
        self.reasons.setMinimumWidth(240)
        self._split = split
        self._grid_width = 0
        self._laid_out = False
        self.queue.table_shown.connect(self._make_room)

        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.filters)
        page.addWidget(frame("line"))
        page.addWidget(split, 1)
        self.setFocusProxy(self.queue)

    def showEvent(self, event: QShowEvent) -> None:
        """Qt's: shares the width out when it is first known."""
        super().showEvent(event)
        if not self._laid_out:
            self._laid_out = True
            queue = min(max(self.width() * 21 // 100, 200), 560)
            reasons = min(max(self.width() * 18 // 100, 240), 340)
            self._split.setSizes([queue, self.width() - queue - reasons, reasons])

    def _make_room(self, for_table: bool) -> None:
        """A table needs more width than crops do; the grid gets its own back."""
        queue, middle, reasons = self._split.sizes()
        if for_table:
            self._grid_width = queue
        wanted = max(queue, min(_TABLE_PX, queue + middle // 3)) if for_table else self._grid_width
        self._split.setSizes([wanted, middle + queue - wanted, reasons])
