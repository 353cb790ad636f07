"""The palette: type a few letters of what you want, press Return."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.fuzzy import match
from app.states.actions import ActionRow
from app.theme import current_theme
from app.views.text import frame, label

_WIDTH = 580
_ROWS = 9
_ROW_HEIGHT = 46
_ROW = Qt.ItemDataRole.UserRole
_PLACES = Qt.ItemDataRole.UserRole + 1


class _RowPainter(QStyledItemDelegate):
    """Paints a title with its typed letters marked, its help below and its key at the right."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, _ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: ActionRow = index.data(_ROW)
        places: tuple[int, ...] = index.data(_PLACES)
        theme = current_theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = option.rect.adjusted(2, 1, -2, -1)
        if option.state & option.state.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_wash"))
            painter.drawRoundedRect(place, 7, 7)
        inner = place.adjusted(12, 4, -12, -4)
        right = self._paint_keys(painter, inner, row)
        text = QRect(inner.left(), inner.top(), right - inner.left() - 12, inner.height())
        self._paint_title(painter, text, row, places)
        small = QFont(option.font)
        small.setPointSizeF(option.font.pointSizeF() - 1)
        painter.setFont(small)
        painter.setPen(theme.color("text_faint"))
        below = text.adjusted(0, text.height() // 2, 0, 0)
        help_text = QFontMetrics(small).elidedText(row.help, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, help_text)
        painter.restore()

    def _paint_title(self, painter: QPainter, text: QRect, row: ActionRow, places: tuple[int, ...]) -> None:
        theme = current_theme()
        above = QRect(text.left(), text.top(), text.width(), text.height() // 2)
        bold = QFont(painter.font())
        bold.setBold(True)
        plain = QFont(painter.font())
        at = above.left()
        for index, letter in enumerate(row.title):
            marked = index in places
            painter.setFont(bold if marked else plain)
            painter.setPen(theme.color("accent" if marked else "text"))
            width = painter.fontMetrics().horizontalAdvance(letter)
            place = QRect(at, above.top(), width + 2, above.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, letter)
            at += width
        painter.setFont(plain)
        painter.setPen(theme.color("text_faint"))
        rest = QRect(at + 10, above.top(), max(text.right() - at - 10, 0), above.height())
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, row.group)

    def _paint_keys(self, painter: QPainter, inner: QRect, row: ActionRow) -> int:
        theme = current_theme()
        right = inner.right()
        for key in reversed(row.keys[:2]):
            width = painter.fontMetrics().horizontalAdvance(key) + 14
            cap = QRect(right - width, inner.center().y() - 11, width, 22)
            painter.setPen(theme.color("line_strong"))
            painter.setBrush(theme.color("sunken"))
            painter.drawRoundedRect(cap, 5, 5)
            painter.setPen(theme.color("text_soft"))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)
            right -= width + 6
        return right


class Palette(QFrame):
    """The palette, over the upper middle of its parent.

    Signals:
        chosen(str): the id of the action to run; the palette is already gone then.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._rows: list[ActionRow] = []
        self._used: list[str] = []
        self._before: QWidget | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.setSpacing(8)
        self.field = QLineEdit()
        self.field.setPlaceholderText("What do you want to do?")
        self.field.setAccessibleName("Find an action")
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        column.addWidget(self.field)
        self._model = QStandardItemModel(self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_RowPainter(self.list))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._choose)
        column.addWidget(self.list)
        column.addWidget(frame("line"))
        column.addWidget(label("↑ ↓ to move    Return to do it    Esc to close", "faint"))
        self.hide()

    def open(self, rows: Sequence[ActionRow], place: str = "") -> None:
        """Shows the actions that can run here: those used last first, then those of the place in front."""
        recent = {action_id: place for place, action_id in enumerate(self._used)}
        able = [row for row in rows if row.can_run]
        self._rows = sorted(able, key=lambda row: (recent.get(row.id, len(recent)), row.place != place))
        self.field.clear()
        self._filter("")
        self._place()
        if not self.isVisible():
            self._before = self.window().focusWidget()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def titles(self) -> list[str]:
        """The titles that are listed now, best first."""
        return [self._model.item(place).text() for place in range(self._model.rowCount())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event.key())
        if watched is self.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        return False

    def _key(self, key: int) -> bool:
        if key == Qt.Key.Key_Escape:
            self._leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentIndex())
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS}
            step = steps.get(Qt.Key(key), -_ROWS)
            count = self._model.rowCount()
            if count:
                wanted = self.list.currentIndex().row() + step
                wanted = wanted % count if abs(step) == 1 else min(max(wanted, 0), count - 1)
                self.list.setCurrentIndex(self._model.index(wanted, 0))
        else:
            return False
        return True

    def _filter(self, typed: str) -> None:
        found: list[tuple[float, ActionRow, tuple[int, ...]]] = []
        for row in self._rows:
            fit = match(typed, row.title)
            if fit is not None:
                found.append((fit.score, row, fit.places))
                continue
            # whole words of the help also find it, below every title that fits
            words = typed.lower().split()
            if len(typed.strip()) > 2 and all(word in f"{row.group} {row.help}".lower() for word in words):
                found.append((-100.0, row, ()))
        if typed.strip():
            found.sort(key=lambda entry: -entry[0])
        self._model.clear()
        for _, row, places in found:
            item = QStandardItem(row.title)
            item.setData(row, _ROW)
            item.setData(places, _PLACES)
            self._model.appendRow(item)
        if found:
            self.list.setCurrentIndex(self._model.index(0, 0))

    def _choose(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        row: ActionRow = index.data(_ROW)
        self._used = [row.id, *(used for used in self._used if used != row.id)][:20]
        self._leave()
        self.chosen.emit(row.id)

    def _leave(self) -> None:
        before, self._before = self._before, None
        self.hide()
        # the person carries on where they were
        if before is not None and before.isVisible() and before is not self.field:
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(_WIDTH, parent.width() - 40)
        height = min(_ROWS * _ROW_HEIGHT + 100, parent.height() - 80)
        self.setGeometry((parent.width() - width) // 2, min(70, parent.height() // 10), width, height)
