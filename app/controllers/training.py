"""The Train workspace's controller: which runs there are, and which are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from app.controllers.kept_works import KeptWorks
from app.controllers.training_curves import RunNumbers, charts_of
from app.controllers.training_deeds import TrainingDeeds
from app.controllers.training_facts import (
    comparison_of,
    facts_of,
    job_facts,
    job_item,
    look_of,
    purpose_of,
    run_item,
)
from app.controllers.training_reads import RunNews, TrainingReads
from app.states.training import Comparison, Gallery, Head, Pair, RunFacts, RunItem, RunList, RunLook
from core.records.jobs import JobRow
from core.records.runs import Purpose, RunRow

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession

KIND = "train"
_KEPT_RUNS = 24


class TrainingController(KeptWorks[RunRow]):
    """Holds the runs, and what is looked at of them.

    Attributes:
        deeds: what is done with the selected run.

    Signals:
        head_changed(Head), list_changed(RunList), charts_changed(Charts), gallery_changed(Gallery),
        facts_changed(RunFacts), comparison_changed(Comparison): draw these.
    """

    charts_changed = Signal(object)
    gallery_changed = Signal(object)
    comparison_changed = Signal(object)

    thing, compared_how = "a run", "over each other"
    read_anew_by = own = frozenset({"run", "model_in_use"})

    def __init__(
        self, session: ProjectSession, jobs: JobsController, reads: TrainingReads | None = None
    ) -> None:
        super().__init__(session, jobs)
        self._reads = reads or TrainingReads(session.project)
        self._rows: list[RunRow] | None = None
        self._numbers: dict[int, RunNumbers] = {}
        self._pairs: dict[int, Pair] = {}
        self._pairs_of: int | None = None
        self._purpose: Purpose | None = None
        self._groups: frozenset[str] | None = None
        self._log, self._smooth = False, True
        self.deeds = TrainingDeeds(session, jobs, self._all_rows, lambda: self.selected_row, self._job)
        self.deeds.said.connect(self.said)

    # ---- life -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reads anew which runs there are, and what is new of those that are shown."""
        self._outdated = False
        self._session.in_background(
            lambda: self._reads.runs(None, hidden=True), self._take_rows, tag="training runs"
        )

    # ---- which are looked at --------------------------------------------------------------------

    @property
    def log(self) -> bool:
        """Whether curves are drawn on a logarithmic scale."""
        return self._log

    @property
    def smooth(self) -> bool:
        """Whether curves are drawn smoothed."""
        return self._smooth

    def clear_marks(self) -> None:
        """Compares none, or leaves the training that is being prepared."""
        if self._drafting:
            self.draft(False)
        elif self._marked:
            self._marked.clear()
            self._show()

    def show_purpose(self, purpose: Purpose | None) -> None:
        """Lists the runs of a purpose alone."""
        self._purpose = purpose
        self._take_items()
        self._show()

    def toggle_group(self, key: str) -> None:
        """Draws a group of numbers, or no longer."""
        charts = charts_of(self._shown(), self._groups, log=False, smooth=False)
        shown = frozenset(name for name, _, on in charts.groups if on)
        there = frozenset(name for name, _, _ in charts.groups)
        # what is not there now stays as it was
        self._groups = (shown ^ {key}) | ((self._groups or frozenset()) - there)
        self._tell_charts()

    def toggle_log(self) -> None:
        """Draws curves on a logarithmic scale where that suits them, or no longer."""
        self._log = not self._log
        self._tell_charts()

    def toggle_smooth(self) -> None:
        """Draws curves without their jitter, or no longer."""
        self._smooth = not self._smooth
        self._tell_charts()

    # ---- what is done with them -----------------------------------------------------------------

    def watch(self, job_id: int) -> None:
        """Looks at a training that was just started, and at no other."""
        self._marked.clear()
        super().watch(job_id)

    # ---- what was read --------------------------------------------------------------------------

    def _all_rows(self) -> list[RunRow]:
        return self._rows or []

    def _is_its_job(self, row: JobRow) -> bool:
        """Whether a job trains, and does not only estimate what that takes."""
        return row.kind == KIND and not row.settings.get("estimate")

    def _is_listed(self, row: RunRow) -> bool:
        return super()._is_listed(row) and (self._purpose is None or row.purpose is self._purpose)

    def _is_listed_job(self, job: JobRow) -> bool:
        return self._purpose is None or purpose_of(job) is self._purpose

    def _job_item(self, job: JobRow) -> RunItem:
        return job_item(job)

    def _item(self, row: RunRow, *, marked: bool) -> RunItem:
        return run_item(row, self._job_of(row), marked=marked)

    def _take_rows(self, rows: list[RunRow]) -> None:
        first, self._rows = self._rows is None, rows
        self._take_read(first)

    def _show(self) -> None:
        """Tells all that is seen, and reads what is new of it."""
        self._take_items()
        self._tell_head()
        self._tell_list()
        self._tell_charts()
        self._tell_facts()
        self._tell_comparison()
        if self._pairs_of != self._picture_run():
            self._pairs, self._pairs_of = {}, self._picture_run()
            self._tell_gallery()
        self._follow()

    def _follow(self) -> None:
        shown = self.compared
        since = []
        for key in shown:
            known = self._numbers.get(key)
            row = self._row(key)
            if known is not None and row is not None and known.needs_all(row):
                known = None
            since.append((key, -1 if known is None else known.last))
        if since:
            self._session.in_background(
                lambda: self._reads.news(since), self._take_news, tag="training numbers"
            )

    def _take_news(self, news: list[RunNews]) -> None:
        for one in news:
            known = self._numbers.get(one.row.id)
            if known is None or one.since < 0:
                known = RunNumbers(one.row)
            elif known.needs_all(one.row):
                del self._numbers[one.row.id]  # read whole with the next look
                self.on_outside_change()
                continue
            known.take(one.row, one.points, one.since)
            self._numbers[one.row.id] = known
            if self._rows is not None:
                self._rows = [one.row if row.id == one.row.id else row for row in self._rows]
        shown = self.compared
        for key in [key for key in self._numbers if key not in shown][: -_KEPT_RUNS or None]:
            del self._numbers[key]
        self._take_items()
        self._tell_list()
        self._tell_charts()
        self._tell_facts()
        self._tell_comparison()
        self._read_pairs()

    def _read_pairs(self) -> None:
        run_id = self._picture_run()
        if run_id is None:
            return
        newest = max((pair.step for pair in self._pairs.values()), default=-1)

        def arrived(pairs: list[Pair]) -> None:
            if run_id != self._picture_run():
                return
            self._pairs |= {pair.place: pair for pair in pairs}
            if pairs or not self._pairs:
                self._tell_gallery()

        self._session.in_background(
            lambda: self._reads.pairs(run_id, newest), arrived, tag="training pictures"
        )

    # ---- telling --------------------------------------------------------------------------------

    def _tell_head(self) -> None:
        self.head_changed.emit(Head(self._drafting, len(self.compared)))

    def _tell_list(self) -> None:
        self._take_items()
        self.list_changed.emit(RunList(self._items, self._selected, self._hidden_shown, self._purpose))

    def _tell_charts(self) -> None:
        shown = self._shown()
        row = self.selected_row
        live = row is not None and look_of(row, self._job_of(row)) in (RunLook.RUNNING, RunLook.WAITING)
        note = "The first numbers come after a few steps." if live else "It has no numbers."
        if self._selected is None:
            note = "Select a run in the list."
        elif row is None:
            note = "It prepares: the first numbers come once the data is read."
        self.charts_changed.emit(
            charts_of(shown, self._groups, log=self._log, smooth=self._smooth, note=note)
        )

    def _tell_facts(self) -> None:
        row, job = self.selected_row, self._job()
        stopping = self._stopping(job)
        if row is not None:
            used = next((one for one in self._all_rows() if one.in_use and one.purpose is row.purpose), None)
            facts = facts_of(row, self._numbers.get(row.id), job, used, stopping=stopping)
        elif job is not None:
            facts = job_facts(job, stopping=stopping)
        else:
            facts = RunFacts()
        self.facts_changed.emit(facts)

    def _tell_comparison(self) -> None:
        shown = self._shown()
        if len(shown) < 2:
            self.comparison_changed.emit(Comparison())
            return
        looks = {one.row.id: look_of(one.row, self._job_of(one.row)) for one in shown}
        self.comparison_changed.emit(comparison_of(shown, looks))

    def _tell_gallery(self) -> None:
        pairs = tuple(self._pairs[place] for place in sorted(self._pairs))
        step = max((pair.step for pair in pairs), default=None)
        title = "Predictions" if step is None else f"Predictions after step {step:,}"
        note = "" if pairs else "Predictions come with the first validation."
        self.gallery_changed.emit(Gallery(self._pairs_of, pairs, title, note))

    # ---- details --------------------------------------------------------------------------------

    def _shown(self) -> list[RunNumbers]:
        return [self._numbers[key] for key in self.compared if key in self._numbers]

    def _picture_run(self) -> int | None:
        row = self.selected_row
        return None if row is None else row.id
