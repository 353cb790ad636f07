"""Cars that were read: kept for a while, and read ahead of the person, with their frames decoded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.controllers.kept import Kept
from app.controllers.keypoint_frames import KeypointFrames
from app.controllers.keypoint_reads import KeypointReads, OpenCar
from app.controllers.review_session import Worker

_KEPT = 16


class CarShelf:
    """Holds the cars that were shown last, and those that come next."""

    def __init__(self, worker: Worker, reads: KeypointReads, frames: KeypointFrames) -> None:
        self._worker, self._reads, self._frames = worker, reads, frames
        self._cars: Kept[int, OpenCar] = Kept(_KEPT)

    @property
    def turn(self) -> int:
        """Counts what was dropped: a read that began in an earlier turn may be out of date."""
        return self._cars.turn

    def get(self, instance_id: int) -> OpenCar | None:
        """A car that was read and has not changed since."""
        return self._cars.get(instance_id)

    def keep(self, car: OpenCar, turn: int) -> None:
        """Takes a car that was read, unless something was dropped since the turn in which its read began."""
        self._cars.keep(car.id, car, turn)

    def forget(self, instance_ids: Sequence[int], *, fits: bool = False) -> None:
        """Drops cars that changed; where their fits did, those beside and behind them, too."""
        if instance_ids:
            changed = set(instance_ids)
            self._cars.drop(lambda key, car: key in changed or (fits and stands_by(car, changed)))

    def clear(self) -> None:
        """Drops all."""
        self._cars.clear()

    def prepare(self, instance_ids: Sequence[int]) -> None:
        """Reads cars and decodes their frames, so that they are there when they are wanted."""
        for slot, instance_id in enumerate(instance_ids):
            known = self._cars.get(instance_id)
            if known is None:
                self._read(instance_id, slot)
            else:
                self._frames.prepare(known, slot)

    def _read(self, instance_id: int, slot: int) -> None:
        turn = self.turn

        def arrived(car: OpenCar | None) -> None:
            if car is not None:
                self.keep(car, turn)
                self._frames.prepare(car, slot)

        self._worker.in_background(
            lambda: self._reads.car(instance_id), arrived, tag=f"keypoints ahead {slot}"
        )


def stands_by(car: OpenCar, instance_ids: Collection[int]) -> bool:
    """Whether one of some objects is in the car's frame or on its track."""
    beside = (other.instance.id for other in car.context.others)
    along = (view.instance_id for view in car.context.track)
    return any(near in instance_ids for near in (*beside, *along))
