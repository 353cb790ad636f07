"""The objects behind a bar: read page by page as one scrolls, worst first, and kept as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, Signal

from app.controllers.evaluate_reads import EvaluateReads
from app.controllers.items_model import Index, ItemsModel
from app.states.results import COLUMNS, ID_ROLE, ITEM_ROLE, OUTCOME_WORDS, ResultItem, ResultNumbers
from core.records.evaluations import ObjectResult, ResultFilter, ResultKey
from core.records.figures import words_of
from core.store.queries.results import result_key

if TYPE_CHECKING:
    from app.session import ProjectSession

PAGE = 200


class ResultsModel(ItemsModel[ResultItem]):
    """Rows of objects of one evaluation.

    Signals:
        wanted(list[int]): numbers whose rows are to be read.
        more_wanted(): the end of what is known came into view.
    """

    wanted = Signal(list)
    more_wanted = Signal()
    columns = COLUMNS
    right_aligned = frozenset(COLUMNS[2:])
    id_role, item_role = ID_ROLE, ITEM_ROLE

    def __init__(self) -> None:
        super().__init__()
        self.numbers = ResultNumbers()
        self.complete = True

    def count(self) -> int:
        """How many rows are known so far."""
        return len(self.numbers)

    def id_at(self, row: int) -> int:
        """The number of the object in a row."""
        return self.numbers.at(row)

    def text_of(self, item: ResultItem, column: int) -> str:
        """What a cell shows."""
        return cell_text(item.row, COLUMNS[column])

    def tooltip_of(self, item: ResultItem) -> str:
        """What hovering over a row tells."""
        return "\n".join((title_of(item.row), facts_of(item.row)))

    def ask_for(self, ids: list[int]) -> None:
        """Has rows read."""
        self.wanted.emit(ids)

    def canFetchMore(self, parent: Index) -> bool:
        """Qt's: whether there may be more rows than are known."""
        return not parent.isValid() and not self.complete

    def fetchMore(self, parent: Index) -> None:
        """Qt's: the last row came into view."""
        if self.canFetchMore(parent):
            self.more_wanted.emit()

    def clear(self) -> None:
        """Forgets all: what comes is of another evaluation or another bar."""
        self.beginResetModel()
        self.numbers = ResultNumbers()
        self.complete = True
        self.endResetModel()
        self.forget_all_items()

    def append(self, page: list[ObjectResult], *, complete: bool) -> None:
        """Adds a page at the end; complete says whether it was the last."""
        self.complete = complete
        if page:
            first = len(self.numbers)
            self.beginInsertRows(QModelIndex(), first, first + len(page) - 1)
            self.numbers.extend([row.number for row in page])
            self.endInsertRows()
            self.put_items(ResultItem(row) for row in page)


class ResultsFeed(QObject):
    """Fills the model with what a filter shows.

    Signals:
        arrived(): the first page is there.
        counted(int): how many objects there are.
    """

    arrived = Signal()
    counted = Signal(int)

    def __init__(self, session: ProjectSession, reads: EvaluateReads) -> None:
        super().__init__()
        self._session, self._reads = session, reads
        self.model = ResultsModel()
        self.evaluation_id: int | None = None
        self.filter = ResultFilter()
        self.total: int | None = None
        self._generation = 0
        self._reading = False
        self._last: ResultKey | None = None
        self.model.wanted.connect(self._read_items)
        self.model.more_wanted.connect(self._read_more)

    def show(self, evaluation_id: int | None, filter: ResultFilter) -> None:
        """Lists what a filter shows of an evaluation; of None nothing."""
        self._generation += 1
        self.evaluation_id, self.filter = evaluation_id, filter
        self.total, self._last, self._reading = None, None, False
        if evaluation_id is None:
            self.model.clear()
            self.total = 0
            self.arrived.emit()
            return
        self._read_page(first=True)

        def count() -> int:
            return self._reads.count(evaluation_id, filter)

        self._run(count, self._take_count, "evaluate count")

    def close(self) -> None:
        """Stops reading on."""
        self._generation += 1
        self.model.stop()

    def row(self, number: int) -> ObjectResult | None:
        """An object that is listed; None where it is not, or is read just now."""
        place = self.model.numbers.row_of(number)
        if place is None:
            return None
        item = self.model.data(self.model.index(place, 0), ITEM_ROLE)
        return item.row if isinstance(item, ResultItem) else None

    def first_rows(self) -> list[ObjectResult]:
        """The first objects that are listed."""
        numbers = [self.model.id_at(row) for row in range(min(self.model.count(), PAGE))]
        return [row for number in numbers if (row := self.row(number)) is not None]

    def _read_more(self) -> None:
        if not self._reading:
            self._read_page(first=False)

    def _read_page(self, *, first: bool) -> None:
        evaluation_id, filter, after = self.evaluation_id, self.filter, None if first else self._last
        if evaluation_id is None:
            return
        self._reading = True

        def take(page: list[ObjectResult]) -> None:
            self._reading = False
            if first:  # until then the rows of before stay, so that nothing flickers
                self.model.clear()
            if page:
                self._last = result_key(filter, page[-1])
            self.model.append(page, complete=len(page) < PAGE)
            if first:
                self.arrived.emit()

        self._run(lambda: self._reads.page(evaluation_id, filter, after, PAGE), take, "evaluate page")

    def _take_count(self, count: int) -> None:
        self.total = count
        self.counted.emit(count)

    def _read_items(self, numbers: list[int]) -> None:
        evaluation_id = self.evaluation_id
        if evaluation_id is None:
            return

        def take(rows: list[ObjectResult]) -> None:
            self.model.put_items(ResultItem(row) for row in rows)

        self._run(lambda: self._reads.items(evaluation_id, numbers), take, "")

    def _run(self, work: Callable[[], Any], take: Callable[[Any], None], tag: str) -> None:
        generation = self._generation

        def arrived(found: Any) -> None:
            if generation == self._generation:
                take(found)

        self._session.in_background(work, arrived, tag=tag)


def cell_text(row: ObjectResult, column: str) -> str:
    """What the table shows of an object in a column."""
    texts = {
        "Outcome": OUTCOME_WORDS[row.outcome],
        "Object": object_words(row),
        "Badness": f"{row.badness:.2f}",
        "Box IoU": "" if row.box_iou is None else f"{row.box_iou:.2f}",
        "Mask IoU": "" if row.mask_iou is None else f"{row.mask_iou:.2f}",
        "Hidden IoU": "" if row.hidden_iou is None else f"{row.hidden_iou:.2f}",
        "Points": f"{row.points_right} of {row.points_placed}" if row.points_placed else "",
        "Tags": f"{row.tags_right} of {row.tags_told}" if row.tags_told else "",
        "Turned": "" if row.rotation_rad is None else words_of("rotation", row.rotation_rad),
        "Off": "" if row.place_m is None else words_of("place", row.place_m),
        "Occlusion": "" if row.occlusion is None else f"{row.occlusion:.0%}",
        "Size": f"{row.size_px:.0f} px",
        "Distance": "" if row.distance_m is None else f"{row.distance_m:.0f} m",
        "Hour": "" if row.hour is None else f"{row.hour} h",
    }
    return texts[column]


def columns_of(rows: Sequence[ObjectResult]) -> tuple[str, ...]:
    """The columns that say anything of some objects; none where there are no objects."""
    return tuple(column for column in COLUMNS if any(cell_text(row, column) for row in rows))


def object_words(row: ObjectResult) -> str:
    """What it is, and what it was said to be where that is something else."""
    if row.detail:
        return f"{row.category.value}: {row.detail}"
    if row.said is not None and row.said is not row.category:
        return f"{row.category.value}, said {row.said.value}"
    return row.category.value


def title_of(row: ObjectResult) -> str:
    """What came out, such as "Car, missed"."""
    words = object_words(row)
    return f"{words[:1].upper()}{words[1:]}, {OUTCOME_WORDS[row.outcome].lower()}"


def facts_of(row: ObjectResult) -> str:
    """Its numbers in a line."""
    said = [
        f"hidden {row.occlusion:.0%}" if row.occlusion is not None else "",
        f"{row.distance_m:.1f} m away" if row.distance_m is not None else "",
        f"{row.size_px:.0f} px",
        f"score {row.score:.2f}" if row.score is not None else "",
        f"box IoU {row.box_iou:.2f}" if row.box_iou is not None else "",
        f"mask IoU {row.mask_iou:.2f}" if row.mask_iou is not None else "",
        f"hidden IoU {row.hidden_iou:.2f}" if row.hidden_iou is not None else "",
        f"{row.points_right} of {row.points_placed} points" if row.points_placed else "",
        f"turned {words_of('rotation', row.rotation_rad)}" if row.rotation_rad is not None else "",
        f"{words_of('place', row.place_m)} off" if row.place_m is not None else "",
    ]
    return " · ".join(words for words in said if words)
