"""Objects that were read: kept for a while, and read ahead of the person, with their frames decoded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.controllers.kept import Kept
from app.controllers.keypoint_frames import KeypointFrames
from app.controllers.keypoint_reads import KeypointReads, OpenObject
from app.controllers.review_session import Worker

_KEPT = 16


class ObjectShelf:
    """Holds the objects that were shown last, and those that come next."""

    def __init__(self, worker: Worker, reads: KeypointReads, frames: KeypointFrames) -> None:
        self._worker, self._reads, self._frames = worker, reads, frames
        self._objects: Kept[int, OpenObject] = Kept(_KEPT)

    @property
    def turn(self) -> int:
        """Counts what was dropped: a read that began in an earlier turn may be out of date."""
        return self._objects.turn

    def get(self, instance_id: int) -> OpenObject | None:
        """An object that was read and has not changed since."""
        return self._objects.get(instance_id)

    def keep(self, one: OpenObject, turn: int) -> None:
        """Takes an object that was read, unless something was dropped since the turn in which that began."""
        self._objects.keep(one.id, one, turn)

    def forget(self, instance_ids: Sequence[int], *, fits: bool = False) -> None:
        """Drops objects that changed; where their fits did, those beside and behind them, too."""
        if instance_ids:
            changed = set(instance_ids)
            self._objects.drop(lambda key, one: key in changed or (fits and stands_by(one, changed)))

    def clear(self) -> None:
        """Drops all."""
        self._objects.clear()

    def prepare(self, instance_ids: Sequence[int]) -> None:
        """Reads objects and decodes their frames, so that they are there when they are wanted."""
        for slot, instance_id in enumerate(instance_ids):
            known = self._objects.get(instance_id)
            if known is None:
                self._read(instance_id, slot)
            else:
                self._frames.prepare(known, slot)

    def _read(self, instance_id: int, slot: int) -> None:
        turn = self.turn

        def arrived(one: OpenObject | None) -> None:
            if one is not None:
                self.keep(one, turn)
                self._frames.prepare(one, slot)

        self._worker.in_background(
            lambda: self._reads.object(instance_id), arrived, tag=f"keypoints ahead {slot}"
        )


def stands_by(one: OpenObject, instance_ids: Collection[int]) -> bool:
    """Whether one of some objects is in an object's frame or on its track."""
    beside = (other.instance.id for other in one.context.others)
    along = (view.instance_id for view in one.context.track)
    return any(near in instance_ids for near in (*beside, *along))
