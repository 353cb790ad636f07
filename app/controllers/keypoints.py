"""The Keypoints workspace's controller: which car is shown, where a key leads, and what news mean for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.keypoint_edits import KeypointEdits
from app.controllers.keypoint_frames import KeypointFrames
from app.controllers.keypoint_hand import CarInHand
from app.controllers.keypoint_queue import KeypointQueue
from app.controllers.keypoint_reads import KeypointReads, OpenCar
from app.controllers.keypoint_shelf import CarShelf, stands_by
from app.controllers.keypoint_track import TrackFilling, carried_to, fill
from app.controllers.saying import did_again, undid
from core.records.fits import VehicleFit
from core.records.history import Touched
from core.records.keypoints import KeypointRow

if TYPE_CHECKING:
    from app.session import ProjectSession

AHEAD = 3
_TOLD_BY = ("keypoint_set", "fit")


class KeypointsController(QObject):
    """Goes from car to car. What is done to the points of the one that is shown, the hand does.

    Signals:
        selected(object): the id of the object that is shown, or None.
        said(str): a line about what was just done; empty once the person has gone on.
        news(str, str): what somebody else has done to the object, and what that means for the person.
    """

    selected = Signal(object)
    said = Signal(str)
    news = Signal(str, str)

    def __init__(self, session: ProjectSession, reads: KeypointReads | None = None) -> None:
        super().__init__()
        self._session = session
        self._reads = reads or KeypointReads(session.project)
        self.queue = KeypointQueue(session, self._reads)
        self.frames = KeypointFrames(session)
        self._edits = KeypointEdits(session)
        self._shelf = CarShelf(session, self._reads, self.frames)
        self.hand = CarInHand(self._edits, self._reads, self._shelf)
        self.current: int | None = None
        self._carried: dict[int, VehicleFit] = {}
        self._reversed = 0
        self._shown = False
        self.queue.arrived.connect(self._on_queue)
        self.frames.arrived.connect(lambda: self._shelf.prepare(self.queue.following(self.current, AHEAD)))
        self.hand.said.connect(self.said)
        self.hand.overtaken.connect(self._on_overtaken)
        self._edits.refused.connect(self.hand.keep_up)
        self._edits.merged.connect(self._on_merged)
        self._edits.said.connect(self.said)
        session.reversing.connect(self.hand.settle)
        session.undone.connect(lambda touched: self._on_reversed(touched, undid(touched)))
        session.redone.connect(lambda touched: self._on_reversed(touched, did_again(touched)))

    # ---- life -----------------------------------------------------------------------------------

    def on_shown(self, left_at: int | None = None) -> None:
        """The workspace came to the front.

        Args:
            left_at: the object that was shown when the project was closed.
        """
        self._shown = True
        if self.current is None and left_at is not None:
            self.show_instance(left_at)
        self.queue.show()
        if self.hand.car is not None:
            self._open_again()

    def on_hidden(self) -> None:
        """The workspace left the front."""
        self.hand.leave()
        self._shown = False
        self.said.emit("")

    def close(self) -> None:
        """Stops timers."""
        self.hand.close()
        self.queue.close()

    # ---- going from car to car ------------------------------------------------------------------

    def show_instance(self, instance_id: int | None) -> None:
        """Shows an object, in the queue or not; what was done to the one before is kept first."""
        if instance_id == self.current and self.hand.car is not None:
            return
        self.hand.leave()
        self.current = instance_id
        self.selected.emit(instance_id)
        if instance_id is None:
            self.hand.put_down()
            self.frames.clear()
            return
        known = self._shelf.get(instance_id)
        if known is not None:
            self._take(known)
            return

        turns: list[int] = []  # of the shelf, in which the car was read

        def read() -> None:
            turns.append(self._shelf.turn)
            self._session.in_background(lambda: self._reads.car(instance_id), arrived, tag="keypoints car")

        def arrived(car: OpenCar | None) -> None:
            if self.current != instance_id:
                return
            if len(turns) == 1 and turns[0] != self._shelf.turn:
                self._edits.after(read)  # changed meanwhile; a job changes something all the time, so once
                return
            if car is None:
                self.said.emit(f"Object {instance_id} is no longer there.")
                self.current = None
                self.selected.emit(None)
                return
            self._take(car)

        # edits that are under way come first, so that what was just done is read
        self._edits.after(read)

    def step_queue(self, step: int) -> None:
        """Goes on (or back, where step is negative) in the queue."""
        goal = self.queue.beside(self.current, step)
        if goal is None:
            self.said.emit("The queue ends here." if step > 0 else "The queue begins here.")
        else:
            self.said.emit("")
            self.show_instance(goal)

    def step_track(self, step: int) -> None:
        """Goes to the same object's next (or earlier) view and takes the fit along."""
        car = self.hand.car
        if car is None:
            return
        views = [view.instance_id for view in car.context.track]
        if car.id not in views:
            self.said.emit("This object is on no track.")
            return
        goal = views.index(car.id) + step
        if not 0 <= goal < len(views):
            self.said.emit("The track ends here." if step > 0 else "The track begins here.")
            return
        self.hand.settle()
        answer = self.hand.answer
        if answer.sure and answer.fit is not None:
            taken = carried_to(car, answer.fit, car.context.track[goal].box)
            if taken is not None:
                self._carried[views[goal]] = taken
        self.said.emit("")
        self.show_instance(views[goal])

    def accept(self) -> None:
        """Takes over what the fit says of the other points; with nothing left to take over, goes on."""
        if not self.hand.accept():
            self.hand.leave()
            self.step_queue(1)

    # ---- along the track ------------------------------------------------------------------------

    def fill_track(self) -> None:
        """Fills the views between annotated ones, as one edit."""
        car = self.hand.car
        if car is None:
            return
        if len(car.context.track) < 2:
            self.said.emit("This object is on no track.")
            return
        self.hand.leave()
        self.said.emit("Filling the track…")

        def done(filling: TrackFilling) -> None:
            if filling.problem:
                self.said.emit(filling.problem)
                return
            track = car.context.instance.track_id
            self._edits.accept_filled(
                filling.cars, filling.seen, lambda count: f"Fill {count} views of track {track}"
            )

        self._edits.after(
            lambda: self._session.in_background(lambda: fill(self._reads, car.id), done, tag="keypoints fill")
        )

    # ---- news -----------------------------------------------------------------------------------

    def on_touched(self, touched: Touched) -> None:
        """An edit, an undo or a redo was committed."""
        turned = touched.edit_id == self._reversed and touched.edit_id != 0
        self._reversed = 0
        ids = touched.rows.get("instance", ())
        self._shelf.forget(ids, fits="fit" in touched.rows)
        if "calibration" in touched.rows or "camera" in touched.rows:
            self._shelf.clear()
            self._open_again()
            return
        if ids:
            self.queue.on_edited(ids)
        if "fit" in touched.rows and self.hand.car is not None and stands_by(self.hand.car, ids):
            self._open_again()  # what stands in front of it may have been fitted only now
        if not turned and self._edits.is_own(touched):
            return
        if self.current in ids:
            if not turned:
                self.hand.settle()  # what is held now is a person's, and stays
            self.hand.show_stored()
        elif turned and self._shown and ids and any(table in touched.rows for table in _TOLD_BY):
            self.show_instance(ids[0])  # what was taken back is seen at once

    def on_outside_change(self) -> None:
        """Another process wrote, such as a job that fits."""
        self._shelf.clear()
        self.queue.on_outside_change()
        if self.hand.car is None:
            return
        wanted = self.hand.car.id

        def arrived(row: KeypointRow | None) -> None:
            car = self.hand.car
            if car is not None and car.id == wanted and not self.hand.knows(row):
                self.hand.keep_up(tell=True)

        self._session.in_background(
            lambda: self._reads.keypoints(wanted), arrived, tag="keypoints outside points"
        )

    # ---- details --------------------------------------------------------------------------------

    def _take(self, car: OpenCar) -> None:
        """Shows a car that was read and has not changed since."""
        self._shelf.keep(car, self._shelf.turn)
        self.hand.take(car, self._carried.pop(car.id, None))
        self.frames.show(car)

    def _open_again(self) -> None:
        """Reads what stands around the car anew, such as its camera's calibration; the points stay."""
        if self.hand.car is None or self.hand.car.id != self.current:
            return  # another one is on its way, and is read as it stands now
        wanted = self.hand.car.id
        turn = self._shelf.turn

        def arrived(car: OpenCar | None) -> None:
            shown = self.hand.car
            if car is None or shown is None or not wanted == self.current == shown.id:
                return
            self._shelf.keep(car, turn)
            self.hand.surround(car)

        self._session.in_background(lambda: self._reads.car(wanted), arrived, tag="keypoints car again")

    def _on_merged(self, who: str, name: str) -> None:
        """A gesture was kept beside what somebody else had done to the same car."""
        self.news.emit(f"{who} has changed the points of {name} meanwhile.", "Both changes are kept.")
        self.hand.keep_up()

    def _on_overtaken(self, row: KeypointRow | None) -> None:
        car = self.hand.car
        assert car is not None
        if row is None:
            who = "Somebody"
        elif row.annotator is None:
            who = "A job"
        else:
            who = "Another window" if row.annotator == self._session.annotator else row.annotator
        self.news.emit(
            f"{who} has changed the points of {car.name} meanwhile.", "They are shown as they are now."
        )

    def _on_reversed(self, touched: Touched, words: str) -> None:
        self._reversed = touched.edit_id
        if self._shown:
            self.said.emit(words)

    def _on_queue(self, first: int | None) -> None:
        if self.current is None and first is not None and self._shown:
            self.show_instance(first)
