"""The Evaluate workspace's controller: which evaluations there are, which are shown, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.evaluate_deeds import EvaluateDeeds
from app.controllers.evaluate_facts import evaluation_item, facts_of, job_facts, job_item, look_of
from app.controllers.evaluate_objects import EvaluateObjects
from app.controllers.evaluate_reads import EvaluateReads, Listed
from app.controllers.evaluate_showing import Showing
from app.controllers.saying import did_again, undid
from app.controllers.training_facts import LIVE
from app.states.evaluation import EvaluateHead, EvaluationFacts
from app.states.training import RunItem, RunList
from core.records.evaluations import EvaluationNumbers, EvaluationRow, EvaluationState
from core.records.history import Touched
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession

KIND = "evaluate"
_FOLLOW_MS = 500  # from news of another process to a look at what it wrote
_KEPT = 24
_OWN = frozenset({"evaluation", "review_request"})


class EvaluateController(QObject):
    """Holds the evaluations, and what is looked at of them.

    Attributes:
        deeds: what is done with the selected one.
        showing: what is drawn of those that are shown.
        objects: those behind what is chosen in it.

    Signals:
        head_changed(EvaluateHead), list_changed(RunList), facts_changed(EvaluationFacts): draw these.
        again_wanted(object): an evaluation is to be prepared with the settings of one, as plain JSON values.
        said(str): a line about what was just done.
    """

    head_changed = Signal(object)
    list_changed = Signal(object)
    facts_changed = Signal(object)
    again_wanted = Signal(object)
    said = Signal(str)

    def __init__(self, session: ProjectSession, jobs: JobsController, reads: EvaluateReads) -> None:
        super().__init__()
        self._session, self._jobs, self._reads = session, jobs, reads
        self._listed: Listed | None = None
        self._job_rows = {row.id: row for row in session.jobs() if row.kind == KIND}
        self._began_here: set[int] = set()  # jobs that were seen while they ran
        self._numbers: dict[int, EvaluationNumbers] = {}
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
        self.deeds = EvaluateDeeds(session, jobs, lambda: self._rows, lambda: self.selected_row, self._job)
        self.showing = Showing()
        self.objects = EvaluateObjects(session, reads, self.deeds)
        self.deeds.said.connect(self.said)
        self.objects.said.connect(self.said)
        self.showing.said.connect(self.said)
        self.showing.filter_changed.connect(self.objects.show)
        self.showing.key_chosen.connect(self._take_key)
        session.undone.connect(lambda touched: self._on_reversed(touched, undid))
        session.redone.connect(lambda touched: self._on_reversed(touched, did_again))
        for row in self._job_rows.values():
            self._note_live(row)

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
        """Stops its timer and reads."""
        self._soon.stop()
        self.objects.close()
        self._reads.close()

    def refresh(self) -> None:
        """Reads anew which evaluations there are, and the numbers of those that are shown."""
        self._outdated = False
        self._session.in_background(self._reads.listed, self._take_listed, tag="evaluations")

    def on_touched(self, touched: Touched) -> None:
        """An edit, an undo or a redo was committed."""
        if "evaluation" in touched.rows:
            self._look()

    def on_outside_change(self) -> None:
        """Another process wrote, perhaps an evaluation: looked at soon, however often it writes."""
        if not self._visible:
            self._outdated = True
        elif not self._soon.isActive():
            self._soon.start()

    def on_job_changed(self, row: JobRow) -> None:
        """A job's row is new or different."""
        if row.kind != KIND:
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
    def selected_row(self) -> EvaluationRow | None:
        """The evaluation that is selected; None where there is none, or only a job without one."""
        return self._row(self._selected)

    @property
    def hidden_shown(self) -> bool:
        """Whether those that a person took off the lists are listed."""
        return self._hidden_shown

    @property
    def drafting(self) -> bool:
        """Whether an evaluation is being prepared."""
        return self._drafting

    @property
    def job_id(self) -> int | None:
        """Of the job that measures the selected one, or None."""
        job = self._job()
        return None if job is None else job.id

    @property
    def compared(self) -> list[int]:
        """Those that are drawn: what is marked, and what is selected; the oldest first."""
        keys = {*self._marked, *(() if self.selected_row is None else (self.selected_row.id,))}
        return sorted(keys)

    def draft(self, drafting: bool) -> None:
        """Prepares an evaluation instead of looking at some, or the other way round."""
        if not drafting and not self._items:
            return  # there is nothing else to look at
        self._drafting = drafting
        self._tell_head()

    def select(self, key: int | None) -> None:
        """Looks at an evaluation."""
        if key != self._selected:
            self._selected = key
            self.said.emit("")
        if self._drafting and self._items:
            self._drafting = False
        self._show()

    def step(self, step: int) -> None:
        """Looks at the evaluation below in the list, or above where step is negative."""
        keys = [item.key for item in self._items]
        if not keys or self._drafting:
            return
        place = keys.index(self._selected) + step if self._selected in keys else 0
        self.select(keys[min(max(place, 0), len(keys) - 1)])

    def mark(self, key: int | None = None) -> None:
        """Has an evaluation, or the selected one, shown beside others; or no longer."""
        wanted = self._selected if key is None else key
        if wanted is None or self._row(wanted) is None:
            self.said.emit("There is nothing of it to compare yet.")
            return
        if wanted in self._marked:
            self._marked.remove(wanted)
        else:
            self._marked.append(wanted)
            if len(self.compared) == 1:
                self.said.emit("Now go to another evaluation, or mark more: they are drawn side by side.")
        self._show()

    def back(self) -> None:
        """Leaves what is being prepared, or what is chosen, or the comparison: one at a time."""
        if self._drafting:
            self.draft(False)
        elif not self.showing.clear_choice() and self._marked:
            self._marked.clear()
            self._show()

    def toggle_hidden(self) -> None:
        """Lists evaluations that a person took off the lists, or no longer."""
        self._hidden_shown = not self._hidden_shown
        self._show()

    def watch(self, job_id: int) -> None:
        """Looks at an evaluation that was just started."""
        self._began_here.add(job_id)
        self._selected, self._drafting = -job_id, False
        self._show()
        self.refresh()

    def again(self) -> None:
        """Prepares an evaluation with the settings of the selected one."""
        row, job = self.selected_row, self._job()
        settings = row.settings if row is not None else (None if job is None else job.settings)
        if settings is None:
            self.said.emit("Select an evaluation first.")
            return
        self.draft(True)
        self.again_wanted.emit(settings)

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

    @property
    def _rows(self) -> tuple[EvaluationRow, ...]:
        return () if self._listed is None else self._listed.rows

    def _on_reversed(self, touched: Touched, words: Callable[[Touched], str]) -> None:
        if self._visible and not _OWN.isdisjoint(touched.rows):
            self.said.emit(words(touched))

    def _look(self) -> None:
        if self._visible:
            self.refresh()
        else:
            self._outdated = True

    def _note_live(self, row: JobRow) -> None:
        if row.state in LIVE:
            self._began_here.add(row.id)

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
        if self._selected is not None and self._selected < 0:
            made = next((row for row in listed.rows if row.job_id == -(self._selected or 0)), None)
            if made is not None:
                self._selected = made.id
        self._take_items()
        if first and not self._items:
            self._drafting = True
        self._show()

    def _take_items(self) -> None:
        """Puts together what is listed, and keeps the selection on something that is."""
        owned = {row.job_id for row in self._rows}
        waiting = [
            job_item(job)
            for job in sorted(self._job_rows.values(), key=lambda one: -one.id)
            if job.id in self._began_here and job.id not in owned and job.state is not JobState.DONE
        ]
        listed = [row for row in self._rows if self._hidden_shown or not row.hidden]
        self._marked = [key for key in self._marked if any(row.id == key for row in listed)]
        self._items = (
            *waiting,
            *(
                evaluation_item(
                    row, self._job_of(row), self._numbers.get(row.id), marked=row.id in self._marked
                )
                for row in listed
            ),
        )
        keys = [item.key for item in self._items]
        if self._selected not in keys and not (self._selected is not None and self._selected < 0):
            self._selected = keys[0] if keys else None

    def _show(self) -> None:
        """Tells all that is seen, and reads the numbers that are missing."""
        self._take_items()
        self._tell_head()
        self._tell_list()
        self._tell_facts()
        self._tell_numbers()
        wanted = [row.id for row in self._rows if row.state is EvaluationState.DONE]
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
        stopping = job is not None and any(
            card.stopping for card in self._jobs.state.cards if card.row.id == job.id
        )
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
        looks = {row.id: look_of(row, self._job_of(row)) for row in self._rows}
        note = ""
        row = self.selected_row
        if self._selected is None:
            note = "No evaluation is selected."
        elif row is None or row.state is EvaluationState.RUNNING:
            note = "It is being measured: the numbers come all at once, when it is done."
        elif row.state is not EvaluationState.DONE:
            note = "It did not come to its end, so it has no numbers."
        self.showing.take(shown, self._selected, looks, note)

    # ---- details --------------------------------------------------------------------------------

    def _row(self, key: int | None) -> EvaluationRow | None:
        return next((row for row in self._rows if row.id == key), None)

    def _job_of(self, row: EvaluationRow) -> JobRow | None:
        return None if row.job_id is None else self._job_rows.get(row.job_id)

    def _job(self) -> JobRow | None:
        row = self.selected_row
        if row is not None:
            return self._job_of(row)
        return None if self._selected is None else self._job_rows.get(-self._selected)


def _counted(row: EvaluationRow) -> tuple[object, ...]:
    """What changes when an evaluation is counted anew, or gets another name."""
    return row.state, row.truth_key, row.finished_at, row.name
