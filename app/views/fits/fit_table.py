"""The table of fits: a head that sorts, rows over ids, one of them selected."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractItemModel, QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.states.fits import COLUMNS, ID_ROLE, FitListState
from app.views.text import label

_ROW_PX = 24
_WIDTHS = {
    "Object": 104,
    "Verdict": 190,
    "Error px": 84,
    "Place ± m": 88,
    "Distance m": 102,
    "Length m": 84,
    "Stature m": 94,
    "Review": 90,
    "Fitted as": 80,
    "Version": 70,
    "Camera": 84,
    "Time": 70,
}


class FitTable(QWidget):
    """Shows the list and tells what a person selects in it.

    Signals:
        selected(int): a fit's id.
        activated(): a row was double-clicked.
        sort_wanted(FitOrder): a column's head was clicked.
    """

    selected = Signal(int)
    activated = Signal()
    sort_wanted = Signal(object)

    def __init__(
        self,
        model: QAbstractItemModel,
        row_of: Callable[[int], int | None],
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            model: rows of the list.
            row_of: the row of a fit, or None.
        """
        super().__init__(parent)
        self._model, self._row_of = model, row_of
        self._mirroring = False
        self.table = QTableView()
        table = self.table
        table.setModel(model)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setAccessibleName("Fits")
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        head = table.horizontalHeader()
        head.setHighlightSections(False)
        head.setStretchLastSection(True)
        head.setSectionsClickable(True)
        head.setSortIndicatorShown(True)
        head.sectionClicked.connect(self._on_head)
        for place, (name, _) in enumerate(COLUMNS):
            table.setColumnWidth(place, _WIDTHS[name])
        table.selectionModel().currentRowChanged.connect(self._on_current)
        table.doubleClicked.connect(lambda _: self.activated.emit())
        for gone in (model.rowsAboutToBeRemoved, model.modelAboutToBeReset):
            gone.connect(self._hold)
        for back in (model.rowsRemoved, model.modelReset):
            back.connect(self._release)
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(20)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setProperty("role", "soft")
        self._count = label("", "soft")
        self._stack = QStackedWidget()
        self._stack.addWidget(table)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(10, 2, 10, 2)
        foot.addWidget(self._count)
        foot.addStretch(1)
        column.addLayout(foot)
        self.setFocusProxy(table)

    def show_state(self, state: FitListState) -> None:
        """Shows how the list is sorted, and how many there are."""
        self._count.setText(state.count_text)
        place = next(place for place, (_, order) in enumerate(COLUMNS) if order is state.order)
        down = Qt.SortOrder.DescendingOrder if state.descending else Qt.SortOrder.AscendingOrder
        self.table.horizontalHeader().setSortIndicator(place, down)

    def show_selection(self, fit_id: int | None) -> None:
        """Selects a fit's row, where it is in the list."""
        row = None if fit_id is None else self._row_of(fit_id)
        self._mirroring = True
        try:
            selection = self.table.selectionModel()
            if row is None:
                selection.clear()
                return
            index = self._model.index(row, 0)
            flag = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
            self.table.scrollTo(index)
        finally:
            self._mirroring = False

    def show_empty(self, text: str) -> None:
        """Says why the list is empty; with an empty text, shows it."""
        self._empty.setText(text)
        self._stack.setCurrentWidget(self._empty if text else self.table)

    @property
    def empty_text(self) -> str:
        """Why the list is empty, or nothing."""
        return self._empty.text()

    @property
    def count_text(self) -> str:
        """How many there are, as shown."""
        return self._count.text()

    def _on_head(self, section: int) -> None:
        order = COLUMNS[section][1]
        if order is not None:
            self.sort_wanted.emit(order)

    def _on_current(self, *_: object) -> None:
        index = self.table.selectionModel().currentIndex()
        if not self._mirroring and index.isValid():
            self.selected.emit(int(index.data(ID_ROLE)))

    def _hold(self, *_: object) -> None:
        self._mirroring = True  # Qt moves the current row on its own when one goes: the controller decides

    def _release(self, *_: object) -> None:
        self._mirroring = False
