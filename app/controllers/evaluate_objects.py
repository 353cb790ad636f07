"""The objects behind what is chosen: listed worst first, looked at one by one, sent to the review queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.evaluate_deeds import EvaluateDeeds
from app.controllers.evaluate_in_3d import WayTo3D
from app.controllers.evaluate_picture import PictureDesk
from app.controllers.evaluate_reads import EvaluateReads
from app.controllers.evaluate_results import ResultsFeed, columns_of
from app.states.results import COLUMNS, OUTCOME_WORDS, SORTED_BY, ResultHead
from app.words import plural
from core.records.evaluations import Counts, Having, ObjectResult, Order, Outcome, ResultFilter

if TYPE_CHECKING:
    from app.session import ProjectSession

MOST_SENT = 1_000  # of all that are listed
MOST_SELECTED = 5_000
ORDER_WORDS = {
    Order.BADNESS: "the worst first",
    Order.BOX: "the worst box first",
    Order.MASK: "the worst mask first",
    Order.HIDDEN: "the worst hidden part first",
    Order.POINTS: "the worst points first",
    Order.TAGS: "the worst tags first",
    Order.ROTATION: "the most turned first",
    Order.PLACE: "the farthest off first",
    Order.ADD: "the worst fit first",
    Order.HEADING: "the most turned first",
    Order.JOINTS: "the worst joints first",
}
HAVING_WORDS = {
    Having.BOX: "that are found",
    Having.MASK: "that are found, with masks",
    Having.HIDDEN: "of which something is hidden",
    Having.WHOLE: "with masks",
    Having.SEEN: "with masks of what is seen",
    Having.PLACED: "with points",
    Having.COMPARED: "with points of both",
    Having.TAGS: "with tags that were told",
    Having.ROTATION: "with a pose",
    Having.PLACE: "with a place in 3D",
    Having.ADD: "that are fitted cars",
    Having.HEADING: "with a heading",
    Having.JOINTS: "that are fitted people",
    Having.LABEL: "with both labels",
    Having.IS_UNOCCLUDED: "that are unoccluded",
    Having.SAID_UNOCCLUDED: "that are called unoccluded",
}
"""Which of a bar's objects its figure counts."""


class EvaluateObjects(QObject):
    """Holds the list, and which of it are selected.

    Attributes:
        feed: fills the list. desk: draws the current one.

    Signals:
        head_changed(ResultHead): draw it.
        first_wanted(): the list is new: its first row is to be selected.
        said(str): a line about what was just done.
        fit_wanted(WayTo3D): the project's object is to be seen in 3D.
    """

    head_changed = Signal(object)
    first_wanted = Signal()
    said = Signal(str)
    fit_wanted = Signal(object)

    def __init__(self, session: ProjectSession, reads: EvaluateReads, deeds: EvaluateDeeds) -> None:
        super().__init__()
        self._session, self._reads, self._deeds = session, reads, deeds
        self.feed = ResultsFeed(session, reads)
        self.desk = PictureDesk(session, reads)
        self.head = ResultHead()
        self._filter = ResultFilter()
        self._key: int | None = None
        self._outcome: Outcome | None = None
        self._words = ""
        self._selected: list[int] = []
        self._columns = COLUMNS
        self.feed.arrived.connect(self._on_arrived)
        self.feed.counted.connect(lambda _: self._tell())

    def close(self) -> None:
        """Stops reading."""
        self.desk.stop()
        self.feed.close()

    def show(self, key: int | None, filter: ResultFilter, words: str) -> None:
        """Lists what a filter shows of an evaluation.

        Args:
            words: what that is.
        """
        if key != self._key:
            self._outcome = None
        self._key, self._filter, self._words = key, filter, words
        self._list()

    def choose_outcome(self, outcome: Outcome | None) -> None:
        """Lists one outcome alone, or all."""
        self._outcome = outcome
        self._list()

    def step_outcome(self) -> None:
        """Lists the next outcome alone; after the last all."""
        order: list[Outcome | None] = [None, *Outcome]
        self.choose_outcome(order[(order.index(self._outcome) + 1) % len(order)])

    def select(self, current: int | None, numbers: Sequence[int]) -> None:
        """Looks at an object, and takes note of what is selected."""
        self._selected = list(numbers)
        row = None if current is None else self.feed.row(current)
        if row is None or self._key is None:
            self.desk.clear()
        else:
            self.desk.show(self._key, row)

    @property
    def current_instance(self) -> int | None:
        """The project's object that is looked at; tells why where there is none."""
        state = self.desk.state
        if state.key is None:
            self.said.emit("Select an object first.")
        elif state.instance_id is None:
            self.said.emit("It is no object of the project: there is nothing more to see of it.")
        return state.instance_id

    def see_fit(self) -> None:
        """Goes to the object that is looked at in 3D; tells why where there is nothing of it."""
        key = self.desk.state.key
        if key is None:
            self.said.emit("Select an object first.")
            return

        def found(way: WayTo3D) -> None:
            if way.instance_id is None:
                self.said.emit(way.words)
            else:
                self.fit_wanted.emit(way)

        self._session.in_background(lambda: self._reads.way_to_3d(*key), found, tag="evaluate fit")

    def send(self) -> None:
        """Asks for a review of what is selected."""
        key, numbers = self._key, list(self._selected)
        if key is None or not numbers:
            self.said.emit("Select objects in the list first.")
        elif len(numbers) > MOST_SELECTED:
            self.said.emit(f"{MOST_SELECTED:,} objects at most can be sent at once: select fewer.")
        else:  # of a long list not all rows are at hand
            self._session.in_background(
                lambda: self._reads.items(key, numbers), self._send, tag="evaluate instances"
            )

    def send_all(self) -> None:
        """Asks for a review of all that are listed, the worst first, up to a thousand."""
        key, filter = self.feed.evaluation_id, self.feed.filter
        if key is None or not self.feed.total:
            self.said.emit("There is nothing to send.")
            return
        most = MOST_SENT

        def take(ids: list[int]) -> None:
            self._deeds.ask_for(ids, 0)

        self._session.in_background(
            lambda: self._reads.instances(key, filter, most), take, tag="evaluate instances"
        )

    def _send(self, rows: Sequence[ObjectResult]) -> None:
        ids = [row.instance_id for row in rows if row.instance_id is not None]
        self._deeds.ask_for(ids, len(rows) - len(ids))

    def _list(self) -> None:
        outcomes = () if self._outcome is None else (self._outcome,)
        filter = replace(self._filter, outcomes=outcomes)
        if self._outcome is Outcome.EXTRA:  # no bar counts them, and still they can be looked at
            filter = replace(filter, counts=Counts())
        self.feed.show(self._key, filter)
        self._tell()

    def _on_arrived(self) -> None:
        self._selected = []
        self._columns = columns_of(self.feed.first_rows()) or self._columns
        self._tell()
        if len(self.feed.model.numbers):
            self.first_wanted.emit()
        else:
            self.desk.clear()

    def _tell(self) -> None:
        total, known = self.feed.total, len(self.feed.model.numbers)
        having = self.feed.filter.counts.having
        words = self._words + ("" if having is None else f", only those {HAVING_WORDS[having]}")
        count = "" if total is None or self._key is None else plural(total, "object")
        empty = ""
        if self._key is None:
            empty = "The objects of what was measured stand here, the worst first."
        elif not known and total == 0:
            only = "" if self._outcome is None else f" {OUTCOME_WORDS[self._outcome].lower()}"
            empty = f"None{only} of {words}. Esc shows all objects again."
        self.head = ResultHead(
            title=words[:1].upper() + words[1:] if self._key is not None else "Objects",
            count=count,
            order="" if self._key is None else ORDER_WORDS[self._filter.order],
            outcome=self._outcome,
            outcomes=tuple(Outcome),
            empty=empty,
            chosen=bool(self._filter.slices) or self._filter.confused is not None,
            sorted_by=SORTED_BY[self._filter.order],
            columns=self._columns,
        )
        self.head_changed.emit(self.head)
