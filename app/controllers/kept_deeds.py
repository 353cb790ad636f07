"""What is done with a run or an evaluation alike: it is stopped, carried on, hidden, noted and named."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from app.controllers.saying import done
from app.controllers.training_facts import LIVE
from core.records.history import Touched
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession
    from core.store.history import History


class KeptWork(Protocol):
    """A row of work that takes long and is kept."""

    @property
    def id(self) -> int:
        """Its key."""

    @property
    def job_id(self) -> int | None:
        """Of the job that does it."""

    @property
    def name(self) -> str:
        """A person's words."""

    @property
    def notes(self) -> str:
        """A person's words."""

    @property
    def hidden(self) -> bool:
        """Whether a person took it off the lists."""


Row = TypeVar("Row", bound=KeptWork)
Verb = Callable[[], Touched]


class KeptDeeds(QObject, Generic[Row]):
    """Turns wishes into edits and jobs. Subclasses give the words, and the edits by which rows change.

    Args:
        rows: gives all. row: gives the one that is selected, or None.
        job: gives the job that works on what is selected, or None.

    Signals:
        said(str): a line about what was just done.
    """

    said = Signal(str)
    select_first: str
    """Said where none is selected."""
    still_at_work: str
    """Said where one is to be hidden while its job runs."""

    def __init__(
        self,
        session: ProjectSession,
        jobs: JobsController,
        rows: Callable[[], Sequence[Row]],
        row: Callable[[], Row | None],
        job: Callable[[], JobRow | None],
    ) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._rows, self._selected, self._job = rows, row, job

    def stop(self) -> None:
        """Stops the job of the selected one; it can be resumed."""
        job = self._job()
        if job is None or job.state not in LIVE:
            self.said.emit("It does not run.")
            return
        self._jobs.cancel(job.id)
        self.said.emit(self.stops_words())

    def resume(self) -> None:
        """Carries the selected one on."""
        job = self._job()
        if job is None or job.state in (*LIVE, JobState.DONE):
            self.said.emit("There is nothing to resume.")
            return
        self._jobs.resume(job.id)
        self.said.emit("It goes on.")

    def hide(self) -> None:
        """Takes the selected one off the lists, or brings it back."""
        row, history, job = self._needed(), self._session.history, self._job()
        if row is None:
            return
        if job is not None and job.state in LIVE:
            self.said.emit(self.still_at_work)
            return
        self._perform(lambda: self.hidden(history, row.id, not row.hidden))

    def write_notes(self, key: int, notes: str) -> None:
        """Keeps what a person noted of one."""
        row, history = self._row(key), self._session.history
        if row is not None and notes != row.notes:
            self._perform(lambda: self.noted(history, key, notes))

    def rename(self, key: int, name: str) -> None:
        """Gives one another name."""
        row, history = self._row(key), self._session.history
        if row is not None and name.strip() != row.name:
            self._perform(lambda: self.named(history, key, name))

    # ---- what subclasses give -------------------------------------------------------------------

    @abstractmethod
    def stops_words(self) -> str:
        """Said when a job was told to stop."""

    @abstractmethod
    def hidden(self, history: History, key: int, hidden: bool) -> Touched:
        """The edit that hides one, or brings it back."""

    @abstractmethod
    def noted(self, history: History, key: int, notes: str) -> Touched:
        """The edit that keeps notes."""

    @abstractmethod
    def named(self, history: History, key: int, name: str) -> Touched:
        """The edit that gives a name."""

    # ---- details --------------------------------------------------------------------------------

    def _perform(self, verb: Verb) -> None:
        self._session.perform(verb, lambda touched: self.said.emit(done(touched)))

    def _row(self, key: int) -> Row | None:
        return next((row for row in self._rows() if row.id == key), None)

    def _needed(self) -> Row | None:
        row = self._selected()
        if row is None:
            self.said.emit(self.select_first)
        return row
