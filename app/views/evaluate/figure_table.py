"""All figures over one slice, with intervals, a column for each evaluation; a click draws one as bars."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.states.evaluation import LOOK_WORDS, Column, FigureCell, FigureRow, FigureTable
from app.theme import current_theme
from app.views.icons import IconLabel
from app.views.text import ElidedLabel, frame, label, scroller
from app.views.training.looks import LOOK_SIGNS
from app.views.training.series import paint_mark

_NAME_PX, _CELL_PX = 128, 150


class _Mark(QWidget):
    """An evaluation's mark, as its bars and lines have it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(16, 16)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_mark(painter, QPointF(8, 8), self._number, 11)
        painter.end()


class _Row(QWidget):
    """A figure's row.

    Signals:
        chosen(str): it was clicked; the figure's name.
    """

    chosen = Signal(str)

    def __init__(self, row: FigureRow, *, lit: bool) -> None:
        super().__init__()
        self._row, self._lit, self._under = row, lit, False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(f"{row.help}\nClick to see it as bars.".strip())
        self.setAccessibleName(row.title)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 3, 10, 3)
        grid.setHorizontalSpacing(10)
        grid.setColumnMinimumWidth(0, _NAME_PX)
        grid.addWidget(label(row.title, "heading" if lit else ""), 0, 0)
        for place, cell in enumerate(row.cells, start=1):
            grid.addWidget(_cell(cell), 0, place)
            grid.setColumnStretch(place, 1)
            grid.setColumnMinimumWidth(place, _CELL_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: draws this figure."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._row.name)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: the one that is drawn as bars is lit, with a stroke at its left."""
        if not self._lit:
            return
        painter = QPainter(self)
        theme = current_theme()
        painter.fillRect(self.rect(), theme.color("accent_wash"))
        painter.fillRect(0, 3, 3, self.height() - 6, theme.color("accent"))
        painter.end()


class FigureTableView(QWidget):
    """Draws a FigureTable.

    Signals:
        chosen(str): the name of a figure that was clicked.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._table = FigureTable()
        self.rows: dict[str, QWidget] = {}
        self._area: QScrollArea | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._note = label("", "soft", wrap=True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setContentsMargins(24, 24, 24, 24)
        self._column.addWidget(self._note)
        self._note.hide()

    @property
    def table(self) -> FigureTable:
        """What is shown."""
        return self._table

    def show_table(self, table: FigureTable) -> None:
        """Draws other figures."""
        if table == self._table:
            return
        scrolled = 0 if self._area is None else self._area.verticalScrollBar().value()
        same = table.columns == self._table.columns
        self._table = table
        if self._area is not None:
            self._area.hide()
            self._area.deleteLater()
            self._area, self.rows = None, {}
        self._note.setText(table.note)
        self._note.setVisible(bool(table.note))
        if not table.rows:
            return
        page = self._build(table)
        self._area = scroller(page)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._column.addWidget(self._area, 1)
        if same and scrolled:
            page.adjustSize()
            self._area.verticalScrollBar().setValue(scrolled)

    def _build(self, table: FigureTable) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(0)
        head = QWidget()
        grid = QGridLayout(head)
        grid.setContentsMargins(12, 6, 10, 5)
        grid.setHorizontalSpacing(10)
        grid.setColumnMinimumWidth(0, _NAME_PX)
        over = ElidedLabel(f"Over {table.slice_title}", "faint", Qt.TextElideMode.ElideRight)
        over.setFixedWidth(_NAME_PX)
        grid.addWidget(over, 0, 0)
        for place, one in enumerate(table.columns, start=1):
            grid.addWidget(_head(one), 0, place)
            grid.setColumnStretch(place, 1)
            grid.setColumnMinimumWidth(place, _CELL_PX)
        column.addWidget(head)
        column.addWidget(frame("line"))
        for row in table.rows:
            made = _Row(row, lit=row.name == table.figure)
            made.chosen.connect(self.chosen)
            self.rows[row.name] = made
            column.addWidget(made)
        column.addStretch(1)
        return page


def _head(one: Column) -> QWidget:
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    icon, token = LOOK_SIGNS[one.look]
    sign = IconLabel(icon, token, 16)
    sign.setToolTip(LOOK_WORDS[one.look])
    row.addWidget(_Mark(one.number))
    row.addWidget(sign)
    row.addWidget(ElidedLabel(one.name, "heading", Qt.TextElideMode.ElideRight), 1)
    return whole


def _cell(cell: FigureCell) -> QWidget:
    """A value with its interval; the best of its row has a tick."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(label(cell.value, "heading" if cell.best else ""))
    if cell.best:
        tick = IconLabel("check", "ok", 14)
        tick.setToolTip("The best value of this row; look at the intervals, too.")
        row.addWidget(tick)
    if cell.interval:
        row.addWidget(ElidedLabel(cell.interval, "faint", Qt.TextElideMode.ElideRight), 1)
    else:
        row.addStretch(1)
    if cell.count:
        whole.setToolTip(f"Over {cell.count}")
    return whole
