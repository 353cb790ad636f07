"""The Train workspace's controller: which runs there are, and which are looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.saying import did_again, undid
from app.controllers.training_curves import RunNumbers, charts_of
from app.controllers.training_deeds import TrainingDeeds
from app.controllers.training_facts import (
    LIVE,
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
from core.records.history import Touched
from core.records.jobs import JobRow, JobState
from core.records.runs import Purpose, RunRow

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession

KIND = "train"
_FOLLOW_MS = 500  # from news of another process to a look at what it wrote
_KEPT_RUNS = 24
_OWN = frozenset({"run", "model_in_use"})


class TrainingController(QObject):
    """Holds the runs, and what is looked at of them.

    Attributes:
        deeds: what is done with the selected run.

    Signals:
        head_changed(Head), list_changed(RunList), charts_changed(Charts), gallery_changed(Gallery),
        facts_changed(RunFacts), comparison_changed(Comparison): draw these.
        again_wanted(object): a training is to be prepared with the settings of a run, as plain JSON values.
        said(str): a line about what was just done.
    """

    head_changed = Signal(object)
    list_changed = Signal(object)
    charts_changed = Signal(object)
    gallery_changed = Signal(object)
    facts_changed = Signal(object)
    comparison_changed = Signal(object)
    again_wanted = Signal(object)
    said = Signal(str)

    def __init__(
        self, session: ProjectSession, jobs: JobsController, reads: TrainingReads | None = None
    ) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._reads = reads or TrainingReads(session.project)
        self._rows: list[RunRow] | None = None
        self._job_rows = {row.id: row for row in session.jobs() if _trains(row)}
        self._began_here: set[int] = set()  # jobs that were seen while they ran
        self._numbers: dict[int, RunNumbers] = {}
        self._pairs: dict[int, Pair] = {}
        self._pairs_of: int | None = None
        self._purpose: Purpose | None = None
        self._hidden_shown = False
        self._selected: int | None = None
        self._marked: list[int] = []
        self._groups: frozenset[str] | None = None
        self._log, self._smooth = False, True
        self._drafting = False
        self._visible, self._outdated = False, True
        self._items: tuple[RunItem, ...] = ()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_FOLLOW_MS)
        self._soon.timeout.connect(self.refresh)
        self.deeds = TrainingDeeds(
            session, jobs, lambda: self._rows or (), lambda: self.selected_row, self._job
        )
        self.deeds.said.connect(self.said)
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
        """Stops its timer."""
        self._soon.stop()

    def refresh(self) -> None:
        """Reads anew which runs there are, and what is new of those that are shown."""
        self._outdated = False
        self._session.in_background(
            lambda: self._reads.runs(None, hidden=True), self._take_rows, tag="training runs"
        )

    def on_touched(self, touched: Touched) -> None:
        """An edit, an undo or a redo was committed."""
        if not _OWN.isdisjoint(touched.rows):
            self._look()

    def on_outside_change(self) -> None:
        """Another process wrote, perhaps a training: looked at soon, however often it writes."""
        if not self._visible:
            self._outdated = True
        elif not self._soon.isActive():
            self._soon.start()

    def on_job_changed(self, row: JobRow) -> None:
        """A job's row is new or different."""
        if not _trains(row):
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
    def selected_row(self) -> RunRow | None:
        """The run that is selected; None where there is none, or only a job without one."""
        return self._row(self._selected)

    @property
    def log(self) -> bool:
        """Whether curves are drawn on a logarithmic scale."""
        return self._log

    @property
    def smooth(self) -> bool:
        """Whether curves are drawn smoothed."""
        return self._smooth

    @property
    def hidden_shown(self) -> bool:
        """Whether runs that a person took off the lists are listed."""
        return self._hidden_shown

    @property
    def drafting(self) -> bool:
        """Whether a training is being prepared."""
        return self._drafting

    def draft(self, drafting: bool) -> None:
        """Prepares a training instead of looking at runs, or the other way round."""
        if not drafting and not self._items:
            return  # there is nothing else to look at
        self._drafting = drafting
        self._tell_head()

    def select(self, key: int | None) -> None:
        """Looks at a run."""
        if key != self._selected:
            self._selected = key
            self.said.emit("")
        if self._drafting and self._items:
            self._drafting = False
        self._show()

    def step(self, step: int) -> None:
        """Looks at the run below in the list, or above where step is negative."""
        keys = [item.key for item in self._items]
        if not keys or self._drafting:
            return
        place = keys.index(self._selected) + step if self._selected in keys else 0
        self.select(keys[min(max(place, 0), len(keys) - 1)])

    def mark(self, key: int | None = None) -> None:
        """Has a run, or the selected one, compared with others; or no longer."""
        wanted = self._selected if key is None else key
        if self._row(wanted) is None or wanted is None:
            self.said.emit("There is nothing of it to compare yet.")
            return
        if wanted in self._marked:
            self._marked.remove(wanted)
        else:
            self._marked.append(wanted)
            if len(self._compared()) == 1:
                self.said.emit("Now go to another run, or mark more: they are drawn over each other.")
        self._show()

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

    def toggle_hidden(self) -> None:
        """Lists runs that a person took off the lists, or no longer."""
        self._hidden_shown = not self._hidden_shown
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
        """Looks at a training that was just started."""
        self._began_here.add(job_id)
        self._selected, self._drafting = -job_id, False
        self._marked.clear()
        self._take_items()
        self._show()
        self.refresh()

    def again(self) -> None:
        """Prepares a training with the settings of the selected one."""
        row, job = self.selected_row, self._job()
        settings = row.settings if row is not None else (None if job is None else job.settings)
        if settings is None:
            self.said.emit("Select a run first.")
            return
        self.draft(True)
        self.again_wanted.emit(settings)

    @property
    def job_id(self) -> int | None:
        """Of the job that trains the selected run, or None."""
        job = self._job()
        return None if job is None else job.id

    def _on_reversed(self, touched: Touched, words: Callable[[Touched], str]) -> None:
        if self._visible and not _OWN.isdisjoint(touched.rows):
            self.said.emit(words(touched))

    # ---- what was read --------------------------------------------------------------------------

    def _look(self) -> None:
        if self._visible:
            self.refresh()
        else:
            self._outdated = True

    def _note_live(self, row: JobRow) -> None:
        if row.state in LIVE:
            self._began_here.add(row.id)

    def _take_rows(self, rows: list[RunRow]) -> None:
        first = self._rows is None
        self._rows = rows
        if self._selected is not None and self._selected < 0:
            made = next((row for row in rows if row.job_id == -(self._selected or 0)), None)
            if made is not None:
                self._selected = made.id
        self._take_items()
        if first and not self._items:
            self._drafting = True
        self._show()

    def _take_items(self) -> None:
        """Puts together what is listed, and keeps the selection on something that is."""
        rows = self._rows or []
        owned = {row.job_id for row in rows}
        waiting = [
            job_item(job)
            for job in sorted(self._job_rows.values(), key=lambda one: -one.id)
            if job.id in self._began_here and job.id not in owned and job.state is not JobState.DONE
            if self._purpose is None or purpose_of(job) is self._purpose
        ]
        listed = [
            row
            for row in rows
            if (self._hidden_shown or not row.hidden)
            and (self._purpose is None or row.purpose is self._purpose)
        ]
        self._marked = [key for key in self._marked if any(row.id == key for row in listed)]
        self._items = (
            *waiting,
            *(run_item(row, self._job_of(row), marked=row.id in self._marked) for row in listed),
        )
        keys = [item.key for item in self._items]
        if self._selected not in keys and not (self._selected is not None and self._selected < 0):
            self._selected = keys[0] if keys else None

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
        shown = self._compared()
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
        shown = self._compared()
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
        self.head_changed.emit(Head(self._drafting, len(self._compared())))

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
        stopping = job is not None and any(
            card.stopping for card in self._jobs.state.cards if card.row.id == job.id
        )
        if row is not None:
            used = next((one for one in self._rows or () if one.in_use and one.purpose is row.purpose), None)
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

    def _compared(self) -> list[int]:
        """The runs that are drawn: those that are marked, and the selected one; the oldest first."""
        keys = {*self._marked, *(() if self.selected_row is None else (self.selected_row.id,))}
        return sorted(keys)

    def _shown(self) -> list[RunNumbers]:
        return [self._numbers[key] for key in self._compared() if key in self._numbers]

    def _picture_run(self) -> int | None:
        row = self.selected_row
        return None if row is None else row.id

    def _row(self, key: int | None) -> RunRow | None:
        return next((row for row in self._rows or () if row.id == key), None)

    def _job_of(self, row: RunRow) -> JobRow | None:
        return None if row.job_id is None else self._job_rows.get(row.job_id)

    def _job(self) -> JobRow | None:
        row = self.selected_row
        if row is not None:
            return self._job_of(row)
        return None if self._selected is None else self._job_rows.get(-self._selected)


def _trains(row: JobRow) -> bool:
    """Whether a job trains, and does not only estimate what that takes."""
    return row.kind == KIND and not row.settings.get("estimate")
