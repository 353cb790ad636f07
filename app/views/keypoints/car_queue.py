"""The queue's pane: the cars to annotate as crops, with how far each is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractItemModel, QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from app.states.review_queue import ID_ROLE
from app.views.icons import TextButton
from app.views.review.crop_grid import CropGrid
from app.views.text import ElidedLabel


class CarQueue(QWidget):
    """Shows the queue and tells which car a person wants.

    Signals:
        chosen(int): an object's id.
        all_wanted(bool): whether cars with all their points are to be shown, too.
    """

    chosen = Signal(int)
    all_wanted = Signal(bool)

    def __init__(self, model: QAbstractItemModel, rows_of: Callable[[Sequence[int]], list[int]]) -> None:
        super().__init__()
        self._model, self._rows_of = model, rows_of
        self._current: int | None = None
        self._mirroring = False
        self.grid = CropGrid()
        self.grid.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.grid.setModel(model)
        self.grid.selectionModel().currentRowChanged.connect(self._on_current)
        for gone in (model.rowsAboutToBeRemoved, model.modelAboutToBeReset):
            gone.connect(self._hold)
        for back in (model.rowsRemoved, model.modelReset):
            back.connect(self._release)
        self._count = ElidedLabel("", "heading", Qt.TextElideMode.ElideRight)
        self._all = TextButton("All", "chip")
        self._all.setToolTip("Cars that have all their points, too")
        self._all.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._all.clicked.connect(self.all_wanted)
        head = QHBoxLayout()
        head.setContentsMargins(10, 6, 8, 4)
        head.setSpacing(4)
        head.addWidget(self._count, 1)
        head.addWidget(self._all)
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(24)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setProperty("role", "soft")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.setFocusProxy(self.grid)

    def show_current(self, instance_id: int | None) -> None:
        """Marks an object's row, where the queue has one."""
        self._current = instance_id
        rows = [] if instance_id is None else self._rows_of([instance_id])
        selection = self.grid.selectionModel()
        self._mirroring = True
        try:
            if rows:
                flag = QItemSelectionModel.SelectionFlag
                index = self._model.index(rows[0], 0)
                selection.setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
                self.grid.scrollTo(index)
            else:
                selection.clear()
        finally:
            self._mirroring = False

    def show_rows(self) -> None:
        """Rows came or went."""
        self.show_current(self._current)

    def show_count(self, text: str) -> None:
        """Says how many there are."""
        self._count.set_whole(text)

    def show_empty(self, text: str) -> None:
        """Says why the queue is empty; with an empty text, shows the queue."""
        self._empty.setText(text)
        self._stack.setCurrentWidget(self._empty if text else self.grid)

    def show_all(self, shown: bool) -> None:
        """Marks whether cars with all their points are shown, too."""
        self._all.setChecked(shown)

    @property
    def count_text(self) -> str:
        """How many there are, as shown."""
        return self._count.whole

    @property
    def empty_text(self) -> str:
        """Why the queue is empty, or nothing."""
        return self._empty.text()

    def _on_current(self, *_: object) -> None:
        index = self.grid.currentIndex()
        if not self._mirroring and index.isValid():
            self.chosen.emit(int(index.data(ID_ROLE)))

    def _hold(self, *_: object) -> None:
        self._mirroring = True  # Qt makes another row current on its own when one goes

    def _release(self, *_: object) -> None:
        self._mirroring = False
