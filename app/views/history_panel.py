"""Every change that was made, newest first; undone ones are struck out and say so."""

from __future__ import annotations

import time

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from app.states.jobs import HistoryState
from app.theme import current_theme
from app.views.icons import icon_pixmap
from app.views.text import label
from app.words import ago
from core.records.history import EditRow

_ROW = Qt.ItemDataRole.UserRole
_HEIGHT = 46
_Index = QModelIndex | QPersistentModelIndex


class _Model(QAbstractListModel):
    """Hands rows to the list and asks for older ones when the end comes into view."""

    more_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.state = HistoryState()

    def show_state(self, state: HistoryState) -> None:
        """Takes other rows; where only older ones came, the place in the list stays."""
        old = self.state.rows
        if len(state.rows) > len(old) and state.rows[: len(old)] == old and old:
            self.beginInsertRows(QModelIndex(), len(old), len(state.rows) - 1)
            self.state = state
            self.endInsertRows()
        else:
            self.beginResetModel()
            self.state = state
            self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.state.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.state.rows[index.row()]
        if role == _ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{row.title} (undone)" if row.undone else row.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.title}\nDouble-click it, or press Enter, to see what it changed."
        return None

    def canFetchMore(self, _parent: _Index) -> bool:
        return self.state.more

    def fetchMore(self, _parent: _Index) -> None:
        self.more_wanted.emit()


class _Painter(QStyledItemDelegate):
    """Paints a change: its name, who and when; an undone one struck out beside an arrow back."""

    def __init__(self, parent: QWidget, annotator: str = "") -> None:
        super().__init__(parent)
        self.annotator = annotator

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(100, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: EditRow = index.data(_ROW)
        theme = current_theme()
        painter.save()
        if option.state & option.state.State_Selected:
            painter.fillRect(option.rect, theme.color("accent_wash"))
        inner = option.rect.adjusted(14, 5, -12, -5)
        token = "text_faint" if row.undone else "ok"
        icon = icon_pixmap("undo" if row.undone else "check", theme.colors[token], 16, 2)
        painter.drawPixmap(QRect(inner.left(), inner.center().y() - 8, 16, 16), icon)
        text = inner.adjusted(28, 0, 0, 0)
        font = QFont(option.font)
        font.setStrikeOut(row.undone)
        painter.setFont(font)
        painter.setPen(theme.color("text_faint" if row.undone else "text"))
        above = QRect(text.left(), text.top(), text.width(), text.height() // 2)
        title = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, above.width())
        painter.drawText(above, Qt.AlignmentFlag.AlignVCenter, title)
        small = QFont(option.font)
        small.setPointSizeF(option.font.pointSizeF() - 1)
        painter.setFont(small)
        painter.setPen(theme.color("text_faint"))
        below = QRect(text.left(), above.bottom() + 1, text.width(), text.height() // 2)
        who = "you" if row.annotator == self.annotator else row.annotator
        state = "undone · " if row.undone else ""
        words = f"{state}{who} · {ago(row.at, time.time())}"
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()


class HistoryPanel(QWidget):
    """The panel.

    Signals:
        more_wanted(): older changes.
        chosen(int): an edit's id: what it changed is to be shown.
        left(): the person pressed Esc.
    """

    more_wanted = Signal()
    chosen = Signal(int)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 6)
        self.model = _Model()
        self.model.more_wanted.connect(self.more_wanted)
        self.list = QListView()
        self.list.setModel(self.model)
        self._painter = _Painter(self.list)
        self.list.setItemDelegate(self._painter)
        self.list.setUniformItemSizes(True)
        self.list.activated.connect(lambda index: self.chosen.emit(index.data(_ROW).id))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.installEventFilter(self)
        self.setFocusProxy(self.list)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        column.addWidget(self.list)
        self._empty = label("Nothing was changed yet.\nEverything you do can be undone.", "faint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._empty, 1)
        self.show_state(HistoryState())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's: Esc is the list's own here, although a workspace may have an action on that key."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.left.emit()
                return True
        return False

    def show_state(self, state: HistoryState) -> None:
        """Draws the history."""
        self._painter.annotator = state.annotator
        self.model.show_state(state)
        self.list.setVisible(bool(state.rows))
        self._empty.setVisible(not state.rows)
