"""What is done with an evaluation: it is stopped, carried on, named, noted, hidden; objects are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.saying import done
from app.controllers.training_facts import LIVE
from app.words import plural
from core.records.evaluations import EvaluationRow
from core.records.history import Touched
from core.records.jobs import JobRow, JobState
from core.store.edits.evaluations import ask_for_review, hide_evaluation, name_evaluation, note_evaluation

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession


class EvaluateDeeds(QObject):
    """Turns wishes into edits and jobs.

    Args:
        rows: gives all evaluations. row: gives the one that is selected, or None.
        job: gives the job that measures what is selected, or None.

    Signals:
        said(str): a line about what was just done.
    """

    said = Signal(str)

    def __init__(
        self,
        session: ProjectSession,
        jobs: JobsController,
        rows: Callable[[], Sequence[EvaluationRow]],
        row: Callable[[], EvaluationRow | None],
        job: Callable[[], JobRow | None],
    ) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._rows, self._selected, self._job = rows, row, job

    def stop(self) -> None:
        """Stops the job of the selected evaluation; it can be resumed."""
        job = self._job()
        if job is None or job.state not in LIVE:
            self.said.emit("It does not run.")
            return
        self._jobs.cancel(job.id)
        self.said.emit("It stops, and keeps what it has measured. Resume carries it on.")

    def resume(self) -> None:
        """Carries the selected evaluation on."""
        job = self._job()
        if job is None or job.state in (*LIVE, JobState.DONE):
            self.said.emit("There is nothing to resume.")
            return
        self._jobs.resume(job.id)
        self.said.emit("It goes on.")

    def hide(self) -> None:
        """Takes the selected evaluation off the lists, or brings it back."""
        row, history, job = self._needed(), self._session.history, self._job()
        if row is None:
            return
        if job is not None and job.state in LIVE:
            self.said.emit("It is still being measured: stop it first.")
            return
        self._perform(lambda: hide_evaluation(history, row.id, hidden=not row.hidden))

    def write_notes(self, evaluation_id: int, notes: str) -> None:
        """Keeps what a person noted of an evaluation."""
        row, history = self._row(evaluation_id), self._session.history
        if row is not None and notes != row.notes:
            self._perform(lambda: note_evaluation(history, evaluation_id, notes))

    def rename(self, evaluation_id: int, name: str) -> None:
        """Gives an evaluation another name."""
        row, history = self._row(evaluation_id), self._session.history
        if row is not None and name.strip() != row.name:
            self._perform(lambda: name_evaluation(history, evaluation_id, name))

    def ask_for(self, instance_ids: Sequence[int], left_out: int) -> None:
        """Puts objects into what the review queue is asked for.

        Args:
            left_out: how many of those that were meant are no objects of the project.
        """
        history, row = self._session.history, self._selected()
        ids = list(dict.fromkeys(instance_ids))
        if not ids:
            self.said.emit("None of these is an object of the project: what is not there cannot be reviewed.")
            return
        evaluation_id = None if row is None else row.id

        def asked(touched: Touched) -> None:
            more = f" {plural(left_out, 'other')} cannot: no object of the project." if left_out else ""
            self.said.emit(f"{done(touched)}{more} Review lists what is asked for.")

        self._session.perform(lambda: ask_for_review(history, ids, evaluation_id), asked)

    def _perform(self, verb: Callable[[], Touched]) -> None:
        self._session.perform(verb, lambda touched: self.said.emit(done(touched)))

    def _row(self, evaluation_id: int) -> EvaluationRow | None:
        return next((row for row in self._rows() if row.id == evaluation_id), None)

    def _needed(self) -> EvaluationRow | None:
        row = self._selected()
        if row is None:
            self.said.emit("Select an evaluation first.")
        return row
