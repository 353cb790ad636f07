"""The queue as a Qt model over ids: a million rows cost sixteen megabytes; items are read when painted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QImage

from app.controllers.items_model import Index, ItemsModel
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

_CROP_BYTES_KEPT = 48 * 2**20


class QueueModel(ItemsModel[QueueItem]):
    """Rows of the review queue, with their crops.

    Signals:
        wanted(list[int], bool): ids whose items are to be read, and whether their crops are too.
    """

    wanted = Signal(list, bool)
    columns = COLUMNS
    right_aligned = frozenset({"Id", "Margin", "Size", "Time", "Track", "Score"})
    id_role, item_role = ID_ROLE, ITEM_ROLE

    def __init__(self) -> None:
        super().__init__()
        self.ids = QueueIds()
        self._crops: OrderedDict[int, QImage] = OrderedDict()
        self._crop_bytes = 0
        self._missing_crops: set[int] = set()
        self._asked_crops: set[int] = set()

    # what a row shows

    def count(self) -> int:
        """How many rows are known so far."""
        return len(self.ids)

    def id_at(self, row: int) -> int:
        """The object in a row."""
        return self.ids.id_at(row)

    def data(self, index: Index, role: int = 0) -> Any:
        """Qt's: what a cell shows; None for a crop that is being read."""
        if role == CROP_ROLE and index.isValid() and index.row() < len(self.ids):
            return self._crop(self.ids.id_at(index.row()))
        return super().data(index, role)

    def text_of(self, item: QueueItem, column: int) -> str:
        """What a cell shows."""
        return cell_text(item, column)

    def tooltip_of(self, item: QueueItem) -> str:
        """What hovering over a row tells."""
        return tooltip(item)

    def stand_in(self, row_id: int, column: int) -> str:
        """What a cell shows while its item is being read: the id is known."""
        return str(row_id) if column == 0 else super().stand_in(row_id, column)

    def ask_for(self, ids: list[int]) -> None:
        """Has items read, and the crops that are wanted of them."""
        missing, self._missing_crops = self._missing_crops, set()
        self._asked_crops.update(missing)
        for crops in (True, False):
            bundle = [row_id for row_id in ids if (row_id in missing) is crops]
            if bundle:
                self.wanted.emit(bundle, crops)

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

    def give_up(self, ids: Iterable[int]) -> None:
        """Lets ids be asked for again after a read that failed."""
        failed = set(ids)
        super().give_up(failed)
        self._asked_crops -= failed

    def stop(self) -> None:
        """Asks for nothing more."""
        super().stop()
        self._missing_crops.clear()

    def _crop(self, instance_id: int) -> QImage | None:
        image = self._crops.get(instance_id)
        if image is None and instance_id not in self._asked_crops:
            self._missing_crops.add(instance_id)
            self._want(instance_id)
        return image


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
    if item.note:
        lines.append(f"Its find, {item.note.removeprefix('find ')} sure, is less certain than its label")
    if item.reason:
        lines.append(item.reason)
    if item.verdict:
        lines.append(f"{item.annotator} said {item.verdict}")
    return "\n".join(lines)
