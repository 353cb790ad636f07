"""The queue's pane: the grid or the table over one model, with one selection that the controller owns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractItemModel, QItemSelection, QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from app.states.review_queue import ID_ROLE, row_runs
from app.views.icons import TextButton
from app.views.review.crop_grid import CropGrid
from app.views.review.queue_table import QueueTable
from app.views.text import label
from app.words import plural

_MOST_IDS = 5_001  # one more than an edit may hold, so that the controller can say so


class QueuePane(QWidget):
    """Shows the queue and tells what a person selects in it.

    Signals:
        selected(object, list): the current id or None, and all selected ids.
        activated(): a row was double-clicked.
        refresh_wanted(): the person wants to see what was added since.
        table_shown(bool): the table, or the grid, came to the front.
    """

    selected = Signal(object, list)
    activated = Signal()
    refresh_wanted = Signal()
    table_shown = Signal(bool)

    def __init__(
        self,
        model: QAbstractItemModel,
        rows_of: Callable[[Sequence[int]], list[int]],
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            model: rows of the queue.
            rows_of: the rows of those of some ids that are in the queue.
        """
        super().__init__(parent)
        self._model = model
        self._rows_of = rows_of
        self._mirroring = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(0)
        self._settle.timeout.connect(self._show_what_is_selected)
        for gone in (model.rowsAboutToBeRemoved, model.modelAboutToBeReset):
            gone.connect(self._hold)  # before the selection hears of it, which makes another row current
        self.grid, self.table = CropGrid(), QueueTable()
        self.grid.setModel(model)
        self.table.setModel(model)
        self.table.fit_columns()
        self.table.setSelectionModel(self.grid.selectionModel())
        selection = self.grid.selectionModel()
        selection.selectionChanged.connect(self._on_selected)
        selection.currentRowChanged.connect(self._on_selected)
        for back in (model.rowsRemoved, model.modelReset):
            back.connect(self._release)
        self.grid.activated.connect(lambda _: self.activated.emit())
        self.table.doubleClicked.connect(lambda _: self.activated.emit())

        self._count = label("", "heading")
        self._chosen = label("", "soft")
        self._fresh = TextButton("", "plain")
        self._fresh.hide()
        self._fresh.clicked.connect(self.refresh_wanted)
        head = QHBoxLayout()
        head.setContentsMargins(10, 6, 6, 4)
        head.addWidget(self._count)
        head.addStretch(1)
        head.addWidget(self._chosen)
        head.addWidget(self._fresh)

        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(24)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setProperty("role", "soft")
        self._stack = QStackedWidget()
        for page in (self.grid, self.table, self._empty):
            self._stack.addWidget(page)
        self._shows_table = False

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.setFocusProxy(self.grid)

    # what the controller says

    def show_selection(self, current: int | None, ids: Sequence[int]) -> None:
        """Selects the rows of some ids; those that are not in the queue are passed over."""
        self._mirroring = True
        try:
            flag = QItemSelectionModel.SelectionFlag
            selection = self.grid.selectionModel()
            chosen = QItemSelection()
            last = self._model.columnCount() - 1
            for first, final in row_runs(self._rows_of(ids)):
                chosen.select(self._model.index(first, 0), self._model.index(final, last))
            row = None if current is None else next(iter(self._rows_of([current])), None)
            if row is None:
                selection.clear()
            else:
                selection.setCurrentIndex(self._model.index(row, 0), flag.NoUpdate)
            selection.select(chosen, flag.ClearAndSelect | flag.Rows)
            if row is not None:
                self.view.scrollTo(self._model.index(row, 0))
        finally:
            self._mirroring = False
        self._chosen.setText(f"{len(ids):,} selected" if len(ids) > 1 else "")

    def show_count(self, text: str) -> None:
        """Says how many there are."""
        self._count.setText(text)

    def show_empty(self, text: str) -> None:
        """Says why the queue is empty; with an empty text, shows the queue."""
        self._empty.setText(text)
        self._show_page()

    def show_fresh(self, count: int) -> None:
        """Offers to show what was added since the queue was read."""
        self._fresh.setText(f"Show {plural(count, 'new instance')}")
        self._fresh.setVisible(count > 0)

    # grid or table

    @property
    def view(self) -> CropGrid | QueueTable:
        """What shows the queue now."""
        return self.table if self._shows_table else self.grid

    @property
    def shows_table(self) -> bool:
        """Whether the table is shown."""
        return self._shows_table

    @property
    def empty_text(self) -> str:
        """Why the queue is empty, or nothing."""
        return self._empty.text()

    @property
    def count_text(self) -> str:
        """How many there are, as shown."""
        return self._count.text()

    @property
    def fresh_text(self) -> str:
        """What is offered of what was added since, or nothing."""
        return "" if self._fresh.isHidden() else self._fresh.text()

    def toggle_table(self) -> None:
        """Shows the table instead of the grid, or the grid again."""
        self._shows_table = not self._shows_table
        self.setFocusProxy(self.view)
        self._show_page()
        self.table_shown.emit(self._shows_table)
        self.view.setFocus()
        self.view.scrollTo(self.view.currentIndex())

    def _show_page(self) -> None:
        self._stack.setCurrentWidget(self._empty if self._empty.text() else self.view)

    # what a person does

    def _on_selected(self, *_: object) -> None:
        if self._mirroring:
            return
        selection = self.grid.selectionModel()
        current = selection.currentIndex()
        ids: list[int] = []
        spans = selection.selection()
        for span in (spans.at(n) for n in range(spans.count())):
            for row in range(span.top(), span.bottom() + 1):
                if len(ids) >= _MOST_IDS:
                    break
                ids.append(int(self._model.index(row, 0).data(ID_ROLE)))
        current_id = int(current.data(ID_ROLE)) if current.isValid() else None
        self.selected.emit(current_id, ids)
        if current_id not in ids:
            self._settle.start()  # Qt tells of the current row and of the selection one after the other

    def _show_what_is_selected(self) -> None:
        """What is current is one of those that a key marks, also after Ctrl took it out of them."""
        selection = self.grid.selectionModel()
        rows = selection.selectedRows()
        if rows and not selection.isSelected(selection.currentIndex()):
            selection.setCurrentIndex(rows[-1], QItemSelectionModel.SelectionFlag.NoUpdate)

    def _hold(self, *_: object) -> None:
        self._mirroring = True  # Qt moves the current row on its own when one goes: the controller decides

    def _release(self, *_: object) -> None:
        self._mirroring = False
