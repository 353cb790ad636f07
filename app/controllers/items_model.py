"""A table's rows as a Qt model over ids: what a row shows is read when it is painted, and kept a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer

_ITEMS_KEPT = 4_000
Index = QModelIndex | QPersistentModelIndex


class Item(Protocol):
    """What a row shows."""

    @property
    def id(self) -> int:
        """The row's."""
        ...


I = TypeVar("I", bound=Item)  # noqa: E741


class ItemsModel(QAbstractTableModel, Generic[I]):
    """Rows whose items come when they are painted.

    Whatever a view paints and the model does not hold yet is asked for in one bundle, once the painting is
    over.

    Attributes:
        columns: their names.
        right_aligned: those whose texts end at the right.
        id_role, item_role: the roles of a row's id, and of its item or None while that is being read.
    """

    columns: ClassVar[Sequence[str]]
    right_aligned: ClassVar[frozenset[str]]
    id_role: ClassVar[int]
    item_role: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self._items: OrderedDict[int, I] = OrderedDict()
        self._missing: set[int] = set()
        self._asked: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._ask)

    # what a model of its own says

    def count(self) -> int:
        """How many rows are known so far."""
        raise NotImplementedError

    def id_at(self, row: int) -> int:
        """The id in a row."""
        raise NotImplementedError

    def text_of(self, item: I, column: int) -> str:
        """What a cell shows."""
        raise NotImplementedError

    def tooltip_of(self, item: I) -> str:
        """What hovering over a row tells."""
        raise NotImplementedError

    def stand_in(self, row_id: int, column: int) -> str:
        """What a cell shows while its item is being read."""
        return "…"

    def ask_for(self, ids: list[int]) -> None:
        """Has items read."""
        raise NotImplementedError

    # Qt's side

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """Qt's: how many rows are known so far."""
        return 0 if parent.isValid() else self.count()

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        """Qt's: the table's columns."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Qt's: the columns' names."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        """Qt's: what a cell shows; an ellipsis while it is being read."""
        if not index.isValid() or index.row() >= self.count():
            return None
        row_id = self.id_at(index.row())
        if role == self.id_role:
            return row_id
        if role in (self.item_role, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            item = self._item(row_id)
            if role == self.item_role:
                return item
            if item is None:
                return self.stand_in(row_id, index.column())
            if role == Qt.ItemDataRole.ToolTipRole:
                return self.tooltip_of(item)
            return self.text_of(item, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole and self.columns[index.column()] in self.right_aligned:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    # items

    def put_items(self, items: Iterable[I]) -> None:
        """Takes items that were read."""
        for item in items:
            self._items[item.id] = item
            self._items.move_to_end(item.id)
            self._asked.discard(item.id)
        while len(self._items) > _ITEMS_KEPT:
            self._items.popitem(last=False)
        self._redraw()

    def forget_items(self, ids: Iterable[int]) -> None:
        """Has items read again that have changed."""
        for row_id in ids:
            self._items.pop(row_id, None)
            self._asked.discard(row_id)
        self._redraw()

    def read_again(self, ids: Iterable[int]) -> None:
        """Has items read again that have changed, and shows what they were until then."""
        for row_id in ids:
            if row_id in self._items:
                self._asked.discard(row_id)
                self._want(row_id)

    def forget_all_items(self) -> None:
        """Has every item read again that is painted: another process may have changed any of them."""
        self._items.clear()
        self._asked.clear()
        self._redraw()

    def give_up(self, ids: Iterable[int]) -> None:
        """Lets ids be asked for again after a read that failed."""
        self._asked.difference_update(ids)

    def stop(self) -> None:
        """Asks for nothing more."""
        self._timer.stop()
        self._missing.clear()

    def _item(self, row_id: int) -> I | None:
        item = self._items.get(row_id)
        if item is None and row_id not in self._asked:
            self._want(row_id)
        return item

    def _want(self, row_id: int) -> None:
        self._missing.add(row_id)
        if not self._timer.isActive():
            self._timer.start()

    def _ask(self) -> None:
        ids = sorted(self._missing)
        self._missing.clear()
        if ids:
            self._asked.update(ids)
            self.ask_for(ids)

    def _redraw(self) -> None:
        if self.count():
            # views repaint what they show of it; naming single rows would mean a search for each
            self.dataChanged.emit(self.index(0, 0), self.index(self.count() - 1, len(self.columns) - 1))
