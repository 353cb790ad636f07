"""The list of fits as a Qt model over ids: eight bytes a row; what a row shows is read when it is painted."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QModelIndex, QObject, Signal

from app.controllers.items_model import ItemsModel
from app.controllers.review_session import Worker
from app.states.fits import COLUMNS, ID_ROLE, ITEM_ROLE, METHOD_SHORT, REVIEW_WORDS, FitItem, verdict_words
from app.states.review_timeline import time_text
from core.records.fits import FitFilter, FitMethod, FitOrder

FIRST_PAGE = 200


class FitModel(ItemsModel[FitItem]):
    """Rows of the list.

    Signals:
        wanted(list[int]): ids of fits whose items are to be read.
    """

    wanted = Signal(list)
    columns = tuple(name for name, _ in COLUMNS)
    right_aligned = frozenset(
        {"Error px", "Place ± m", "Distance m", "Length m", "Stature m", "Version", "Time"}
    )
    id_role, item_role = ID_ROLE, ITEM_ROLE

    def __init__(self) -> None:
        super().__init__()
        self._ids: array[int] = array("q")

    # what a row shows

    def count(self) -> int:
        """How many rows are known so far."""
        return len(self._ids)

    def id_at(self, row: int) -> int:
        """The fit in a row."""
        return self._ids[row]

    def text_of(self, item: FitItem, column: int) -> str:
        """What a cell shows."""
        return cell_text(item, column)

    def tooltip_of(self, item: FitItem) -> str:
        """What hovering over a row tells."""
        return item.reason

    def ask_for(self, ids: list[int]) -> None:
        """Has items read."""
        self.wanted.emit(ids)

    # the list's side

    def __len__(self) -> int:
        return len(self._ids)

    def row_of(self, fit_id: int) -> int | None:
        """The row of a fit, or None where it is not in the list."""
        if not self._ids:
            return None
        found = np.flatnonzero(np.frombuffer(self._ids, np.int64) == fit_id)
        return int(found[0]) if len(found) else None

    def replace(self, ids: Iterable[int]) -> None:
        """Shows other rows; items that were read stay at hand."""
        self.beginResetModel()
        self._ids = ids if isinstance(ids, array) else array("q", ids)
        self.endResetModel()

    def renew(self, ids: array[int]) -> None:
        """Shows the whole list as it is now; where it is as it was, nothing moves."""
        if ids != self._ids:
            self.replace(ids)

    def extend(self, ids: array[int]) -> None:
        """Takes the whole list, of which the rows so far are the beginning."""
        first = len(self._ids)
        if ids[:first] != self._ids:
            self.replace(ids)
        elif len(ids) > first:
            self.beginInsertRows(QModelIndex(), first, len(ids) - 1)
            # a buffer that numpy has seen cannot grow, and a new one costs eight bytes a row
            self._ids = ids
            self.endInsertRows()

    def remove(self, fit_ids: Iterable[int]) -> None:
        """Takes fits out; those that are not in the list are passed over."""
        rows = sorted({row for row in map(self.row_of, fit_ids) if row is not None}, reverse=True)
        for row in rows:
            self.beginRemoveRows(QModelIndex(), row, row)
            self._ids = self._ids[:row] + self._ids[row + 1 :]
            self.endRemoveRows()


class ListReads(Protocol):
    """What the list reads of the store; each call may come from any thread."""

    def page(self, conditions: FitFilter, order: FitOrder, descending: bool, limit: int) -> list[int]:
        """Ids of the first fits of the list."""
        ...

    def all_ids(self, conditions: FitFilter, order: FitOrder, descending: bool) -> array[int]:
        """Ids of the whole list."""
        ...

    def matching(self, conditions: FitFilter, fit_ids: Sequence[int]) -> set[int]:
        """Which of some fits the list shows."""
        ...

    def items(self, fit_ids: Sequence[int]) -> list[FitItem]:
        """What the rows of some fits show."""
        ...


class FitFeed(QObject):
    """Keeps a FitModel in step with the store.

    Signals:
        counted(int, object): rows known so far, and how many there are in all or None.
        first_page(): the rows that are shown first are there, or there are none.
        settled(): what an edit or a job changed has left the list, or come into it.
    """

    counted = Signal(int, object)
    first_page = Signal()
    settled = Signal()

    def __init__(self, worker: Worker, reads: ListReads, model: FitModel) -> None:
        super().__init__()
        self._worker, self._reads, self.model = worker, reads, model
        self._conditions, self._order, self._descending = FitFilter(), FitOrder.RMS, True
        self._generation = 0
        self._again = False  # whether to read once more when the whole list is there
        self.complete = False
        model.wanted.connect(self._read_items)

    def show(self, conditions: FitFilter, order: FitOrder, descending: bool) -> None:
        """Fills the model with what meets the conditions, from the start: a page at once, then the rest."""
        self._conditions, self._order, self._descending = conditions, order, descending
        self._generation += 1
        self.complete = self._again = False
        generation = self._generation

        def whole(ids: array[int]) -> None:
            if generation == self._generation:
                self.model.extend(ids)
                self.complete = True
                self._tell()
                self._read_once_more()

        def arrived(ids: list[int]) -> None:
            if generation != self._generation:
                return
            self.model.replace(ids)
            self.complete = len(ids) < FIRST_PAGE
            if not self.complete:
                self._run(lambda: self._reads.all_ids(conditions, order, descending), whole, "fits all")
            self._tell()
            self.first_page.emit()
            self._read_once_more()

        self._run(lambda: self._reads.page(conditions, order, descending, FIRST_PAGE), arrived, "fits page")

    def reread(self) -> None:
        """Reads the same list again; until it is there, the rows so far stay."""
        if not self.complete:
            self._again = True
            return
        self._generation += 1
        generation = self._generation
        conditions, order, descending = self._conditions, self._order, self._descending

        def arrived(ids: array[int]) -> None:
            if generation == self._generation:
                self.model.renew(ids)
                self._tell()
                self.settled.emit()

        self._run(lambda: self._reads.all_ids(conditions, order, descending), arrived, "fits all")

    def reconcile(self, fit_ids: Sequence[int]) -> None:
        """Lets fits that an edit touched leave the list or come back, as the conditions say."""
        generation, conditions = self._generation, self._conditions

        def arrived(found: set[int]) -> None:
            if generation != self._generation:
                return
            self.model.forget_all_items()
            if any(self.model.row_of(i) is None for i in found):
                self.reread()  # all at once: what takes another version's place stays selected
            else:
                self.model.remove([i for i in fit_ids if i not in found])
                self._tell()
                self.settled.emit()

        self._run(lambda: self._reads.matching(conditions, fit_ids), arrived, "")

    def close(self) -> None:
        """Stops reading on."""
        self._generation += 1
        self.model.stop()

    def _read_once_more(self) -> None:
        if self._again and self.complete:
            self._again = False
            self.reread()

    def _read_items(self, fit_ids: list[int]) -> None:
        self._worker.in_background(
            lambda: self._reads.items(fit_ids),
            self.model.put_items,
            lambda _: self.model.give_up(fit_ids),
        )

    def _run(self, work: Callable[[], Any], arrived: Callable[..., None], tag: str) -> None:
        self._worker.in_background(work, arrived, None, tag)

    def _tell(self) -> None:
        self.counted.emit(len(self.model), len(self.model) if self.complete else None)


def cell_text(item: FitItem, column: int) -> str:
    """What the table shows of a fit in a column."""
    texts = {
        "Object": item.caption,
        "Verdict": _verdict(item) + (", stale" if item.stale else ""),
        "Error px": _number(item.error_px, 2),
        "Place ± m": _number(item.sigma_m, 2),
        "Distance m": _number(item.distance_m, 1),
        "Length m": _number(item.length_m, 2),
        "Stature m": _number(item.stature_m, 2),
        "Review": REVIEW_WORDS[item.review],
        "Fitted as": METHOD_SHORT[item.method],
        "Version": str(item.version),
        "Camera": item.camera,
        "Time": time_text(item.time_s),
    }
    return texts[COLUMNS[column][0]]


def _verdict(item: FitItem) -> str:
    """In a word; Traffic4D gives none, and one of its fits must not look as if it had been judged."""
    return "none" if item.method is FitMethod.TRAFFIC4D else verdict_words(item.verdict, person=item.person)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"
