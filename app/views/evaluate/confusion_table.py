"""A confusion as a table: the more, the darker; the objects of a cell are listed by a click or by keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.states.evaluation import ConfusionTable
from app.theme import current_theme
from app.views.filter_chips import ChoiceChip
from app.views.text import ElidedLabel, frame, label, scroller
from app.words import plural

_ROW_PX, _LEAST_CELL_PX, _MOST_CELL_PX = 34, 62, 110
_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_TAKEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class ConfusionGrid(QWidget):
    """Draws the counts.

    Signals:
        chosen(int, int): the row and the column of a cell.
        left(): Esc: the keys are to go to the workspace again.
    """

    chosen = Signal(int, int)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._table = ConfusionTable()
        self._cursor = (0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys with the objects
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_table(self, table: ConfusionTable) -> None:
        """Draws other counts."""
        self._table = table
        if table.chosen is not None:
            self._cursor = table.chosen
        rows, columns = max(len(table.truth), 1), max(len(table.said), 1)
        self._cursor = (min(self._cursor[0], rows - 1), min(self._cursor[1], columns - 1))
        self.setAccessibleName(f"Confusion of {table.name}")
        self.setMinimumSize(self.minimumSizeHint())
        self.updateGeometry()
        self.update()

    @property
    def cursor_cell(self) -> tuple[int, int]:
        """The cell that the keys are on."""
        return self._cursor

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell is, widget pixels."""
        width = self._cell_px()
        return QRectF(self._names_px() + column * width, (row + 1) * _ROW_PX, width, _ROW_PX)

    def sizeHint(self) -> QSize:
        """Qt's: a row for each word and one for the head."""
        return QSize(self.minimumSizeHint().width() + 80, (len(self._table.truth) + 1) * _ROW_PX + 4)

    def minimumSizeHint(self) -> QSize:
        """Qt's: the least that can be read."""
        width = self._names_px() + len(self._table.said) * _LEAST_CELL_PX + 4
        return QSize(round(width), (len(self._table.truth) + 1) * _ROW_PX + 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: lists the objects of a cell."""
        cell = self._cell_at(event.position().toPoint())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._cursor = cell
            self.chosen.emit(*cell)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: says a cell in words."""
        cell = self._cell_at(event.position().toPoint())
        self.setToolTip("" if cell is None else self.words_of(*cell))

    def words_of(self, row: int, column: int) -> str:
        """What a cell says."""
        table = self._table
        count, total = table.counts[row][column], sum(table.counts[row])
        share = f", {count / total:.0%} of {total:,}" if total else ""
        return f"{table.truth[row]}, said {table.said[column]}: {count:,}{share}"

    def event(self, event: QEvent) -> bool:
        """Qt's: while it has the keys, the arrows go through its cells."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in (*_ARROWS, *_TAKEN, Qt.Key.Key_Escape)
            and not event.modifiers()
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's: goes to another cell, lists its objects, or leaves."""
        key = Qt.Key(event.key())
        if key in _ARROWS:
            down, across = _ARROWS[key]
            row = min(max(self._cursor[0] + down, 0), max(len(self._table.truth) - 1, 0))
            column = min(max(self._cursor[1] + across, 0), max(len(self._table.said) - 1, 0))
            self._cursor = (row, column)
            self.setToolTip("")
            self.update()
        elif key in _TAKEN and self._table.counts:
            self.chosen.emit(*self._cursor)
        elif key is Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        """Qt's: the cell that the keys are on is framed."""
        super().focusInEvent(event)  # type: ignore[arg-type]
        self.update()

    def focusOutEvent(self, event: object) -> None:
        """Qt's: no longer."""
        super().focusOutEvent(event)  # type: ignore[arg-type]
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws it."""
        table, theme = self._table, current_theme()
        painter = QPainter(self)
        small = QFont(self.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1))
        metrics = painter.fontMetrics()
        names = self._names_px()
        middle = Qt.AlignmentFlag.AlignCenter
        for column, word in enumerate(table.said):
            place = self.cell_rect(-1, column)
            painter.setPen(theme.color("text_soft"))
            text = metrics.elidedText(word, Qt.TextElideMode.ElideRight, int(place.width()) - 6)
            painter.drawText(place, middle, text)
        for row, word in enumerate(table.truth):
            painter.setPen(theme.color("text_soft"))
            place = QRectF(12, (row + 1) * _ROW_PX, names - 20, _ROW_PX)
            text = metrics.elidedText(word, Qt.TextElideMode.ElideRight, int(place.width()))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
            self._paint_row(painter, row)
        painter.end()

    def _paint_row(self, painter: QPainter, row: int) -> None:
        table, theme = self._table, current_theme()
        total = sum(table.counts[row])
        for column, count in enumerate(table.counts[row]):
            place = self.cell_rect(row, column).adjusted(1.5, 1.5, -1.5, -1.5)
            right = table.truth[row] == table.said[column]
            share = count / total if total else 0.0
            fill = QColor(theme.color("ok" if right else "warn"))
            fill.setAlpha(round(18 + 120 * share) if count else 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawRoundedRect(place, 3, 3)
            if right:  # the diagonal by its shape, too
                painter.setPen(QPen(theme.color("ok"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(place, 3, 3)
            if (row, column) == table.chosen:
                painter.setPen(QPen(theme.color("text"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(place, 3, 3)
            elif self.hasFocus() and (row, column) == self._cursor:
                painter.setPen(QPen(theme.color("accent"), 2, Qt.PenStyle.DashLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(place, 3, 3)
            painter.setPen(theme.color("text" if count else "text_faint"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{count:,}")

    def _names_px(self) -> float:
        metrics = self.fontMetrics()
        return 32 + max((metrics.horizontalAdvance(word) for word in self._table.truth), default=40)

    def _cell_px(self) -> float:
        count = max(len(self._table.said), 1)
        return min(max((self.width() - self._names_px() - 8) / count, _LEAST_CELL_PX), _MOST_CELL_PX)

    def _cell_at(self, point: QPoint) -> tuple[int, int] | None:
        for row in range(len(self._table.truth)):
            for column in range(len(self._table.said)):
                if self.cell_rect(row, column).contains(point):
                    return row, column
        return None


class ConfusionView(QWidget):
    """A confusion with its name above it.

    Signals:
        cell_chosen(int, int): row and column. name_chosen(object): another confusion. left(): Esc.
    """

    cell_chosen = Signal(int, int)
    name_chosen = Signal(object)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._table = ConfusionTable()
        self.grid = ConfusionGrid()
        self.grid.chosen.connect(self.cell_chosen)
        self.grid.left.connect(self.left)
        self.names = ChoiceChip("Of", ())
        self.names.chosen.connect(self.name_chosen)
        self._title = ElidedLabel("", "faint", Qt.TextElideMode.ElideRight)
        self._head = QWidget()
        row = QHBoxLayout(self._head)
        row.setContentsMargins(12, 6, 12, 2)
        row.addWidget(self.names)
        row.addWidget(self._title, 1)
        self._area = scroller(self.grid)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._note = label("", "soft", wrap=True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setContentsMargins(24, 24, 24, 24)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._area, 1)
        column.addWidget(self._note, 1)
        column.addWidget(frame("line"))

    @property
    def table(self) -> ConfusionTable:
        """What is shown."""
        return self._table

    def show_table(self, table: ConfusionTable) -> None:
        """Draws another confusion."""
        self._table = table
        self.names.set_choices(table.names)
        if table.names:
            self.names.show_value(table.name, narrows=False)
        total = sum(sum(row) for row in table.counts)
        self._title.set_whole(
            f"{plural(total, 'count')} over {table.title}. Rows: the truth; columns: what was said."
        )
        there = bool(table.counts)
        self._head.setVisible(there)
        self._area.setVisible(there)
        self._note.setVisible(not there)
        self._note.setText(table.note)
        self.grid.show_table(table)
