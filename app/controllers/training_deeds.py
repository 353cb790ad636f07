"""What is done with a run: it is stopped, carried on, used, named, noted and hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.saying import done
from app.controllers.training_facts import LIVE
from core.jobs.labelling import LABELLING
from core.records.history import Touched
from core.records.jobs import JobRow, JobState
from core.records.runs import RunRow
from core.store.edits.runs import hide_run, name_run, note_run, use_no_run, use_run

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession


class TrainingDeeds(QObject):
    """Turns wishes into edits and jobs.

    Args:
        rows: gives all runs. row: gives the one that is selected, or None.
        job: gives the job that trains what is selected, or None.

    Signals:
        said(str): a line about what was just done.
        label_wanted(str, object, str): a kind of job is to be asked for, with these settings; what it does.
        evaluation_wanted(int): a run is to be measured.
    """

    said = Signal(str)
    label_wanted = Signal(str, object, str)
    evaluation_wanted = Signal(int)

    def __init__(
        self,
        session: ProjectSession,
        jobs: JobsController,
        rows: Callable[[], Sequence[RunRow]],
        row: Callable[[], RunRow | None],
        job: Callable[[], JobRow | None],
    ) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._rows, self._selected, self._job = rows, row, job

    def stop(self) -> None:
        """Stops the training of the selected run; it can be resumed."""
        job = self._job()
        if job is None or job.state not in LIVE:
            self.said.emit("It does not run.")
            return
        self._jobs.cancel(job.id)
        begun = self._selected() is not None
        self.said.emit(
            "It stops, and keeps what it has trained. Resume carries it on."
            if begun
            else "It stops before it has begun. Resume tries again."
        )

    def resume(self) -> None:
        """Carries the selected run's training on."""
        job = self._job()
        if job is None or job.state in (*LIVE, JobState.DONE):
            self.said.emit("There is nothing to resume.")
            return
        self._jobs.resume(job.id)
        self.said.emit("It goes on.")

    def use(self) -> None:
        """Lets the selected run serve its purpose in the project."""
        row, history = self._needed(), self._session.history
        if row is None:
            return
        if row.in_use:
            self.said.emit("It is in use already.")
            return
        self._perform(lambda: use_run(history, row.id))

    def label(self) -> None:
        """Asks for the settings of the job by which the selected run's model labels the project."""
        row = self._needed()
        if row is None:
            return
        if not row.in_use:
            self.said.emit("Use its model first: then it labels.")
            return
        labelling = LABELLING[row.purpose]
        self.label_wanted.emit(labelling.kind, dict(labelling.settings), labelling.does)

    def evaluate(self) -> None:
        """Asks how the selected run is to be measured."""
        row = self._needed()
        if row is None:
            return
        if row.best is None:
            self.said.emit("It has no weights yet: there is nothing to measure.")
        else:
            self.evaluation_wanted.emit(row.id)

    def use_none(self) -> None:
        """Lets no run serve the purpose of the selected one."""
        row, history = self._needed(), self._session.history
        if row is None:
            return
        if not any(one.in_use and one.purpose is row.purpose for one in self._rows()):
            self.said.emit("None of this project's models is in use for that.")
            return
        self._perform(lambda: use_no_run(history, row.purpose))

    def hide(self) -> None:
        """Takes the selected run off the lists, or brings it back."""
        row, history = self._needed(), self._session.history
        if row is None:
            return
        job = self._job()
        if job is not None and job.state in LIVE:
            self.said.emit("It is still being trained: stop it first.")
            return
        self._perform(lambda: hide_run(history, row.id, hidden=not row.hidden))

    def write_notes(self, run_id: int, notes: str) -> None:
        """Keeps what a person noted of a run."""
        row, history = self._row(run_id), self._session.history
        if row is not None and notes != row.notes:
            self._perform(lambda: note_run(history, run_id, notes))

    def rename(self, run_id: int, name: str) -> None:
        """Gives a run another name."""
        row, history = self._row(run_id), self._session.history
        if row is not None and name.strip() != row.name:
            self._perform(lambda: name_run(history, run_id, name))

    def _perform(self, verb: Callable[[], Touched]) -> None:
        self._session.perform(verb, lambda touched: self.said.emit(done(touched)))

    def _row(self, run_id: int) -> RunRow | None:
        return next((row for row in self._rows() if row.id == run_id), None)

    def _needed(self) -> RunRow | None:
        row = self._selected()
        if row is None:
            self.said.emit("Select a run first.")
        return row
