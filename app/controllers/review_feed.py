"""Feeds the queue's model: pages of ids in the background, items and crops when they are painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from app.controllers.review_model import QueueModel
from app.controllers.review_session import Worker
from app.pictures import image_of
from app.states.review_filter import NOBODY_LOOKED
from app.states.review_queue import QueueItem

FIRST_PAGE = 200
NEXT_PAGE = 4_000
_PAUSE_MS = 12  # between pages, so that painting and edits never wait behind them

Key = tuple[float, int]
Conditions = Any
"""What a queue is asked for: a QueueFilter for reviewing, a KeypointFilter for annotating."""


class QueueReads(Protocol):
    """What the feed reads of the store; each call may come from any thread."""

    def page(self, conditions: Conditions, after: Key | None, limit: int) -> list[Key]:
        """The next (uncertainty, id) of the queue, least certain first."""
        ...

    def count(self, conditions: Conditions) -> int:
        """How many instances meet the conditions."""
        ...

    def members(self, conditions: Conditions, instance_ids: Sequence[int]) -> list[Key]:
        """Those of some ids that meet the conditions, with their keys."""
        ...

    def items(self, instance_ids: Sequence[int]) -> list[QueueItem]:
        """What the rows of some ids show."""
        ...

    def crops(self, instance_ids: Sequence[int]) -> dict[int, bytes]:
        """The compressed crops of some ids."""
        ...


class QueueFeed(QObject):
    """Keeps a QueueModel in step with the store.

    Signals:
        counted(int, object): rows known so far, and how many there are in all or None.
        first_page(): the rows that a new filter shows first are there (or there are none).
        reconciled(list[int], list[int], bool): ids of an edit; those of them that stand in the queue now,
            in its order; and what reconcile was told of them.
    """

    counted = Signal(int, object)
    first_page = Signal()
    reconciled = Signal(list, list, bool)

    def __init__(self, worker: Worker, reads: QueueReads, model: QueueModel, name: str = "review") -> None:
        """
        Args:
            name: of its own, so that two queues' reads do not drop one another.
        """
        super().__init__()
        self._name = name
        self._worker = worker
        self._reads = reads
        self.model = model
        self.conditions: Conditions = NOBODY_LOOKED
        self.complete = False
        self._total: int | None = None
        self._generation = 0
        self._edited: set[int] = set()  # ids whose membership changed while a page was being read
        self._moved: set[int] = set()  # ids whose key changed although they keep their row
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._read_next)
        model.wanted.connect(self._read_items)

    @property
    def total(self) -> int | None:
        """How many instances meet the conditions, or None while they are counted."""
        return len(self.model.ids) if self.complete else self._total

    def show(self, conditions: Conditions) -> None:
        """Fills the model with what meets the conditions, from the start."""
        self.conditions = conditions
        self.refresh()

    def refresh(self) -> None:
        """Reads the queue anew. The rows stay until the first page is there, so that nothing flickers."""
        self._generation += 1
        self._pause.stop()
        self.complete = False
        self._total = None
        self._edited.clear()
        self._moved.clear()
        generation, conditions = self._generation, self.conditions

        def arrived(page: list[Key]) -> None:
            if generation == self._generation:
                self.model.clear()
                self._take(page, FIRST_PAGE)
                self.first_page.emit()

        def counted(total: int) -> None:
            if generation == self._generation:
                self._total = total
                self._tell()

        self._run(lambda: self._reads.page(conditions, None, FIRST_PAGE), arrived, f"{self._name} queue page")
        self._run(lambda: self._reads.count(conditions), counted, f"{self._name} queue count")

    def close(self) -> None:
        """Stops reading on."""
        self._generation += 1
        self._pause.stop()
        self.model.stop()

    def reconcile(self, instance_ids: Sequence[int], bring_back: bool = False) -> None:
        """Lets ids that an edit touched leave the queue or come back, as the conditions say.

        Args:
            bring_back: handed on with `reconciled`: whether what comes back is to be selected.
        """
        generation, conditions = self._generation, self.conditions
        self._edited.update(instance_ids)
        ids = list(instance_ids)

        def arrived(members: list[Key]) -> None:
            if generation != self._generation:
                return
            keys = {instance_id: key for key, instance_id in members}
            rows_before = len(self.model.ids)
            self.model.remove([i for i in ids if i not in keys])
            last = self.model.ids.last_key()
            inserted = 0
            for key, instance_id in sorted(members):
                loaded = self.complete or (last is not None and (key, instance_id) < last)
                if loaded and self.model.ids.row_of(instance_id) is None:
                    self.model.insert(key, instance_id)
                    inserted += 1
            removed = rows_before + inserted - len(self.model.ids)
            if self._total is not None:
                self._total += inserted - removed
            self.model.forget_items(ids)
            self._tell()
            self.reconciled.emit(ids, [instance_id for _, instance_id in sorted(members)], bring_back)

        self._run(lambda: self._reads.members(conditions, ids), arrived, "")

    def keep_rows(self, instance_ids: Sequence[int]) -> None:
        """Has rows read again whose place in the queue changed, and leaves them where they are."""
        self._moved.update(instance_ids)
        self.model.read_again(instance_ids)

    def _stays(self, instance_id: int) -> bool:
        """Whether an id of a new page stands in the queue already, under the key that it had before."""
        return instance_id in self._moved and self.model.ids.row_of(instance_id) is not None

    def _read_next(self) -> None:
        generation, conditions, after = self._generation, self.conditions, self.model.ids.last_key()
        self._edited.clear()

        def arrived(page: list[Key]) -> None:
            if generation == self._generation:
                self._take(page, NEXT_PAGE)

        self._run(lambda: self._reads.page(conditions, after, NEXT_PAGE), arrived, f"{self._name} queue page")

    def _take(self, page: list[Key], limit: int) -> None:
        last = self.model.ids.last_key()
        # an undo may have put a row at the end while this page was read
        later = [key for key in page if last is None or key > last]
        self.model.append([key for key in later if not self._stays(key[1])])
        self.complete = len(page) < limit
        overtaken = self._edited.intersection(instance_id for _, instance_id in page)
        if overtaken:
            self.reconcile(sorted(overtaken))
        if not self.complete:
            self._pause.start()
        self._tell()

    def _read_items(self, instance_ids: list[int], crops: bool) -> None:
        def read() -> tuple[list[QueueItem], list[tuple[int, QImage]]]:
            items = self._reads.items(instance_ids)
            images = []
            if crops:
                blobs = self._reads.crops(instance_ids)
                images = [(i, image_of(blobs.get(i, b""))) for i in instance_ids]
            return items, images

        def arrived(answer: tuple[list[QueueItem], list[tuple[int, QImage]]]) -> None:
            items, images = answer
            self.model.put_items(items)
            if images:
                self.model.put_crops(images)

        self._run(read, arrived, "", lambda _: self.model.give_up(instance_ids))

    def _run(
        self,
        work: Callable[[], object],
        arrived: Callable[..., None],
        tag: str,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._worker.in_background(work, arrived, failed, tag)

    def _tell(self) -> None:
        self.counted.emit(len(self.model.ids), self.total)
