"""The queue as a Qt model over ids: a million rows cost sixteen megabytes; items are read when painted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QImage

from app.states.review_marks import MARK_WORDS
from app.states.review_queue import (
    COLUMNS,
    CROP_ROLE,
    ID_ROLE,
    ITEM_ROLE,
    QueueIds,
    QueueItem,
    row_runs,
)
from app.states.review_timeline import time_text

_ITEMS_KEPT = 4_000
_CROP_BYTES_KEPT = 48 * 2**20
_Index = QModelIndex | QPersistentModelIndex


class QueueModel(QAbstractTableModel):
    """Rows of the review queue.

    Whatever a view paints and the model does not hold yet is asked for in one bundle, once the painting
    is over.

    Signals:
        wanted(list[int], bool): ids whose items are to be read, and whether their crops are too.
    """

    wanted = Signal(list, bool)

    def __init__(self) -> None:
        super().__init__()
        self.ids = QueueIds()
        self._items: OrderedDict[int, QueueItem] = OrderedDict()
        self._crops: OrderedDict[int, QImage] = OrderedDict()
        self._crop_bytes = 0
        self._missing: dict[int, bool] = {}  # id -> whether its crop is wanted too
        self._asked: set[int] = set()
        self._asked_crops: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._ask)

    # Qt's side

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        """Qt's: how many rows are known so far."""
        return 0 if parent.isValid() else len(self.ids)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        """Qt's: the table's columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Qt's: the columns' names."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        """Qt's: what a cell shows; None while it is being read."""
        if not index.isValid() or index.row() >= len(self.ids):
            return None
        instance_id = self.ids.id_at(index.row())
        if role == ID_ROLE:
            return instance_id
        if role == CROP_ROLE:
            return self._crop(instance_id)
        if role in (ITEM_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            item = self._item(instance_id)
            if role == ITEM_ROLE:
                return item
            if item is None:
                return str(instance_id) if index.column() == 0 else "…"
            return tooltip(item) if role == Qt.ItemDataRole.ToolTipRole else cell_text(item, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[index.column()] in _RIGHT_ALIGNED:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    # the feed's side

    def clear(self) -> None:
        """Forgets all rows; items and crops that were read stay at hand."""
        self.beginResetModel()
        self.ids = QueueIds()
        self.endResetModel()

    def append(self, page: Sequence[tuple[float, int]]) -> None:
        """Adds a page of (uncertainty, id) at the end."""
        if page:
            first = len(self.ids)
            self.beginInsertRows(QModelIndex(), first, first + len(page) - 1)
            self.ids.extend(page)
            self.endInsertRows()

    def insert(self, uncertainty: float, instance_id: int) -> None:
        """Puts an id where it belongs."""
        row = self.ids.place_for(uncertainty, instance_id)
        self.beginInsertRows(QModelIndex(), row, row)
        self.ids.insert(row, uncertainty, instance_id)
        self.endInsertRows()

    def remove(self, instance_ids: Sequence[int]) -> None:
        """Takes ids out; those that are not in the queue are passed over."""
        for first, last in row_runs(self.ids.rows_of(instance_ids)):
            self.beginRemoveRows(QModelIndex(), first, last)
            self.ids.remove(first, last)
            self.endRemoveRows()

    def put_items(self, items: Iterable[QueueItem]) -> None:
        """Takes items that were read."""
        for item in items:
            self._items[item.id] = item
            self._items.move_to_end(item.id)
            self._asked.discard(item.id)
        while len(self._items) > _ITEMS_KEPT:
            self._items.popitem(last=False)
        self._redraw()

    def put_crops(self, crops: Iterable[tuple[int, QImage]]) -> None:
        """Takes crops that were read; a null image stands for an instance that has none."""
        for instance_id, image in crops:
            old = self._crops.pop(instance_id, None)
            self._crop_bytes += image.sizeInBytes() - (old.sizeInBytes() if old is not None else 0)
            self._crops[instance_id] = image
            self._asked_crops.discard(instance_id)
        while self._crop_bytes > _CROP_BYTES_KEPT and len(self._crops) > 1:
            self._crop_bytes -= self._crops.popitem(last=False)[1].sizeInBytes()
        self._redraw()

    def forget_items(self, instance_ids: Iterable[int]) -> None:
        """Has items read again that have changed."""
        for instance_id in instance_ids:
            self._items.pop(instance_id, None)
            self._asked.discard(instance_id)
        self._redraw()

    def read_again(self, instance_ids: Iterable[int]) -> None:
        """Has items read again that have changed, and shows what they were until then."""
        for instance_id in instance_ids:
            if instance_id in self._items:
                self._asked.discard(instance_id)
                self._want(instance_id, crop=False)

    def forget_all_items(self) -> None:
        """Has every item read again: another process may have changed any of them."""
        self._items.clear()
        self._asked.clear()
        self._redraw()

    def give_up(self, instance_ids: Iterable[int]) -> None:
        """Lets ids be asked for again after a read that failed."""
        self._asked.difference_update(instance_ids)
        self._asked_crops.difference_update(instance_ids)

    def stop(self) -> None:
        """Asks for nothing more."""
        self._timer.stop()
        self._missing.clear()

    def _item(self, instance_id: int) -> QueueItem | None:
        item = self._items.get(instance_id)
        if item is None and instance_id not in self._asked:
            self._want(instance_id, crop=False)
        return item

    def _crop(self, instance_id: int) -> QImage | None:
        image = self._crops.get(instance_id)
        if image is None and instance_id not in self._asked_crops:
            self._want(instance_id, crop=True)
        return image

    def _want(self, instance_id: int, crop: bool) -> None:
        self._missing[instance_id] = self._missing.get(instance_id, False) or crop
        if not self._timer.isActive():
            self._timer.start()

    def _ask(self) -> None:
        missing, self._missing = self._missing, {}
        with_crops = [instance_id for instance_id, crop in missing.items() if crop]
        without = [instance_id for instance_id, crop in missing.items() if not crop]
        for ids, crops in ((with_crops, True), (without, False)):
            if ids:
                self._asked.update(ids)
                if crops:
                    self._asked_crops.update(ids)
                self.wanted.emit(ids, crops)

    def _redraw(self) -> None:
        if len(self.ids):
            # views repaint what they show of it; naming single rows would mean a search for each
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.ids) - 1, len(COLUMNS) - 1))


_RIGHT_ALIGNED = frozenset({"Id", "Margin", "Size", "Time", "Track", "Score"})


def cell_text(item: QueueItem, column: int) -> str:
    """What the table shows of an item in a column."""
    texts = {
        "Id": str(item.id),
        "Category": item.category,
        "Label": MARK_WORDS[item.mark.shape],
        "Margin": "" if item.margin is None else f"{item.margin:+.3f}",
        "Size": f"{item.width_px:.0f} × {item.height_px:.0f}",
        "Time": time_text(item.time_s),
        "Source": item.source,
        "Reviewed": f"{item.verdict}, {item.annotator}" if item.verdict else "",
        "Reason": item.reason,
        "Track": "" if item.track_id is None else str(item.track_id),
        "Score": f"{item.score:.2f}",
    }
    return texts[COLUMNS[column]]


def tooltip(item: QueueItem) -> str:
    """What hovering over an item tells."""
    lines = [
        f"{item.category} {item.id}: {MARK_WORDS[item.mark.shape].lower()}",
        f"{item.width_px:.0f} × {item.height_px:.0f} px, score {item.score:.2f}",
        f"{item.source} at {time_text(item.time_s)}",
    ]
    if item.margin is not None:
        lines.append(
            f"Margin {item.margin:+.3f}: how far from the threshold it is; 0 is on it, minus is occluded"
        )
    if item.reason:
        lines.append(item.reason)
    if item.verdict:
        lines.append(f"{item.annotator} said {item.verdict}")
    return "\n".join(lines)
