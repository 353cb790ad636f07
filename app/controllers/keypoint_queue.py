"""Which cars come next: the queue of objects to annotate, unoccluded ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.keypoint_reads import KeypointReads
from app.controllers.review_feed import QueueFeed
from app.controllers.review_model import QueueModel
from core.records.keypoints import KeypointFilter

if TYPE_CHECKING:
    from app.session import ProjectSession

_OUTSIDE_PAUSE_MS = 1_500
_NO_CARS = "No cars yet.\nAdd footage and mine it in Sources: the cars that are found wait here for you."
_ALL_DONE = "Every car has all its points.\nChoose “All” above to look at them again."


class KeypointQueue(QObject):
    """Holds the queue. A car stays in its row while it is worked on, also when all its points are placed.

    Signals:
        arrived(object): the queue was read; the id of its first object, or None.
        count_changed(str): how many there are, in words.
        empty_changed(str): what to say where the queue is empty; empty where it is not.
        rows_changed(): rows came or went, so that the shown object may stand elsewhere.
    """

    arrived = Signal(object)
    count_changed = Signal(str)
    empty_changed = Signal(str)
    rows_changed = Signal()

    def __init__(self, session: ProjectSession, reads: KeypointReads) -> None:
        super().__init__()
        self._session, self._reads = session, reads
        self.model = QueueModel()
        self.feed = QueueFeed(session, reads, self.model, "keypoints")
        self.conditions = KeypointFilter(done=False)
        self._read = False
        self._row = 0  # where the object that is shown stood last
        self._outside = QTimer(self)
        self._outside.setSingleShot(True)
        self._outside.setInterval(_OUTSIDE_PAUSE_MS)
        self._outside.timeout.connect(self._look_outside)
        self.feed.counted.connect(self._on_counted)
        self.feed.first_page.connect(self._on_first_page)

    @property
    def shows_all(self) -> bool:
        """Whether cars with all their points are in it, too."""
        return self.conditions.done is None

    def show(self) -> None:
        """Reads the queue where it has not been read."""
        if not self._read:
            self.refresh()

    def refresh(self) -> None:
        """Reads the queue anew."""
        self._read = True
        self.feed.show(self.conditions)

    def show_all(self, wanted: bool) -> None:
        """Shows cars with all their points, too, or only those that lack some."""
        if wanted != self.shows_all:
            self.conditions = replace(self.conditions, done=None if wanted else False)
            self.refresh()

    def beside(self, instance_id: int | None, step: int) -> int | None:
        """The object so many rows further than another, or than where that one stood last."""
        ids = self.model.ids
        row = None if instance_id is None else ids.row_of(instance_id)
        goal = self._row + (step if step < 0 else step - 1) if row is None else row + step
        if not 0 <= goal < len(ids):
            return None
        self._row = goal
        return ids.id_at(goal)

    def following(self, instance_id: int | None, count: int) -> list[int]:
        """The next objects after one."""
        ids = self.model.ids
        row = None if instance_id is None else ids.row_of(instance_id)
        first = self._row if row is None else row + 1
        return ids.ids(range(first, min(first + count, len(ids))))

    def on_edited(self, instance_ids: Sequence[int]) -> None:
        """Objects were edited: their cells are drawn anew, where they stand."""
        self.feed.keep_rows(instance_ids)

    def on_outside_change(self) -> None:
        """Another process wrote: looks once it pauses, or after a while."""
        if self._read and not self._outside.isActive():
            self._outside.start()

    def close(self) -> None:
        """Stops timers."""
        self._outside.stop()
        self.feed.close()

    def _look_outside(self) -> None:
        self.model.forget_all_items()
        if len(self.model.ids) == 0:
            self.refresh()

    def _on_first_page(self) -> None:
        ids = self.model.ids
        self._row = 0
        self.arrived.emit(ids.id_at(0) if len(ids) else None)
        self.rows_changed.emit()

    def _on_counted(self, shown: int, total: int | None) -> None:
        count = shown if total is None else total
        more = ", counting…" if total is None else ""
        self.count_changed.emit(f"{count:,} {'car' if count == 1 else 'cars'}{more}")
        if len(self.model.ids) or not self.feed.complete:
            self.empty_changed.emit("")
            return

        def arrived(any_cars: bool) -> None:
            if len(self.model.ids) == 0:
                self.empty_changed.emit(_ALL_DONE if any_cars else _NO_CARS)

        self._session.in_background(self._reads.any_cars, arrived, tag="keypoints empty")
