"""What the lists of runs and of evaluations have in common: what there is, what is selected, what is marked.

A work that a job has only begun has no row yet: it is listed by its job, under the job's negative number.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.kept_deeds import KeptWork
from app.controllers.saying import did_again, undid
from app.controllers.training_facts import LIVE
from app.states.training import RunItem
from core.records.history import Touched
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession

_FOLLOW_MS = 500  # from news of another process to a look at what it wrote


class SetWork(KeptWork, Protocol):
    """One whose settings are kept."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """As plain JSON values."""


Row = TypeVar("Row", bound=SetWork)


class KeptWorks(QObject, Generic[Row]):
    """Holds rows and jobs of a kind, and which of them are looked at. Subclasses read and tell.

    Signals:
        head_changed, list_changed, facts_changed: draw these.
        again_wanted(object): one is to be prepared with the settings of another, as plain JSON values.
        said(str): a line about what was just done.
    """

    head_changed = Signal(object)
    list_changed = Signal(object)
    facts_changed = Signal(object)
    again_wanted = Signal(object)
    said = Signal(str)

    thing: str
    """What one is called, with its article."""
    compared_how: str
    """How several are drawn: "over each other"."""
    read_anew_by: frozenset[str]
    """The tables whose edits have the rows read anew."""
    own: frozenset[str]
    """The tables whose edits are told of when they are undone."""

    def __init__(self, session: ProjectSession, jobs: JobsController) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._job_rows = {row.id: row for row in session.jobs() if self._is_its_job(row)}
        self._began_here: set[int] = set()  # jobs that were seen while they ran
        self._hidden_shown = False
        self._selected: int | None = None
        self._marked: list[int] = []
        self._drafting = False
        self._visible, self._outdated = False, True
        self._items: tuple[RunItem, ...] = ()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_FOLLOW_MS)
        self._soon.timeout.connect(self.refresh)
        session.undone.connect(lambda touched: self._on_reversed(touched, undid))
        session.redone.connect(lambda touched: self._on_reversed(touched, did_again))
        for row in self._job_rows.values():
            self._note_live(row)

    # ---- what subclasses give -------------------------------------------------------------------

    @abstractmethod
    def refresh(self) -> None:
        """Reads anew what there is, and what is new of those that are shown."""

    @abstractmethod
    def _all_rows(self) -> Sequence[Row]:
        """All that are kept, hidden ones too."""

    @abstractmethod
    def _is_its_job(self, row: JobRow) -> bool:
        """Whether a job does such work."""

    @abstractmethod
    def _job_item(self, job: JobRow) -> RunItem:
        """The line of a job that has made no row yet."""

    @abstractmethod
    def _item(self, row: Row, *, marked: bool) -> RunItem:
        """The line of a row."""

    @abstractmethod
    def _show(self) -> None:
        """Tells all that is seen, and reads what is missing of it."""

    @abstractmethod
    def _tell_head(self) -> None:
        """Tells whether one is being prepared."""

    @abstractmethod
    def _tell_list(self) -> None:
        """Tells the list."""

    @abstractmethod
    def _tell_facts(self) -> None:
        """Tells what is said of the selected one."""

    def _is_listed(self, row: Row) -> bool:
        """Whether a row is among those that are asked for."""
        return self._hidden_shown or not row.hidden

    def _is_listed_job(self, job: JobRow) -> bool:
        """Whether a job that has made no row yet is."""
        return True

    # ---- life -----------------------------------------------------------------------------------

    def on_shown(self) -> None:
        """The workspace came to the front."""
        self._visible = True
        if self._outdated:
            self.refresh()

    def on_hidden(self) -> None:
        """The workspace left the front."""
        self._visible = False
        self._soon.stop()
        self._outdated = True
        self.said.emit("")

    def close(self) -> None:
        """Stops its timer."""
        self._soon.stop()

    def on_touched(self, touched: Touched) -> None:
        """An edit, an undo or a redo was committed."""
        if not self.read_anew_by.isdisjoint(touched.rows):
            self._look()

    def on_outside_change(self) -> None:
        """Another process wrote, perhaps such a job: looked at soon, however often it writes."""
        if not self._visible:
            self._outdated = True
        elif not self._soon.isActive():
            self._soon.start()

    def on_job_changed(self, row: JobRow) -> None:
        """A job's row is new or different."""
        if not self._is_its_job(row):
            return
        before = self._job_rows.get(row.id)
        self._job_rows[row.id] = row
        self._note_live(row)
        if before is None or before.state is not row.state:
            self._look()
        elif self._visible:
            self._tell_list()
            self._tell_facts()

    # ---- which are looked at --------------------------------------------------------------------

    @property
    def selected_row(self) -> Row | None:
        """The one that is selected; None where there is none, or only a job without one."""
        return self._row(self._selected)

    @property
    def job_id(self) -> int | None:
        """Of the job that works on the selected one, or None."""
        job = self._job()
        return None if job is None else job.id

    @property
    def compared(self) -> list[int]:
        """Those that are drawn: what is marked, and what is selected; the oldest first."""
        selected = self.selected_row
        return sorted({*self._marked, *(() if selected is None else (selected.id,))})

    @property
    def hidden_shown(self) -> bool:
        """Whether those that a person took off the lists are listed."""
        return self._hidden_shown

    @property
    def drafting(self) -> bool:
        """Whether one is being prepared."""
        return self._drafting

    def draft(self, drafting: bool) -> None:
        """Prepares one instead of looking at some, or the other way round."""
        if not drafting and not self._items:
            return  # there is nothing else to look at
        self._drafting = drafting
        self._tell_head()

    def select(self, key: int | None) -> None:
        """Looks at one."""
        if key != self._selected:
            self._selected = key
            self.said.emit("")
        if self._drafting and self._items:
            self._drafting = False
        self._show()

    def step(self, step: int) -> None:
        """Looks at the one below in the list, or above where step is negative."""
        keys = [item.key for item in self._items]
        if not keys or self._drafting:
            return
        place = keys.index(self._selected) + step if self._selected in keys else 0
        self.select(keys[min(max(place, 0), len(keys) - 1)])

    def mark(self, key: int | None = None) -> None:
        """Has one, or the selected one, compared with others; or no longer."""
        wanted = self._selected if key is None else key
        if wanted is None or self._row(wanted) is None:
            self.said.emit("There is nothing of it to compare yet.")
            return
        if wanted in self._marked:
            self._marked.remove(wanted)
        else:
            self._marked.append(wanted)
            if len(self.compared) == 1:
                _, word = self.thing.split(" ", 1)
                self.said.emit(f"Now go to another {word}, or mark more: they are drawn {self.compared_how}.")
        self._show()

    def toggle_hidden(self) -> None:
        """Lists those that a person took off the lists, or no longer."""
        self._hidden_shown = not self._hidden_shown
        self._take_items()
        self._show()

    def watch(self, job_id: int) -> None:
        """Looks at one that was just started."""
        self._began_here.add(job_id)
        self._selected, self._drafting = -job_id, False
        self._take_items()
        self._show()
        self.refresh()

    def again(self) -> None:
        """Prepares one with the settings of the selected one."""
        row, job = self.selected_row, self._job()
        settings = row.settings if row is not None else (None if job is None else job.settings)
        if settings is None:
            self.said.emit(f"Select {self.thing} first.")
            return
        self.draft(True)
        self.again_wanted.emit(settings)

    # ---- details --------------------------------------------------------------------------------

    def _on_reversed(self, touched: Touched, words: Callable[[Touched], str]) -> None:
        if self._visible and not self.own.isdisjoint(touched.rows):
            self.said.emit(words(touched))

    def _look(self) -> None:
        if self._visible:
            self.refresh()
        else:
            self._outdated = True

    def _note_live(self, row: JobRow) -> None:
        if row.state in LIVE:
            self._began_here.add(row.id)

    def _take_read(self, first: bool) -> None:
        """Rows were read: a selected job may have made its row."""
        if self._selected is not None and self._selected < 0:
            job_id = -self._selected
            made = next((row for row in self._all_rows() if row.job_id == job_id), None)
            if made is not None:
                self._selected = made.id
        self._take_items()
        if first and not self._items:
            self._drafting = True
        self._show()

    def _take_items(self) -> None:
        """Puts together what is listed, and keeps the selection on something that is."""
        rows = self._all_rows()
        owned = {row.job_id for row in rows}
        waiting = [
            self._job_item(job)
            for job in sorted(self._job_rows.values(), key=lambda one: -one.id)
            if job.id in self._began_here and job.id not in owned and job.state is not JobState.DONE
            if self._is_listed_job(job)
        ]
        listed = [row for row in rows if self._is_listed(row)]
        there = {row.id for row in listed}
        self._marked = [key for key in self._marked if key in there]
        self._items = (*waiting, *(self._item(row, marked=row.id in self._marked) for row in listed))
        keys = [item.key for item in self._items]
        if self._selected not in keys and not (self._selected is not None and self._selected < 0):
            self._selected = keys[0] if keys else None

    def _stopping(self, job: JobRow | None) -> bool:
        """Whether a job was told to stop and has not yet."""
        return job is not None and any(
            card.stopping for card in self._jobs.state.cards if card.row.id == job.id
        )

    def _row(self, key: int | None) -> Row | None:
        return next((row for row in self._all_rows() if row.id == key), None)

    def _job_of(self, row: Row) -> JobRow | None:
        return None if row.job_id is None else self._job_rows.get(row.job_id)

    def _job(self) -> JobRow | None:
        row = self.selected_row
        if row is not None:
            return self._job_of(row)
        return None if self._selected is None else self._job_rows.get(-self._selected)
