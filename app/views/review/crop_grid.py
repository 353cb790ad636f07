"""The queue as a grid of crops; it lays out only what it paints, so that a million cells cost nothing."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QWidget

from app.states.review_queue import CROP_ROLE, ITEM_ROLE
from app.theme import current_theme
from app.views.review.crop_cell import CAPTION_PX, paint_cell

_GAP = 6
_SMALLEST, _LARGEST = 72, 480
_STILL_CLEAR = 100  # two columns this wide show more than one wide one
_Index = QModelIndex | QPersistentModelIndex


class CropGrid(QAbstractItemView):
    """Crops in rows of equal cells. Arrow keys move, Shift extends, Ctrl adds; Ctrl+wheel sizes the cells.

    Signals:
        cell_width_changed(int): a person chose another size.
    """

    cell_width_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted_width = 132
        self._range_start: int | None = None
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Queue of crops")
        self.viewport().setMouseTracking(True)

    def set_cell_width(self, width: int) -> None:
        """Makes the cells about so wide; they grow to fill the row."""
        self._wanted_width = min(max(width, _SMALLEST), _LARGEST)
        self.updateGeometries()
        self.scrollTo(self.currentIndex())
        self.viewport().update()

    @property
    def columns(self) -> int:
        """Cells in a row."""
        room = self.viewport().width() - _GAP
        return max(
            room // (self._wanted_width + _GAP),
            min(2, room // (min(_STILL_CLEAR, self._wanted_width) + _GAP)),
            1,
        )

    # geometry

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """Qt's: shows a model's rows."""
        super().setModel(model)
        if model is not None:
            model.rowsInserted.connect(self._on_rows_changed)
            model.rowsRemoved.connect(self._on_rows_changed)
            model.modelReset.connect(self._on_rows_changed)
            model.dataChanged.connect(lambda *_: self.viewport().update())
        self.updateGeometries()

    def visualRect(self, index: _Index) -> QRect:
        """Qt's: where a row's cell is on the viewport."""
        if not index.isValid():
            return QRect()
        width, height = self._cell_size()
        line, column = divmod(index.row(), self.columns)
        left = _GAP + column * (width + _GAP)
        return QRect(left, _GAP + line * (height + _GAP) - self.verticalOffset(), width, height)

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Qt's: which row's cell is at a point of the viewport."""
        row = self._row_near(point)
        if row is None:
            return QModelIndex()
        index = self.model().index(row, 0)
        return index if self.visualRect(index).contains(point) else QModelIndex()

    def scrollTo(
        self, index: _Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Qt's: brings a cell into sight."""
        if not index.isValid():
            return
        rect = self.visualRect(index)
        bar, seen = self.verticalScrollBar(), self.viewport().height()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - seen // 2)
        elif rect.top() < _GAP:
            bar.setValue(bar.value() + rect.top() - _GAP)
        elif rect.bottom() > seen - _GAP:
            bar.setValue(bar.value() + rect.bottom() - seen + _GAP)

    def horizontalOffset(self) -> int:
        """Qt's: the grid never scrolls sideways."""
        return 0

    def verticalOffset(self) -> int:
        """Qt's: pixels scrolled."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: _Index) -> bool:
        """Qt's: the grid shows the first column."""
        return index.column() != 0

    def updateGeometries(self) -> None:
        """Qt's: fits the scroll bar to the rows."""
        super().updateGeometries()
        rows = self.model().rowCount() if self.model() is not None else 0
        _, height = self._cell_size()
        lines = -(-rows // self.columns)
        content = _GAP + lines * (height + _GAP)
        bar, seen = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, content - seen))
        bar.setPageStep(max(1, seen))
        bar.setSingleStep(max(1, (height + _GAP) // 2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: keeps the current cell in sight."""
        super().resizeEvent(event)
        self.updateGeometries()
        self.scrollTo(self.currentIndex())

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Qt's: selects the cells that a rectangle of the viewport touches."""
        first, last = self._row_near(rect.topLeft()), self._row_near(rect.bottomRight())
        if first is not None and last is not None:
            self._select_range(min(first, last), max(first, last), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Qt's: repaint all: the painted cells are few."""
        return QRegion(self.viewport().rect())

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Qt's: where a cursor key leads."""
        rows = self.model().rowCount()
        if rows == 0:
            return QModelIndex()
        move = QAbstractItemView.CursorAction
        height = self._cell_size()[1] + _GAP
        page = self.columns * max(1, self.viewport().height() // height)
        steps = {
            move.MoveLeft: -1,
            move.MovePrevious: -1,
            move.MoveRight: 1,
            move.MoveNext: 1,
            move.MoveUp: -self.columns,
            move.MoveDown: self.columns,
            move.MovePageUp: -page,
            move.MovePageDown: page,
            move.MoveHome: -rows,
            move.MoveEnd: rows,
        }
        row = max(0, self.currentIndex().row()) + steps[action]
        return self.model().index(min(max(row, 0), rows - 1), 0)

    # keys and mouse: ranges run in the order of the queue, not over a rectangle of cells

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's: moves with the cursor keys; Shift extends the selection."""
        action = _CURSOR_KEYS.get(Qt.Key(event.key()))
        if action is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        index = self.moveCursor(action, event.modifiers())
        if index.isValid():
            extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._go(index, extend=extend, add=False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: selects a cell, a range or one more."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            held = event.modifiers()
            self._go(
                index,
                extend=bool(held & Qt.KeyboardModifier.ShiftModifier),
                add=bool(held & Qt.KeyboardModifier.ControlModifier),
            )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: dragging extends the selection."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            index = self.indexAt(event.position().toPoint())
            if index.isValid() and index != self.currentIndex():
                self._go(index, extend=True, add=False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Qt's: nothing is left to do."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt's: tells that a cell was activated."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.activated.emit(index)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt's: scrolls; with Ctrl, sizes the cells."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_cell_width(round(self._wanted_width * 1.12 ** (event.angleDelta().y() / 120)))
            self.cell_width_changed.emit(self._wanted_width)
            event.accept()
        else:
            super().wheelEvent(event)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: paints the cells in sight; asking the model for them has it read what it lacks."""
        model = self.model()
        if model is None or model.rowCount() == 0:
            return
        painter = QPainter(self.viewport())
        current, selection, theme = self.currentIndex().row(), self.selectionModel(), current_theme()
        for row in self.visible_rows():
            index = model.index(row, 0)
            paint_cell(
                painter,
                QRectF(self.visualRect(index)),
                model.data(index, ITEM_ROLE),
                model.data(index, CROP_ROLE),
                theme,
                selected=selection.isSelected(index),
                current=row == current,
                focused=self.hasFocus(),
            )
        painter.end()

    def visible_rows(self) -> range:
        """Rows whose cells are in sight."""
        _, height = self._cell_size()
        step = height + _GAP
        first = max(0, (self.verticalOffset() - _GAP) // step) * self.columns
        last = ((self.verticalOffset() + self.viewport().height()) // step + 1) * self.columns
        return range(first, min(last, self.model().rowCount()))

    # details

    def _cell_size(self) -> tuple[int, int]:
        width = (self.viewport().width() - _GAP) // self.columns - _GAP
        return width, round(width * 0.72) + CAPTION_PX

    def _row_near(self, point: QPoint) -> int | None:
        if self.model() is None or self.model().rowCount() == 0:
            return None
        width, height = self._cell_size()
        column = min(max(0, (point.x() - _GAP // 2) // (width + _GAP)), self.columns - 1)
        line = max(0, (point.y() + self.verticalOffset() - _GAP // 2) // (height + _GAP))
        return min(line * self.columns + column, self.model().rowCount() - 1)

    def _go(self, index: QModelIndex, *, extend: bool, add: bool) -> None:
        flag = QItemSelectionModel.SelectionFlag
        selection = self.selectionModel()
        if extend:
            if self._range_start is None:
                self._range_start = max(0, self.currentIndex().row())
            start = self._range_start
            selection.setCurrentIndex(index, flag.NoUpdate)
            self._select_range(min(start, index.row()), max(start, index.row()), flag.ClearAndSelect)
        else:
            self._range_start = index.row()
            command = flag.Toggle if add else flag.ClearAndSelect
            selection.setCurrentIndex(index, command | flag.Rows)

    def _select_range(self, first: int, last: int, command: QItemSelectionModel.SelectionFlag) -> None:
        model = self.model()
        chosen = QItemSelection(model.index(first, 0), model.index(last, model.columnCount() - 1))
        self.selectionModel().select(chosen, command | QItemSelectionModel.SelectionFlag.Rows)

    def currentChanged(self, current: _Index, previous: _Index) -> None:
        """Qt's: the current cell stays in sight."""
        super().currentChanged(current, previous)
        self.scrollTo(current)
        self.viewport().update()

    def _on_rows_changed(self, *_: object) -> None:
        self._range_start = None
        self.updateGeometries()
        self.viewport().update()


_CURSOR_KEYS = {
    Qt.Key.Key_Left: QAbstractItemView.CursorAction.MoveLeft,
    Qt.Key.Key_Right: QAbstractItemView.CursorAction.MoveRight,
    Qt.Key.Key_Up: QAbstractItemView.CursorAction.MoveUp,
    Qt.Key.Key_Down: QAbstractItemView.CursorAction.MoveDown,
    Qt.Key.Key_PageUp: QAbstractItemView.CursorAction.MovePageUp,
    Qt.Key.Key_PageDown: QAbstractItemView.CursorAction.MovePageDown,
    Qt.Key.Key_Home: QAbstractItemView.CursorAction.MoveHome,
    Qt.Key.Key_End: QAbstractItemView.CursorAction.MoveEnd,
}
