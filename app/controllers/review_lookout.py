"""What the Review workspace shows of the selected instance: its frame, its panel, its place in time.

Keeps what was read for a while, and reads and decodes ahead what comes next in the queue.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app.controllers.review_frame import FrameDesk
from app.controllers.review_reads import FrameContents, Selection, StoreReads
from app.controllers.review_session import Frames
from app.controllers.review_timeline import TimelineDesk
from core.records.project import FrameRow

AHEAD = 3
_KEPT = 24


class Lookout(QObject):
    """Shows one instance, looks around from it, and prepares the next.

    Signals:
        shown(object): a Selection was read and is shown; None where nothing is.
        arrived(): its frame is on the canvas: time to look ahead.
        said(str): a line for the reviewer.
    """

    shown = Signal(object)
    arrived = Signal()
    said = Signal(str)

    def __init__(self, session: Frames, reads: StoreReads) -> None:
        super().__init__()
        self._session = session
        self._reads = reads
        self.frames = FrameDesk(session, reads)
        self.timeline = TimelineDesk(session, reads)
        self.selection: Selection | None = None
        self._wanted: int | None = None
        self._kept: OrderedDict[int, Selection] = OrderedDict()
        self.frames.arrived.connect(self.arrived)

    def show(self, instance_id: int | None) -> None:
        """Shows an instance in its frame, or nothing."""
        self._wanted = instance_id
        if instance_id is None:
            self.selection = None
            self.shown.emit(None)
            self.frames.clear()
            self.timeline.clear()
            return
        kept = self._kept.get(instance_id)
        if kept is not None:
            self._take(kept)
            return

        def arrived(selection: Selection | None) -> None:
            if self._wanted != instance_id:
                return
            if selection is None:
                self.said.emit(f"Instance {instance_id} is no longer there.")
                self.show(None)
                return
            self._keep(selection)
            self._take(selection)

        self._session.in_background(
            lambda: self._reads.selection(instance_id), arrived, tag="review selection"
        )

    def refresh(self) -> None:
        """Reads the selected instance and the frame shown again, after an edit."""
        wanted, frame = self._wanted, self.frames.frame
        if wanted is None or frame is None:
            return

        def read() -> tuple[Selection | None, FrameContents | None]:
            selection = self._reads.selection(wanted)
            if selection is not None and selection.contents.frame.id == frame.id:
                return selection, selection.contents
            return selection, self._reads.contents(frame.id)

        def arrived(found: tuple[Selection | None, FrameContents | None]) -> None:
            selection, contents = found
            if self._wanted != wanted or selection is None:
                return
            self._keep(selection)
            self.selection = selection
            self.shown.emit(selection)
            if contents is not None:
                self.frames.update_contents(contents, selection)

        self._session.in_background(read, arrived, tag="review selection again")

    def forget(self, instance_ids: Sequence[int] | None = None) -> None:
        """Drops what is kept that shows any of these instances, or all of it."""
        if instance_ids is None:
            self._kept.clear()
            return
        changed = set(instance_ids)
        for key, kept in list(self._kept.items()):
            if key in changed or any(row.id in changed for row in kept.contents.instances):
                del self._kept[key]

    def prepare(self, instance_ids: Sequence[int]) -> None:
        """Reads and decodes what comes next, so that it is there when it is wanted."""
        for slot, instance_id in enumerate(instance_ids[:AHEAD]):
            kept = self._kept.get(instance_id)
            if kept is not None:
                self.frames.prepare(kept.contents.frame, slot)
            else:
                self._read_ahead(instance_id, slot)

    # looking around

    def step_frame(self, step: int) -> None:
        """Looks at a neighbouring frame; the selection stays."""
        frame = self.frames.frame
        if frame is None:
            return

        def arrived(found: FrameRow | None) -> None:
            if found is None:
                self.said.emit("The footage ends here." if step > 0 else "The footage begins here.")
            else:
                self._look_at(found.id)

        self._session.in_background(
            lambda: self._reads.frame_beside(frame, step), arrived, tag="review frame row"
        )

    def seek(self, time_s: float) -> None:
        """Looks at the frame nearest to a time of the footage on the timeline; the selection stays."""
        source_id = self.timeline.source_id
        if source_id is None:
            return

        def arrived(found: FrameRow | None) -> None:
            if found is not None:
                self._look_at(found.id)

        self._session.in_background(
            lambda: self._reads.frame_near(source_id, time_s), arrived, tag="review frame row"
        )

    def go_home(self) -> None:
        """Looks at the selected instance's own frame again."""
        if self.selection is not None:
            self.frames.select(self.selection)
            self._show_time(self.selection.contents.frame)

    def point_out_occluder(self) -> None:
        """Lifts out what hides the selected instance most clearly."""
        outcomes = () if self.selection is None else self.selection.outcomes
        hiding = next((outcome.by for outcome in outcomes if outcome.by is not None), None)
        if hiding is None:
            self.said.emit("No test names what hides it.")
        else:
            self.frames.point_out(hiding)

    def close(self) -> None:
        """Stops timers."""
        self.timeline.close()

    # details

    def _take(self, selection: Selection) -> None:
        self.selection = selection
        self.shown.emit(selection)
        self.frames.select(selection)
        self._show_time(selection.contents.frame)

    def _look_at(self, frame_id: int) -> None:
        def arrived(contents: FrameContents | None) -> None:
            if contents is not None:
                self.frames.look_at(contents)
                self._show_time(contents.frame)

        self._session.in_background(
            lambda: self._reads.contents(frame_id), arrived, tag="review frame contents"
        )

    def _show_time(self, frame: FrameRow) -> None:
        selection = self.selection
        if selection is None or selection.row.source_id != frame.source_id:
            self.timeline.show(frame.source_id, frame.time_s, None, None)
            return
        points = selection.points
        track = (points[0].time_s, points[-1].time_s) if points else None
        self.timeline.show(frame.source_id, frame.time_s, selection.row.time_s, track)

    def _read_ahead(self, instance_id: int, slot: int) -> None:
        def arrived(selection: Selection | None) -> None:
            if selection is not None:
                self._keep(selection)
                self.frames.prepare(selection.contents.frame, slot)

        self._session.in_background(
            lambda: self._reads.selection(instance_id), arrived, tag=f"review ahead {slot}"
        )

    def _keep(self, selection: Selection) -> None:
        self._kept[selection.row.id] = selection
        self._kept.move_to_end(selection.row.id)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
