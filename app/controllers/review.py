"""The Review workspace's controller: what is selected, what a key does to it, and where it goes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.review_edits import ReviewEdits
from app.controllers.review_feed import QueueFeed
from app.controllers.review_lookout import AHEAD, Lookout
from app.controllers.review_model import QueueModel
from app.controllers.review_panel import build_panel
from app.controllers.review_reads import FilterChoices, Selection, StoreReads
from app.controllers.saying import did_again, undid
from app.states.review_filter import NOBODY_LOOKED, FilterState, empty_text
from core.records.detections import Category
from core.records.history import Touched
from core.records.occlusion import Verdict
from core.records.project import QueueFilter
from core.store.edits.verdicts import RejectReason

if TYPE_CHECKING:
    from app.session import ProjectSession

MAX_SELECTED = 5_000
_OUTSIDE_PAUSE_MS = 1_500  # a mining job commits many times a second


class ReviewController(QObject):
    """Holds the state of the Review workspace and turns wishes into reads and undoable edits.

    Signals:
        filter_changed(FilterState), panel_changed(PanelState): draw this.
        selection_changed(object, list): the current id or None, and all selected ids.
        empty_changed(str): what to say where the queue is empty; empty where it is not.
        fresh_changed(int): how many instances were added since the queue was read.
        said(str): a line about what was just done; empty once the person has gone on.
    """

    filter_changed = Signal(object)
    panel_changed = Signal(object)
    selection_changed = Signal(object, list)
    empty_changed = Signal(str)
    fresh_changed = Signal(int)
    said = Signal(str)

    def __init__(self, session: ProjectSession, reads: StoreReads | None = None) -> None:
        super().__init__()
        self._session = session
        self._reads = reads or StoreReads(session.project)
        self.model = QueueModel()
        self.feed = QueueFeed(session, self._reads, self.model)
        self.lookout = Lookout(session, self._reads)
        self._edits = ReviewEdits(session)
        self.filter = FilterState()
        self.current: int | None = None
        self.selected: list[int] = []
        self._anchor: int | None = None  # the last current id that stood in the queue
        self._anchor_row = 0  # and its row then, for when it has left
        self._waits_for_row = False
        self._reversed: int | None = None  # the edit that an undo or redo is being announced of
        self._shown = False
        self._stale = True
        self._opening = False  # whether the queue is being read because the workspace came to the front
        self._to_show: list[int] = []  # what to select once that is through
        self._outside = QTimer(self)
        self._outside.setSingleShot(True)
        self._outside.setInterval(_OUTSIDE_PAUSE_MS)
        self._outside.timeout.connect(self._look_outside)
        self.feed.counted.connect(self._on_counted)
        self.feed.first_page.connect(self._on_first_page)
        self.feed.reconciled.connect(self._on_reconciled)
        self.lookout.shown.connect(self._on_shown)
        self.lookout.arrived.connect(self._look_ahead)
        self.lookout.said.connect(self.said)
        self._edits.said.connect(self.said)
        # a mark that was not kept: back to what it was meant for, so that it is seen
        self._edits.refused.connect(lambda ids: self.select(ids[0], ids))
        session.undone.connect(lambda touched: self._on_reversed(touched, undid(touched)))
        session.redone.connect(lambda touched: self._on_reversed(touched, did_again(touched)))

    # ---- life -----------------------------------------------------------------------------------

    def on_shown(self) -> None:
        """The workspace came to the front: reads what it does not hold yet."""
        self._shown = True
        self._read_choices()
        if self._stale:
            self._stale, self._opening = False, True
            self.feed.show(self.filter.filter)

    def on_hidden(self) -> None:
        """The workspace left the front."""
        self._shown = False
        self.said.emit("")

    def close(self) -> None:
        """Stops timers."""
        self._outside.stop()
        self.lookout.close()
        self.feed.close()

    # ---- the filter -----------------------------------------------------------------------------

    def set_filter(self, conditions: QueueFilter) -> None:
        """Shows what meets other conditions."""
        if conditions == self.filter.filter:
            return
        self.said.emit("")
        camera_changed = conditions.camera_id != self.filter.filter.camera_id
        if camera_changed:
            conditions = replace(conditions, source_id=None)
        self.filter = replace(self.filter, filter=conditions, shown=0, total=None)
        self.filter_changed.emit(self.filter)
        if camera_changed:
            self._read_choices()
        self.feed.show(conditions)

    def toggle_track_filter(self) -> None:
        """Shows only the selected instance's track, or the whole queue again."""
        conditions = self.filter.filter
        if conditions.track_id is not None:
            self.set_filter(replace(conditions, track_id=None))
        elif self.lookout.selection is not None and self.lookout.selection.row.track_id is not None:
            self.set_filter(replace(conditions, track_id=self.lookout.selection.row.track_id))
        else:
            self.said.emit("The selected instance is on no track.")

    def toggle_asked(self) -> None:
        """Shows what somebody asked to be looked at again, whoever has reviewed it; or the queue again."""
        asked = self.filter.filter.asked
        self.set_filter(NOBODY_LOOKED if asked else QueueFilter(asked=True))

    def refresh(self) -> None:
        """Reads the queue and the choices anew."""
        self._read_choices()
        self.lookout.forget()
        self.feed.refresh()
        self.fresh_changed.emit(0)

    # ---- selecting ------------------------------------------------------------------------------

    def select(self, current: int | None, selected: Sequence[int] | None = None) -> None:
        """Selects instances: one is current and shown, all are marked together.

        Args:
            current: an instance's id, in the queue or not; None for nothing.
            selected: all selected ids; None for the current alone.
        """
        ids = list(selected) if selected is not None else ([] if current is None else [current])
        if len(ids) > MAX_SELECTED:
            ids = ids[:MAX_SELECTED]
            self.said.emit(f"Only the first {MAX_SELECTED:,} are selected: that is what one edit may hold.")
        moved = current != self.current
        self.current, self.selected = current, ids
        self._waits_for_row = False
        if current is not None:
            row = self.model.ids.row_of(current)
            if row is not None:
                self._anchor, self._anchor_row = current, row
        self.selection_changed.emit(current, ids)
        if moved:
            self.lookout.show(current)
        elif self.lookout.selection is not None:
            self._on_shown(self.lookout.selection)

    def choose(self, current: int | None, selected: Sequence[int]) -> None:
        """Selects what a person chose in the queue (see `select`): what was said of others is over."""
        if (current, list(selected)) != (self.current, self.selected):
            self.said.emit("")
        self.select(current, selected)

    def show_instances(self, ids: Sequence[int]) -> None:
        """Selects instances that another place names, at once or when the queue has been read."""
        if self._opening:
            self._to_show = list(ids)
        else:
            self.select(ids[0], ids)

    def click(self, instance_id: int, add: bool) -> None:
        """Selects an instance that was clicked in the frame, or adds it to the selection or takes it out.

        Args:
            add: whether it joins the others.
        """
        self.said.emit("")
        if not add or self.current is None:
            self.select(instance_id)
        elif instance_id in self.selected and len(self.selected) > 1:
            rest = [i for i in self.selected if i != instance_id]
            self.select(self.current if self.current in rest else rest[-1], rest)
        else:
            self.select(self.current, [*self.selected, instance_id])

    def step_queue(self, step: int) -> None:
        """Goes on (or back, where step is negative) in the queue."""
        rows = len(self.model.ids)
        if rows == 0:
            return
        if step:
            self.said.emit("")
        row = self._queue_row()
        if self.current is not None and self.model.ids.row_of(self.current) is not None:
            row += step
        self.select(self.model.ids.id_at(min(max(row, 0), rows - 1)))

    def step_track(self, step: int) -> None:
        """Goes to the selected instance's next (or earlier) view on its track."""
        selection = self.lookout.selection
        if selection is None or not selection.points:
            self.said.emit("The selected instance is on no track.")
            return
        places = [n for n, point in enumerate(selection.points) if point.instance_id == selection.row.id]
        goal = (places[0] if places else 0) + step
        if not 0 <= goal < len(selection.points):
            self.said.emit("The track ends here." if step > 0 else "The track begins here.")
            return
        self.said.emit("")
        self.select(selection.points[goal].instance_id)

    def select_track(self) -> None:
        """Selects all instances of the track that the queue holds."""
        selection = self.lookout.selection
        if selection is None or selection.row.track_id is None:
            self.said.emit("The selected instance is on no track.")
            return
        track_id, conditions = selection.row.track_id, self.filter.filter

        def arrived(ids: list[int]) -> None:
            if self.current == selection.row.id:
                self.select(self.current, ids if self.current in ids else [self.current, *ids])
                self.said.emit(f"{len(self.selected)} of track {track_id} selected.")

        self._session.in_background(
            lambda: self._reads.queued_of_track(conditions, track_id), arrived, tag="review select track"
        )

    # ---- what they are --------------------------------------------------------------------------

    def mark(self, verdict: Verdict | None, reason: RejectReason | None = None) -> None:
        """Says what the selected instances are, and goes on to the next in the queue.

        Args:
            verdict: None takes this annotator's verdict back, and stays.
            reason: of a rejection.
        """
        targets = self._targets()
        if not targets:
            return
        self._edits.set_verdict(targets, verdict, reason)
        if verdict is not None:
            self._advance(targets)

    def mark_track(self, verdict: Verdict, reason: RejectReason | None = None) -> None:
        """Says what the selected instance and all of its track are that nobody has looked at, as one edit."""
        selection = self.lookout.selection
        if selection is None or selection.row.track_id is None:
            self.said.emit("The selected instance is on no track.")
            return
        track_id, current = selection.row.track_id, selection.row.id

        def arrived(ids: list[int]) -> None:
            targets = list(dict.fromkeys([current, *ids]))
            self._edits.set_verdict(targets, verdict, reason)
            if self.current == current:
                self._advance(targets)

        self._session.in_background(lambda: self._reads.unreviewed_of_track(track_id), arrived)

    def call(self, category: Category) -> None:
        """Corrects what the selected instances are, and stays: the verdict comes after."""
        targets = self._targets()
        if targets:
            self._edits.set_category(targets, category)

    def _targets(self) -> list[int]:
        targets = self.selected or ([] if self.current is None else [self.current])
        if not targets:
            self.said.emit("Nothing is selected.")
        return targets

    def _advance(self, done: Sequence[int]) -> None:
        """Goes to the next row that was not just marked; the marked ones leave once that is committed."""
        passed, ids = set(done), self.model.ids
        row = self._queue_row()
        following = next((ids.id_at(r) for r in range(row, len(ids)) if ids.id_at(r) not in passed), None)
        if following is None and not self.feed.complete:
            self._anchor_row = len(ids)
            self.select(None)
            self._waits_for_row = True
            return
        if following is None:
            following = next(
                (ids.id_at(r) for r in range(row - 1, -1, -1) if ids.id_at(r) not in passed), None
            )
        if following is not None or self.filter.filter.verdict == "none":
            self.select(following)

    # ---- news -----------------------------------------------------------------------------------

    def on_touched(self, touched: Touched) -> None:
        """An edit, an undo or a redo was committed: only what it touched is read again."""
        bring_back = touched.edit_id == self._reversed
        self._reversed = None
        ids = list(touched.rows.get("instance", ()))
        if not ids and "review" not in touched.rows:
            asked = "review_request" in touched.rows and self.filter.filter.asked
            if asked or "source" in touched.rows or "camera" in touched.rows:
                self._read_again()
            return
        self.lookout.forget(ids)
        if not self._shown:
            self._stale = True
            return
        if ids:
            self.feed.reconcile(ids, bring_back)
        self.lookout.timeline.refresh_soon()
        self.lookout.refresh()

    def on_outside_change(self) -> None:
        """Another process wrote, such as a mining job: looks once it pauses, or after a while."""
        if not self._outside.isActive():
            self._outside.start()

    def _look_outside(self) -> None:
        if not self._shown:
            self._stale = True
            return
        conditions, known = self.filter.filter, self.feed.total
        self.lookout.forget()
        self.lookout.refresh()
        self.lookout.timeline.refresh_soon()
        self.model.forget_all_items()

        def counted(total: int) -> None:
            if conditions != self.filter.filter:
                return
            if len(self.model.ids) == 0:
                if total:
                    self.refresh()
                else:
                    self._tell_empty()
            elif known is not None and total != known:
                self.fresh_changed.emit(max(total - known, 0))

        self._session.in_background(lambda: self._reads.count(conditions), counted, tag="review outside")

    def _on_reversed(self, touched: Touched, words: str) -> None:
        self._reversed = touched.edit_id
        if self._shown:
            self.said.emit(words)

    def _read_again(self) -> None:
        self.lookout.forget()
        if self._shown:
            self.refresh()
        else:
            self._stale = True

    def _on_first_page(self) -> None:
        self.fresh_changed.emit(0)
        ids, wanted = self.model.ids, self._to_show
        self._opening, self._to_show = False, []
        if wanted:
            self.select(wanted[0], wanted)
        elif self.current is not None and ids.row_of(self.current) is not None:
            self.select(self.current)  # alone: a key must not mark what the new queue no longer shows
        elif len(ids):
            self.select(ids.id_at(0))
        else:
            self.select(None)
        self._tell_empty()

    def _on_reconciled(self, edited: list[int], members: list[int], bring_back: bool) -> None:
        ids = self.model.ids
        in_queue = [i for i in members if ids.row_of(i) is not None]
        row = None if self.current is None else ids.row_of(self.current)
        if bring_back and in_queue:
            self.select(in_queue[0], in_queue)
        elif row is None and len(ids) and (self.current is None or (bring_back and self.current in edited)):
            self.select(ids.id_at(self._queue_row()))  # what was current has left the queue
        elif self.current is not None:
            self._anchor_row = self._anchor_row if row is None else row
            self.selection_changed.emit(self.current, self.selected)  # rows have moved
        self._tell_empty()

    def _on_counted(self, shown: int, total: int | None) -> None:
        self.filter = replace(self.filter, shown=shown, total=total)
        self.filter_changed.emit(self.filter)
        if self._waits_for_row and shown > self._anchor_row:
            self.step_queue(0)

    def _tell_empty(self) -> None:
        if len(self.model.ids) or not self.feed.complete:
            self.empty_changed.emit("")
            return
        conditions = self.filter.filter

        def arrived(any_instances: bool) -> None:
            if len(self.model.ids) == 0 and conditions == self.filter.filter:
                self.empty_changed.emit(empty_text(conditions, any_instances))

        self._session.in_background(self._reads.any_instances, arrived, tag="review empty")

    # ---- what is shown --------------------------------------------------------------------------

    def _on_shown(self, selection: Selection | None) -> None:
        self.panel_changed.emit(build_panel(selection, len(self.selected)))

    def _look_ahead(self) -> None:
        ids, row = self.model.ids, self._queue_row()
        if self.lookout.frames.at_home:
            self.lookout.prepare(ids.ids(range(row + 1, min(row + 1 + AHEAD, len(ids)))))

    def _queue_row(self) -> int:
        """The row where the reviewer is in the queue, or was before looking elsewhere."""
        for instance_id in (self.current, self._anchor):
            row = None if instance_id is None else self.model.ids.row_of(instance_id)
            if row is not None:
                return row
        return min(self._anchor_row, max(0, len(self.model.ids) - 1))

    def _read_choices(self) -> None:
        camera_id = self.filter.filter.camera_id

        def arrived(choices: FilterChoices) -> None:
            self.filter = replace(
                self.filter, cameras=choices.cameras, sources=choices.sources, hours=choices.hours
            )
            self.filter_changed.emit(self.filter)

        self._session.in_background(lambda: self._reads.choices(camera_id), arrived, tag="review choices")
