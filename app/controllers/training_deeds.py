"""What is done with a run: it is stopped, carried on, used, named, noted and hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from app.controllers.kept_deeds import KeptDeeds
from core.jobs.labelling import LABELLING
from core.records.history import Touched
from core.records.runs import RunRow
from core.store.edits.runs import hide_run, name_run, note_run, use_no_run, use_run

if TYPE_CHECKING:
    from core.store.history import History


class TrainingDeeds(KeptDeeds[RunRow]):
    """Turns wishes about runs into edits and jobs.

    Signals:
        label_wanted(str, object, str): a kind of job is to be asked for, with these settings; what it does.
        evaluation_wanted(int): a run is to be measured.
    """

    label_wanted = Signal(str, object, str)
    evaluation_wanted = Signal(int)
    select_first = "Select a run first."
    still_at_work = "It is still being trained: stop it first."

    def stops_words(self) -> str:
        """Said when a training was told to stop."""
        if self._selected() is None:
            return "It stops before it has begun. Resume tries again."
        return "It stops, and keeps what it has trained. Resume carries it on."

    def hidden(self, history: History, key: int, hidden: bool) -> Touched:
        """The edit that hides a run, or brings it back."""
        return hide_run(history, key, hidden=hidden)

    def noted(self, history: History, key: int, notes: str) -> Touched:
        """The edit that keeps notes of a run."""
        return note_run(history, key, notes)

    def named(self, history: History, key: int, name: str) -> Touched:
        """The edit that gives a run a name."""
        return name_run(history, key, name)

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
