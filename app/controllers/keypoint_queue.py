"""Which cars or people come next: the queue of objects to annotate, unoccluded ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.keypoint_looks import LOOKS
from app.controllers.keypoint_reads import KeypointReads
from app.controllers.review_feed import QueueFeed
from app.controllers.review_model import QueueModel
from app.states.keypoint_look import TemplateLook
from core.records.detections import Category
from core.records.keypoints import KeypointFilter, Template

if TYPE_CHECKING:
    from app.session import ProjectSession

_OUTSIDE_PAUSE_MS = 1_500
_CATEGORIES = {Template.CAR: (Category.CAR,), Template.PERSON: (Category.PERSON,)}
_NONE = "No {many} yet.\nAdd footage and mine it in Sources: the {many} that are found wait here for you."
_NONE_PROPOSED = (
    "Nothing waits to be confirmed.\n“Keypoints by a network…” in the menu Project lets one place points."
)
_ALL_DONE = (
    "Every {one} has all {count} points.\nChoose “All” above to look at them again, or “Proposed” to confirm "
    "what a network placed."
)


class KeypointQueue(QObject):
    """Holds the queue. An object stays in its row while it is worked on, also when all its points are placed.

    Signals:
        arrived(object): the queue was read; the id of its first object, or None.
        count_changed(str): how many there are, in words.
        empty_changed(str): what to say where the queue is empty; empty where it is not.
        rows_changed(): rows came or went, so that the shown object may stand elsewhere.
        template_changed(Template): it holds objects of another kind.
    """

    arrived = Signal(object)
    count_changed = Signal(str)
    empty_changed = Signal(str)
    rows_changed = Signal()
    template_changed = Signal(object)

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
        """Whether objects with all their points are in it, too."""
        return self.conditions.done is None

    @property
    def shows_proposed(self) -> bool:
        """Whether only objects whose points a network proposes are in it, the least certain first."""
        return self.conditions.proposed

    @property
    def template(self) -> Template:
        """Which points its objects have."""
        return self.look.template

    @property
    def look(self) -> TemplateLook:
        """How its objects are called and drawn."""
        return next(LOOKS[one] for one, has in _CATEGORIES.items() if has == self.conditions.categories)

    def show(self) -> None:
        """Reads the queue where it has not been read."""
        if not self._read:
            self.refresh()

    def refresh(self) -> None:
        """Reads the queue anew."""
        self._read = True
        self.feed.show(self.conditions)

    def show_template(self, template: Template) -> None:
        """Shows cars, or people."""
        if template is not self.template:
            self.conditions = replace(self.conditions, categories=_CATEGORIES[template])
            self._row = 0
            self.template_changed.emit(template)
            if self._read:
                self.refresh()

    def show_all(self, wanted: bool) -> None:
        """Shows objects with all their points, too, or only those that lack some."""
        if wanted != self.shows_all:
            self.conditions = replace(self.conditions, done=None if wanted else False)
            self.refresh()

    def show_proposed(self, wanted: bool) -> None:
        """Shows only objects whose points a network proposes, or as before."""
        if wanted != self.shows_proposed:
            self.conditions = replace(self.conditions, proposed=wanted)
            self._row = 0
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

    def beyond(self, instance_id: int | None, step: int) -> Sequence[int]:
        """All objects after one, or before it where step is negative; the nearest first."""
        ids = self.model.ids
        row = None if instance_id is None else ids.row_of(instance_id)
        if step < 0:
            return ids.before(self._row if row is None else row)
        return ids.since(self._row if row is None else row + 1)

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
        look = self.look
        kind = " to confirm" if self.shows_proposed else ""
        name = look.object_name if count == 1 else look.objects_name
        self.count_changed.emit(f"{count:,} {name}{kind}{more}")
        if len(self.model.ids) or not self.feed.complete:
            self.empty_changed.emit("")
            return

        if self.shows_proposed:
            self.empty_changed.emit(_NONE_PROPOSED)
            return

        def arrived(any_objects: bool) -> None:
            if len(self.model.ids) == 0:
                words = _ALL_DONE if any_objects else _NONE
                one, many = look.object_name, look.objects_name
                self.empty_changed.emit(words.format(one=one, many=many, count=look.count))

        categories = self.conditions.categories
        self._session.in_background(
            lambda: self._reads.any_objects(categories), arrived, tag="keypoints empty"
        )
