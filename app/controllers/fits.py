"""The 3D workspace's controller: which fit is selected, what a key does to it, and where it goes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.fits_beside import Beside
from app.controllers.fits_desk import FitDesk, Prepared
from app.controllers.fits_list import FitFeed, FitModel
from app.controllers.fits_panel import Usual, build_fit_panel
from app.controllers.fits_reads import FitReads
from app.controllers.fits_truth import NO_VERSIONS
from app.controllers.saying import did_again, done, undid
from app.states.fits import FitItem, FitListState, FitPanelState, empty_text
from app.states.results import SaidKey
from app.states.review_filter import Choice
from core.records.fits import FitFilter, FitOrder, FitReview, FitRow
from core.records.history import Touched
from core.store.edits import fits as fit_edits
from core.store.queries.fits import WORST_FIRST_DESCENDS

if TYPE_CHECKING:
    from app.session import ProjectSession

_AHEAD = 2
_OUTSIDE_PAUSE_MS = 1_500  # a fit job commits many times a second
_SHOWN_TABLES = {"fit", "instance", "keypoint_set", "calibration", "camera", "source", "review"}


class FitsController(QObject):
    """Holds the state of the 3D workspace and turns wishes into reads and undoable edits.

    Signals:
        list_changed(FitListState), panel_changed(FitPanelState): draw this.
        selection_changed(object): id of the selected fit, or None.
        empty_changed(str): what to say where the list is empty; "" where it is not.
        note_changed(str): what is missing to show the frame in 3D, or "".
        said(str): a line about what was just done.
        fix_wanted(int): the person wants to correct this instance's keypoints.
    """

    list_changed = Signal(object)
    panel_changed = Signal(object)
    selection_changed = Signal(object)
    empty_changed = Signal(str)
    note_changed = Signal(str)
    said = Signal(str)
    fix_wanted = Signal(int)

    def __init__(self, session: ProjectSession, reads: FitReads | None = None) -> None:
        super().__init__()
        self._session = session
        self._reads = reads or FitReads(session.project)
        self.model = FitModel()
        self.feed = FitFeed(session, self._reads, self.model)
        self.desk = FitDesk(session, self._reads, session.bodies)
        self.list = FitListState()
        self.panel = FitPanelState()
        self.fit_id: int | None = None
        self.instance_id: int | None = None
        self._row = 0  # where the selected fit stands in the list, or stood
        self._beside = Beside()
        self._shown = False
        self._stale = True
        self._wanted: int | None = None  # an instance to show once the list is there
        self._outside = QTimer(self)
        self._outside.setSingleShot(True)
        self._outside.setInterval(_OUTSIDE_PAUSE_MS)
        self._outside.timeout.connect(self._look_outside)
        self.feed.counted.connect(self._on_counted)
        self.feed.first_page.connect(self._on_first_page)
        self.feed.settled.connect(self._on_settled)
        self.desk.prepared.connect(self._on_prepared)
        session.bodies_changed.connect(self._look_outside)
        session.undone.connect(lambda touched: self._say_reversed(undid(touched)))
        session.redone.connect(lambda touched: self._say_reversed(did_again(touched)))

    # ---- life -----------------------------------------------------------------------------------

    def on_shown(self) -> None:
        """The workspace came to the front: reads what it does not hold yet."""
        self._shown = True
        if self._stale:
            self._stale = False
            self._read_cameras()
            self.desk.forget()
            self._read_list()

    def on_hidden(self) -> None:
        """The workspace left the front."""
        self._shown = False
        self.said.emit("")

    def close(self) -> None:
        """Stops timers."""
        self._outside.stop()
        self.feed.close()

    # ---- the list -------------------------------------------------------------------------------

    def set_filter(self, conditions: FitFilter) -> None:
        """Shows the fits that meet other conditions."""
        if conditions != self.list.filter:
            self.said.emit("")
            self._set_list(replace(self.list, filter=conditions, shown=0, total=None))
            self._read_list()

    def sort_by(self, order: FitOrder) -> None:
        """Sorts the list by something else, the worst first; or the other way round, if it is so already."""
        down = order in WORST_FIRST_DESCENDS
        if order is self.list.order:
            down = not self.list.descending
        self._set_list(replace(self.list, order=order, descending=down, shown=0, total=None))
        self._read_list()

    def toggle_track_filter(self) -> None:
        """Shows only the selected car's track, or the whole list again."""
        conditions = self.list.filter
        now = self.desk.now
        if conditions.track_id is not None:
            self.set_filter(replace(conditions, track_id=None))
        elif now is not None and now.subject.instance.track_id is not None:
            self.set_filter(replace(conditions, track_id=now.subject.instance.track_id))
        else:
            self.said.emit("What is selected is on no track.")

    def refresh(self) -> None:
        """Reads the list and what is shown anew."""
        self._read_cameras()
        self.desk.forget()
        self._read_list()

    # ---- selecting ------------------------------------------------------------------------------

    def select_fit(self, fit_id: int | None) -> None:
        """Selects a fit of the list."""
        if fit_id is None:
            self._select(None, None)
            return
        row = self.model.row_of(fit_id)
        self._row = self._row if row is None else row

        def arrived(found: FitRow | None) -> None:
            if found is not None:
                self._select(found.id, found.instance_id)
                self._look_ahead()

        self._session.in_background(lambda: self._reads.fit(fit_id), arrived, tag="fits select")

    def select_car(self, instance_id: int) -> None:
        """Selects the fit that an instance has now, as after a click in either view."""
        self.said.emit("")

        def arrived(found: FitRow | None) -> None:
            if found is not None:
                row = self.model.row_of(found.id)
                self._row = self._row if row is None else row
            self._select(None if found is None else found.id, instance_id)

        self._session.in_background(lambda: self._reads.fit_of(instance_id), arrived, tag="fits select")

    def show_instances(self, ids: Sequence[int]) -> None:
        """Selects an instance that another place names, at once or when the list has been read.

        Its truth is drawn beside it, where that is known: the evaluation that knows it leads here.
        """
        if ids:
            self._beside.come_to_truth(ids[0])
            self._come_to(ids[0])

    def show_said(self, instance_id: int, said: SaidKey | None, words: str) -> None:
        """Selects an instance with what a network said of it beside it.

        Args:
            said: what that is; None where nothing can be drawn.
            words: that are told then.
        """
        self._beside.come_to_said(instance_id, said, words)
        self._come_to(instance_id)

    def _come_to(self, instance_id: int) -> None:
        self._wanted = instance_id
        if not self._stale and self.feed.complete:
            self._on_first_page()

    def step(self, step: int) -> None:
        """Goes on (or back, where step is negative) in the list: the worst first, as it is sorted."""
        if not len(self.model):
            return
        self.said.emit("")
        row = None if self.fit_id is None else self.model.row_of(self.fit_id)
        goal = self._row if row is None else row + step
        if row is not None and not 0 <= goal < len(self.model):
            self.said.emit("The list ends here." if step > 0 else "The list begins here.")
            return
        self.select_fit(self.model.id_at(min(max(goal, 0), len(self.model) - 1)))

    def step_track(self, step: int) -> None:
        """Goes to the selected car's next (or earlier) fitted view."""
        if self.instance_id is None:
            return
        instance_id = self.instance_id

        def arrived(found: int | None) -> None:
            if found is None:
                self.said.emit("The track ends here." if step > 0 else "The track begins here.")
            else:
                self.select_car(found)

        self._session.in_background(
            lambda: self._reads.beside_on_track(instance_id, step), arrived, tag="fits track"
        )

    # ---- comparing versions ---------------------------------------------------------------------

    def compare(self, fit_id: int | None) -> None:
        """Draws another version of the selected car's fit beside its own, or no other."""
        self._beside.compared = fit_id if fit_id != self.fit_id else None
        self._show()

    def compare_next(self) -> None:
        """Compares with earlier versions one by one, then the truth and what was said if known, then none."""
        now = self.desk.now
        if now is None:
            return
        others, compared = self._beside.others(now.subject), self._beside.compared
        if not others:
            self.said.emit("There is only one version of this fit.")
            return
        place = others.index(compared) + 1 if compared in others else 0
        self.compare(others[place] if place < len(others) else None)

    def use_compared(self) -> None:
        """Puts the version that is compared in force."""
        fit_id = self._beside.compared
        if fit_id is None or fit_id in NO_VERSIONS:
            self.said.emit("Compare with another version first.")
            return
        history = self._session.history
        self._beside.compared = None

        def committed(touched: Touched) -> None:
            self.said.emit(done(touched))

        self._session.perform(lambda: fit_edits.use_fit(history, fit_id), committed)

    # ---- what a person says ---------------------------------------------------------------------

    def review(self, review: FitReview | None, reason: str | None = None) -> None:
        """Accepts or rejects the selected fit and goes on; None takes back what was said, and stays."""
        if self.fit_id is None:
            self.said.emit("No fit is selected.")
            return
        history, fit_id = self._session.history, self.fit_id

        def committed(touched: Touched) -> None:
            if touched.edit_id:
                self.said.emit(done(touched))

        self._session.perform(lambda: fit_edits.review_fits(history, [fit_id], review, reason), committed)
        if review is not None:
            self._advance(fit_id)

    def fix(self) -> None:
        """Goes to the keypoints of the selected object."""
        if self.instance_id is None:
            self.said.emit("Nothing is selected.")
        else:
            self.fix_wanted.emit(self.instance_id)

    def _advance(self, done: int) -> None:
        """Goes to the next row; the one just judged leaves once that is committed, if the filter says so."""
        row = self.model.row_of(done)
        if row is not None and row + 1 < len(self.model):
            self.select_fit(self.model.id_at(row + 1))

    # ---- news -----------------------------------------------------------------------------------

    def on_touched(self, touched: Touched) -> None:
        """An edit, an undo or a redo was committed: what it touched is read again."""
        if not _SHOWN_TABLES & touched.rows.keys():
            return
        if not self._shown:
            self._stale = True
            return
        ids = list(touched.rows.get("fit", ()))
        if ids:
            self.feed.reconcile(ids)
        elif touched.rows.keys() & {"source", "camera", "calibration", "keypoint_set"}:
            self.refresh()
        self._read_again()

    def on_outside_change(self) -> None:
        """Another process wrote, such as a fit job: looks once it pauses, or after a while."""
        if not self._outside.isActive():
            self._outside.start()

    def _look_outside(self) -> None:
        if self._shown:
            self.model.forget_all_items()
            self._read_again()
            if len(self.model):
                self.feed.reread()  # whoever is far down in the list stays there
            else:
                self._read_list()
        else:
            self._stale = True

    def _read_again(self) -> None:
        """The selected car may have another fit in force now."""
        instance_id, fit_id = self.instance_id, self.fit_id
        self.desk.forget()
        if instance_id is None:
            return

        def arrived(found: FitRow | None) -> None:
            if self.instance_id == instance_id:
                now = None if found is None else found.id
                if now != fit_id:
                    self._beside.compared = None
                self._select(now, instance_id, again=True)

        self._session.in_background(lambda: self._reads.fit_of(instance_id), arrived, tag="fits again")

    # ---- details --------------------------------------------------------------------------------

    def _select(self, fit_id: int | None, instance_id: int | None, *, again: bool = False) -> None:
        words = self._beside.select(instance_id, self.instance_id)
        if words:
            self.said.emit(words)
        self.fit_id, self.instance_id = fit_id, instance_id
        self.selection_changed.emit(fit_id)
        if again:
            self.desk.forget()
        self._show()

    def _show(self) -> None:
        self.desk.show(self.instance_id, self._beside.compared, self._beside.said_of(self.instance_id))

    def _say_reversed(self, words: str) -> None:
        if self._shown:
            self.said.emit(words)

    def _look_ahead(self) -> None:
        rows = range(self._row + 1, min(self._row + 1 + _AHEAD, len(self.model)))
        ids = [self.model.id_at(row) for row in rows]

        def arrived(items: list[FitItem]) -> None:
            self.desk.prepare([item.instance_id for item in items])

        if ids:
            self._session.in_background(lambda: self._reads.items(ids), arrived, tag="fits ahead")

    def _set_list(self, state: FitListState) -> None:
        self.list = state
        self.list_changed.emit(state)

    def _read_list(self) -> None:
        self.feed.show(self.list.filter, self.list.order, self.list.descending)

    def _read_cameras(self) -> None:
        def arrived(cameras: tuple[Choice, ...]) -> None:
            self._set_list(replace(self.list, cameras=cameras))

        self._session.in_background(self._reads.cameras, arrived, tag="fits cameras")

    def _on_counted(self, shown: int, total: int | None) -> None:
        self._set_list(replace(self.list, shown=shown, total=total))

    def _on_first_page(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self.select_car(wanted)
        elif self.fit_id is not None and self.model.row_of(self.fit_id) is not None:
            self.selection_changed.emit(self.fit_id)
            self._show()
        elif len(self.model) and (self.instance_id is None or self.fit_id is not None):
            self.select_fit(self.model.id_at(0))
        elif not len(self.model) and self.fit_id is not None:
            self._select(None, None)
        self._tell_empty()

    def _on_settled(self) -> None:
        row = None if self.fit_id is None else self.model.row_of(self.fit_id)
        if self.fit_id is not None and row is None and len(self.model):
            self._select_instead()
        else:
            self._row = self._row if row is None else row
            self.selection_changed.emit(self.fit_id)  # rows have moved
        self._tell_empty()

    def _select_instead(self) -> None:
        """The selected fit has left the list: selects the one that its car has now, or what stands there."""
        instance_id = self.instance_id
        assert instance_id is not None

        def arrived(found: FitRow | None) -> None:
            if self.instance_id != instance_id or not len(self.model):
                return
            row = None if found is None else self.model.row_of(found.id)
            if found is not None and row is not None:
                self._row = row
                self._select(found.id, instance_id)
            else:
                self.select_fit(self.model.id_at(min(self._row, len(self.model) - 1)))

        self._session.in_background(lambda: self._reads.fit_of(instance_id), arrived, tag="fits select")

    def _on_prepared(self, found: Prepared | None) -> None:
        spaces = self.desk.spaces
        row = None if found is None else found.subject.fits.get(found.subject.instance.id)
        problem = self._session.bodies.problem
        usual = Usual(
            fleet=None if row is None else spaces.fleets.get(row.shape_space),
            stature=None if found is None else found.stature,
            missing=found is not None and found.missing_space,
            body_problem="" if problem is None else f"{problem.problem} {problem.way_out}",
        )
        self.panel = build_fit_panel(
            None if found is None else found.subject, None if found is None else found.compared, usual
        )
        self.panel_changed.emit(self.panel)
        self.note_changed.emit("" if found is None else found.note)

    def _tell_empty(self) -> None:
        if len(self.model):
            self.empty_changed.emit("")
            return
        conditions = self.list.filter

        def arrived(any_fits: bool) -> None:
            if not len(self.model) and conditions == self.list.filter:
                self.empty_changed.emit(empty_text(conditions, any_fits))

        self._session.in_background(self._reads.any_fits, arrived, tag="fits empty")
