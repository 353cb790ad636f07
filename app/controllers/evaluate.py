"""The Evaluate workspace's controller: which evaluations there are, which are shown, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.controllers.evaluate_deeds import EvaluateDeeds
from app.controllers.evaluate_facts import evaluation_item, facts_of, job_facts, job_item, look_of
from app.controllers.evaluate_objects import EvaluateObjects
from app.controllers.evaluate_reads import EvaluateReads, Listed
from app.controllers.evaluate_showing import Showing
from app.controllers.kept_works import KeptWorks
from app.states.evaluation import EvaluateHead, EvaluationFacts
from app.states.training import RunItem, RunList
from core.records.evaluations import EvaluationNumbers, EvaluationRow, EvaluationState
from core.records.jobs import JobRow

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession

KIND = "evaluate"
_KEPT = 24


class EvaluateController(KeptWorks[EvaluationRow]):
    """Holds the evaluations, and what is looked at of them.

    Attributes:
        deeds: what is done with the selected one.
        showing: what is drawn of those that are shown.
        objects: those behind what is chosen in it.

    Signals:
        head_changed(EvaluateHead), list_changed(RunList), facts_changed(EvaluationFacts): draw these.
    """

    thing, compared_how = "an evaluation", "side by side"
    read_anew_by = frozenset({"evaluation"})
    own = frozenset({"evaluation", "review_request"})

    def __init__(self, session: ProjectSession, jobs: JobsController, reads: EvaluateReads) -> None:
        super().__init__(session, jobs)
        self._reads = reads
        self._listed: Listed | None = None
        self._numbers: dict[int, EvaluationNumbers] = {}
        self.deeds = EvaluateDeeds(session, jobs, self._all_rows, lambda: self.selected_row, self._job)
        self.showing = Showing()
        self.objects = EvaluateObjects(session, reads, self.deeds)
        self.deeds.said.connect(self.said)
        self.objects.said.connect(self.said)
        self.showing.said.connect(self.said)
        self.showing.filter_changed.connect(self.objects.show)
        self.showing.key_chosen.connect(self._take_key)

    # ---- life -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Stops its timer and reads."""
        super().close()
        self.objects.close()
        self._reads.close()

    def refresh(self) -> None:
        """Reads anew which evaluations there are, and the numbers of those that are shown."""
        self._outdated = False
        self._session.in_background(self._reads.listed, self._take_listed, tag="evaluations")

    # ---- which are looked at --------------------------------------------------------------------

    def back(self) -> None:
        """Leaves what is being prepared, or what is chosen, or the comparison: one at a time."""
        if self._drafting:
            self.draft(False)
        elif not self.showing.clear_choice() and self._marked:
            self._marked.clear()
            self._show()

    def report_ids(self) -> list[int]:
        """What a report would be on: the evaluations that are shown and done, the selected one first."""
        done = [
            key
            for key in self.compared
            if (row := self._row(key)) is not None and row.state is EvaluationState.DONE
        ]
        if not done:
            self.said.emit("Select an evaluation that is done: there is nothing to report on yet.")
        return sorted(done, key=lambda key: key != self._selected)

    # ---- what was read --------------------------------------------------------------------------

    def _all_rows(self) -> tuple[EvaluationRow, ...]:
        return () if self._listed is None else self._listed.rows

    def _is_its_job(self, row: JobRow) -> bool:
        return row.kind == KIND

    def _job_item(self, job: JobRow) -> RunItem:
        return job_item(job)

    def _item(self, row: EvaluationRow, *, marked: bool) -> RunItem:
        return evaluation_item(row, self._job_of(row), self._numbers.get(row.id), marked=marked)

    def _take_key(self, key: int) -> None:
        """A bar of another evaluation was clicked: the one of before stays beside it."""
        if key == self._selected:
            return
        if self.selected_row is not None and self.selected_row.id not in self._marked:
            self._marked.append(self.selected_row.id)
        self._selected = key
        self._show()

    def _take_listed(self, listed: Listed) -> None:
        first = self._listed is None
        self._listed = listed
        for row in listed.rows:  # what was counted anew is read anew
            known = self._numbers.get(row.id)
            if known is not None and _counted(known.evaluation) != _counted(row):
                del self._numbers[row.id]
        self._take_read(first)

    def _show(self) -> None:
        """Tells all that is seen, and reads the numbers that are missing."""
        self._take_items()
        self._tell_head()
        self._tell_list()
        self._tell_facts()
        self._tell_numbers()
        wanted = [row.id for row in self._all_rows() if row.state is EvaluationState.DONE]
        missing = [key for key in wanted[:_KEPT] if key not in self._numbers]
        missing += [key for key in self.compared if key in wanted[_KEPT:] and key not in self._numbers]
        if missing:
            self._session.in_background(
                lambda: self._reads.numbers(missing), self._take_numbers, tag="evaluation numbers"
            )

    def _take_numbers(self, found: list[EvaluationNumbers]) -> None:
        self._numbers |= {one.evaluation.id: one for one in found}
        self._take_items()
        self._tell_list()
        self._tell_numbers()

    # ---- telling --------------------------------------------------------------------------------

    def _tell_head(self) -> None:
        self.head_changed.emit(EvaluateHead(self._drafting))

    def _tell_list(self) -> None:
        self._take_items()
        self.list_changed.emit(RunList(self._items, self._selected, self._hidden_shown))

    def _tell_facts(self) -> None:
        row, job = self.selected_row, self._job()
        stopping = self._stopping(job)
        if row is not None:
            run = None if self._listed is None else self._listed.runs.get(row.run_id or 0)
            facts = facts_of(row, job, stopping=stopping, run_name=None if run is None else run.name)
        elif job is not None:
            facts = job_facts(job, stopping=stopping)
        else:
            facts = EvaluationFacts()
        self.facts_changed.emit(facts)

    def _tell_numbers(self) -> None:
        shown = [self._numbers[key] for key in self.compared if key in self._numbers]
        looks = {row.id: look_of(row, self._job_of(row)) for row in self._all_rows()}
        note = ""
        row = self.selected_row
        if self._selected is None:
            note = "No evaluation is selected."
        elif row is None or row.state is EvaluationState.RUNNING:
            note = "It is being measured: the numbers come all at once, when it is done."
        elif row.state is not EvaluationState.DONE:
            note = "It did not come to its end, so it has no numbers."
        self.showing.take(shown, self._selected, looks, note)


def _counted(row: EvaluationRow) -> tuple[object, ...]:
    """What changes when an evaluation is counted anew, or gets another name."""
    return row.state, row.truth_key, row.finished_at, row.name
