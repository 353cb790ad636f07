"""What is done with an evaluation: it is stopped, carried on, named, noted, hidden; objects are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.controllers.kept_deeds import KeptDeeds
from app.controllers.saying import done
from app.words import plural
from core.records.evaluations import EvaluationRow
from core.records.history import Touched
from core.store.edits.evaluations import ask_for_review, hide_evaluation, name_evaluation, note_evaluation

if TYPE_CHECKING:
    from core.store.history import History


class EvaluateDeeds(KeptDeeds[EvaluationRow]):
    """Turns wishes about evaluations into edits and jobs."""

    select_first = "Select an evaluation first."
    still_at_work = "It is still being measured: stop it first."

    def stops_words(self) -> str:
        """Said when a measurement was told to stop."""
        return "It stops, and keeps what it has measured. Resume carries it on."

    def hidden(self, history: History, key: int, hidden: bool) -> Touched:
        """The edit that hides an evaluation, or brings it back."""
        return hide_evaluation(history, key, hidden=hidden)

    def noted(self, history: History, key: int, notes: str) -> Touched:
        """The edit that keeps notes of an evaluation."""
        return note_evaluation(history, key, notes)

    def named(self, history: History, key: int, name: str) -> Touched:
        """The edit that gives an evaluation a name."""
        return name_evaluation(history, key, name)

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
