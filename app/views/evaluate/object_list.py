"""The objects behind what is chosen, worst first, as a table; their outcome by a sign before its word."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.states.results import COLUMNS, ID_ROLE, ITEM_ROLE, OUTCOME_SIGNS, OUTCOME_WORDS, ResultHead
from app.states.review_filter import Choice
from app.theme import current_theme
from app.views.filter_chips import Chip, ChoiceChip
from app.views.icons import icon_pixmap
from app.views.text import ElidedLabel, frame, label

_ROW_PX = 26
_WIDTHS = {
    "Outcome": 94,
    "Object": 150,
    "Badness": 76,
    "Box IoU": 72,
    "Mask IoU": 82,
    "Hidden IoU": 92,
    "Occlusion": 86,
    "Points": 82,
    "Tags": 62,
    "Turned": 72,
    "Off": 70,
    "Size": 70,
    "Distance": 76,
    "Hour": 54,
}
_FIRST = ("Outcome", "Object")
_WIDE, _MOST_WIDE_PX = "Object", 420
_MOST = 5_001  # one more than an edit may hold


class ResultTable(QTableView):
    """Rows of equal height without a vertical header."""

    def __init__(self, model: QAbstractItemModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegateForColumn(0, _OutcomeDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAccessibleName("Objects, worst first")
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.horizontalHeader().setHighlightSections(False)
        for name, width in _WIDTHS.items():
            self.setColumnWidth(COLUMNS.index(name), width)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def show_columns(self, columns: Sequence[str], sorted_by: str) -> None:
        """Shows these columns alone, that by which is sorted beside the object."""
        header = self.horizontalHeader()
        rest = [name for name in COLUMNS if name not in (*_FIRST, sorted_by)]
        for place, name in enumerate((*_FIRST, sorted_by, *rest)):
            column = COLUMNS.index(name)
            if header.visualIndex(column) != place:
                header.moveSection(header.visualIndex(column), place)
            self.setColumnHidden(column, name not in columns)
        self._share_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: what an object is gets the room that is left."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        taken = sum(
            width
            for name, width in _WIDTHS.items()
            if name != _WIDE and not self.isColumnHidden(COLUMNS.index(name))
        )
        room = self.viewport().width() - taken
        self.setColumnWidth(COLUMNS.index(_WIDE), min(max(room, _WIDTHS[_WIDE]), _MOST_WIDE_PX))


class _OutcomeDelegate(QStyledItemDelegate):
    """The outcome's sign before its word."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration  # leaves room for the sign
        option.decorationSize = QSize(16, 16)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        item = index.data(ITEM_ROLE)
        if item is None:
            return
        styled = QStyleOptionViewItem(option)
        self.initStyleOption(styled, index)
        style = styled.widget.style()
        place = QRectF(
            style.subElementRect(QStyle.SubElement.SE_ItemViewItemDecoration, styled, styled.widget)
        )
        icon, token = OUTCOME_SIGNS[item.row.outcome]
        sign = icon_pixmap(icon, current_theme().colors[token], 15, painter.device().devicePixelRatioF())
        painter.drawPixmap(place.center() - QRectF(0, 0, 15, 15).center(), sign)


class ObjectList(QWidget):
    """The list with what it is of above it.

    Signals:
        selected(object, list): the current number or None, and all selected numbers.
        outcome_chosen(object): one outcome alone, or None for all.
        activated(): a row was double-clicked.
        cleared(): all objects are wanted again.
    """

    selected = Signal(object, list)
    outcome_chosen = Signal(object)
    activated = Signal()
    cleared = Signal()

    def __init__(self, model: QAbstractItemModel) -> None:
        super().__init__()
        self._model = model
        self._head = ResultHead()
        self._quiet = False
        self.table = ResultTable(model)
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self.table.selectionModel().currentRowChanged.connect(self._on_selected)
        self.table.doubleClicked.connect(lambda _: self.activated.emit())
        model.modelAboutToBeReset.connect(lambda: self._set_quiet(True))
        model.modelReset.connect(lambda: self._set_quiet(False))
        head = frame("panel")
        column = QVBoxLayout(head)
        column.setContentsMargins(10, 5, 8, 5)
        column.setSpacing(3)
        first = QHBoxLayout()
        first.setSpacing(6)
        self._title = ElidedLabel("", "heading", Qt.TextElideMode.ElideRight)
        self._chosen = label("", "soft")
        first.addWidget(self._title, 1)
        first.addWidget(self._chosen)
        second = QHBoxLayout()
        second.setSpacing(6)
        self._count = ElidedLabel("", "faint", Qt.TextElideMode.ElideRight)
        self.outcomes = ChoiceChip("Outcome", (Choice(None, "any"),))
        self.outcomes.chosen.connect(self.outcome_chosen)
        self.all = Chip("All objects  ✕")
        self.all.setCheckable(False)
        self.all.clicked.connect(lambda _=False: self.cleared.emit())
        second.addWidget(self._count, 1)
        second.addWidget(self.all)
        second.addWidget(self.outcomes)
        column.addLayout(first)
        column.addLayout(second)
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(24)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setProperty("role", "soft")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        whole.addWidget(frame("line"))
        whole.addWidget(self._stack, 1)
        self.setFocusProxy(self.table)

    @property
    def head(self) -> ResultHead:
        """What is said above the list."""
        return self._head

    def show_head(self, head: ResultHead) -> None:
        """Says what is listed."""
        self._head = head
        self._title.set_whole(head.title)
        self._count.set_whole(", ".join(words for words in (head.count, head.order) if words))
        self.outcomes.set_choices(
            (Choice(None, "any"), *(Choice(one, OUTCOME_WORDS[one].lower()) for one in head.outcomes))
        )
        self.outcomes.show_value(head.outcome)
        self.all.setVisible(head.chosen)
        self.table.show_columns(head.columns, head.sorted_by)
        self._empty.setText(head.empty)
        self._stack.setCurrentWidget(self._empty if head.empty else self.table)

    def select_first(self) -> None:
        """Looks at the worst of a new list."""
        self._go_to(0)
        self.table.scrollToTop()

    def step(self, step: int) -> None:
        """Looks at the object below, or above where step is negative."""
        index = self.table.currentIndex()
        row = index.row() + step if index.isValid() else 0
        self._go_to(min(max(row, 0), self._model.rowCount() - 1))

    def select_all(self) -> None:
        """Selects all that are known so far."""
        self.table.selectAll()

    def _go_to(self, row: int) -> None:
        if 0 <= row < self._model.rowCount():
            flag = QItemSelectionModel.SelectionFlag
            index = self._model.index(row, 0)
            self.table.selectionModel().setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
            self.table.scrollTo(index)

    def _set_quiet(self, quiet: bool) -> None:
        self._quiet = quiet

    def _on_selected(self, *_: object) -> None:
        if self._quiet:
            return
        selection = self.table.selectionModel()
        numbers: list[int] = []
        spans = selection.selection()
        for span in (spans.at(n) for n in range(spans.count())):
            for row in range(span.top(), span.bottom() + 1):
                if len(numbers) >= _MOST:
                    break
                numbers.append(int(self._model.index(row, 0).data(ID_ROLE)))
        current = selection.currentIndex()
        self._chosen.setText(f"{len(numbers):,} selected" if len(numbers) > 1 else "")
        self.selected.emit(int(current.data(ID_ROLE)) if current.isValid() else None, numbers)
