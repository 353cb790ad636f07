"""The Keypoints workspace's controller: one car's points, their live fit, and where a key leads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers import keypoint_points as gestures
from app.controllers.keypoint_drawing import draw
from app.controllers.keypoint_edits import KeypointEdits
from app.controllers.keypoint_fit import FitAnswer, LiveFit
from app.controllers.keypoint_frames import KeypointFrames
from app.controllers.keypoint_looks import LOOKS
from app.controllers.keypoint_queue import KeypointQueue
from app.controllers.keypoint_reads import KeypointReads, OpenCar
from app.controllers.keypoint_shelf import CarShelf, stands_by
from app.controllers.keypoint_track import TrackFilling, carried_to, fill
from app.states.keypoints import KeypointsState
from core.records.fits import VehicleFit
from core.records.history import Touched
from core.records.keypoints import KeypointRow, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.store.edits.accepted_cars import AcceptedCar

if TYPE_CHECKING:
    from app.session import ProjectSession

AHEAD = 3
_NUDGE_PAUSE_MS = 600  # steps of the arrow keys within it are one gesture
_TOLD_BY = ("keypoint_set", "fit")


class KeypointsController(QObject):
    """Holds the state of the workspace and turns wishes into undoable edits.

    Signals:
        changed(KeypointsState): draw this.
        opened(KeypointsState): another object is shown: bring it into view.
        selected(object): the id of the object that is shown, or None.
        said(str): a line about what was just done; empty once the person has gone on.
    """

    changed = Signal(object)
    opened = Signal(object)
    selected = Signal(object)
    said = Signal(str)

    def __init__(self, session: ProjectSession, reads: KeypointReads | None = None) -> None:
        super().__init__()
        self._session = session
        self._reads = reads or KeypointReads(session.project)
        self.queue = KeypointQueue(session, self._reads)
        self.frames = KeypointFrames(session)
        self._edits = KeypointEdits(session)
        self.state = KeypointsState()
        self.current: int | None = None
        self._car: OpenCar | None = None
        self._points = gestures.none_placed(LOOKS[Template.CAR])
        self._draft: KeypointSet | None = None  # while a point is dragged or nudged
        self._live: LiveFit | None = None
        self._answer = FitAnswer()
        self._place = 0  # the point that the next key places
        self._dirty = False  # whether the points were changed since the fit was kept
        self._asked_again = False  # whether Enter was pressed on an ambiguous fit
        self._carried: dict[int, VehicleFit] = {}
        self._shelf = CarShelf(session, self._reads, self.frames)
        self._reversed = 0
        self._shown = False
        self._nudge = QTimer(self)
        self._nudge.setSingleShot(True)
        self._nudge.setInterval(_NUDGE_PAUSE_MS)
        self._nudge.timeout.connect(self.settle)
        self.queue.arrived.connect(self._on_queue)
        self.frames.arrived.connect(lambda: self._shelf.prepare(self.queue.following(self.current, AHEAD)))
        self._edits.refused.connect(self._read_points)
        self._edits.said.connect(self.said)
        session.undone.connect(lambda touched: self._on_reversed(touched, "Undid"))
        session.redone.connect(lambda touched: self._on_reversed(touched, "Did again"))

    @property
    def car(self) -> OpenCar | None:
        """What is shown, with all that stands around it."""
        return self._car

    @property
    def fitted_now(self) -> tuple[KeypointSet, FitAnswer]:
        """The points as they are drawn, and what follows from them."""
        return self._draft or self._points, self._answer

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
        if self._car is not None:
            self._open_again()

    def on_hidden(self) -> None:
        """The workspace left the front."""
        self._leave()
        self._shown = False
        self.said.emit("")

    def close(self) -> None:
        """Stops timers."""
        self._nudge.stop()
        self.queue.close()

    # ---- going from car to car ------------------------------------------------------------------

    def show_instance(self, instance_id: int | None) -> None:
        """Shows an object, in the queue or not; what was done to the one before is kept first."""
        if instance_id == self.current and self._car is not None:
            return
        self._leave()
        self.current = instance_id
        self.selected.emit(instance_id)
        if instance_id is None:
            self._car = self._live = None
            self.state = KeypointsState()
            self.changed.emit(self.state)
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
        car = self._car
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
        self.settle()
        if self._answer.sure and self._answer.fit is not None:
            taken = carried_to(car, self._answer.fit, car.context.track[goal].box)
            if taken is not None:
                self._carried[views[goal]] = taken
        self.said.emit("")
        self.show_instance(views[goal])

    # ---- placing --------------------------------------------------------------------------------

    def place(self, tag: KeypointTag, x: float, y: float) -> None:
        """Places the current point, and goes on to the next that is not placed."""
        car = self._car
        if car is None:
            return
        self.settle()
        index, look = self._place, LOOKS[self._points.template]
        if tag is KeypointTag.TRUNCATED and self._ghost(index, tag) is not None:
            ghost = self._ghost(index, tag)
            assert ghost is not None
            x, y = ghost.x, ghost.y  # nobody can point at what lies outside the picture
        self._points = gestures.with_point(self._points, index, gestures.by_hand(x, y, tag))
        self._refit()
        following = gestures.next_open(self._points, look, index)
        self._place = index if following is None else following
        self._save(f"Place the {look.names[index]} of {car.name}")
        if following is None:
            self.said.emit(f"All {look.count} points are placed.")

    def tag(self, tag: KeypointTag) -> None:
        """Tags the current point where it is, or where the fit puts it."""
        self.settle()  # a tag is given where the arrow keys have just put the point
        car, index = self._car, self._place
        point = self._points.points[index] or self._ghost(index)
        if car is None or point is None:
            self.said.emit("This point is not placed yet.")
            return
        # what a person says of it holds, whatever a later fit says
        told = replace(gestures.tagged(point, tag), origin=_told_by(point.origin))
        self._points = gestures.with_point(self._points, index, told)
        self._refit()
        self._save(f"Tag the {self._name(index)} of {car.name} as {gestures.TAG_WORDS[tag]}")

    def clear_point(self) -> None:
        """Takes the current point away; undo brings it back."""
        car, index = self._car, self._place
        self.settle()
        if car is None or self._points.points[index] is None:
            return
        self._points = gestures.with_point(self._points, index, None)
        self._refit()
        self._save(f"Take back the {self._name(index)} of {car.name}")

    def exchange(self) -> None:
        """Exchanges left and right of all points."""
        car = self._car
        self.settle()
        if car is None or not self._points.placed:
            return
        self._points = gestures.exchanged(self._points, LOOKS[self._points.template])
        self._refit()
        self._save(f"Exchange left and right of {car.name}")

    def accept(self) -> None:
        """Takes over every point that the fit puts somewhere; with nothing left to take over, goes on."""
        car, answer = self._car, self._answer
        if car is None:
            return
        self.settle()
        whole = self._points.placed == len(self._points.points)
        if whole:
            self._leave()
            self.step_queue(1)
            return
        if not answer.ghosts or (answer.fit is not None and answer.fit.swapped):
            self.said.emit("There is nothing to accept yet: place another point.")
            return
        if not answer.sure and not self._asked_again:
            self._asked_again = True
            self.said.emit("The fit is ambiguous: place another point, or press Enter again to accept it.")
            return
        self._points = gestures.filled(self._points, answer.ghosts)
        self._place = LOOKS[self._points.template].order[-1]
        self._dirty = False
        self._shelf.forget([car.id])
        self._edits.accept([self._accepted(car, self._points)], f"Accept the points of {car.name}")
        self._emit()

    # ---- moving ---------------------------------------------------------------------------------

    def drag(self, index: int, x: float, y: float) -> None:
        """Moves a point, or a ghost, while it is held: all is fitted anew at once."""
        if self._car is None:
            return
        if self._nudge.isActive():
            self.settle()
        self._place = index
        self._draft = gestures.with_point(self._points, index, self._moved(index, x, y))
        self._refit()

    def drop(self) -> None:
        """Keeps what a drag led to as one edit."""
        self.settle()

    def let_go(self) -> None:
        """Gives up a drag or the nudges that are not kept yet."""
        self._nudge.stop()
        if self._draft is not None:
            self._draft = None
            self._refit()

    def nudge(self, dx: float, dy: float) -> None:
        """Moves the current point a little."""
        points = self._draft or self._points
        point = points.points[self._place] or self._ghost(self._place)
        if self._car is None or point is None:
            return
        self._draft = gestures.with_point(
            self._points, self._place, self._moved(self._place, point.x + dx, point.y + dy)
        )
        self._nudge.start()
        self._refit()

    def settle(self) -> None:
        """Keeps what was dragged or nudged, where something was."""
        self._nudge.stop()
        car, draft = self._car, self._draft
        self._draft = None
        if car is not None and draft is not None:
            self._points = self._followed(draft)
            self._save(f"Move the {self._name(self._place)} of {car.name}")

    # ---- which point ----------------------------------------------------------------------------

    def select_point(self, index: int) -> None:
        """Makes a point the current one."""
        self.settle()
        self._place = index
        self._emit()

    def step_point(self, step: int) -> None:
        """The next point, or an earlier one, placed or not."""
        if self._car is not None:
            self.select_point(gestures.neighbour(LOOKS[self._points.template], self._place, step))

    def skip(self) -> None:
        """Leaves the current point and goes on to the next that is not placed."""
        following = gestures.next_open(self._points, LOOKS[self._points.template], self._place)
        if self._car is not None and following is not None:
            self.select_point(following)

    # ---- along the track ------------------------------------------------------------------------

    def fill_track(self) -> None:
        """Fills the views between annotated ones, as one edit."""
        car = self._car
        if car is None:
            return
        if len(car.context.track) < 2:
            self.said.emit("This object is on no track.")
            return
        self.settle()
        self._leave()
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
        if "fit" in touched.rows and self._car is not None and stands_by(self._car, ids):
            self._open_again()  # what stands in front of it may have been fitted only now
        if not turned and self._edits.is_own(touched):
            return
        if self.current in ids:
            if not turned:
                self.settle()  # what is held now is a person's, and stays
            self._read_points()
        elif turned and self._shown and ids and any(table in touched.rows for table in _TOLD_BY):
            self.show_instance(ids[0])  # what was taken back is seen at once

    def on_outside_change(self) -> None:
        """Another process wrote, such as a job that fits."""
        self._shelf.clear()
        self.queue.on_outside_change()
        if self._car is None:
            return
        wanted = self._car.id

        def arrived(row: KeypointRow | None) -> None:
            car = self._car
            if car is None or car.id != wanted or self._draft is not None:
                return
            stored = gestures.none_placed(LOOKS[Template.CAR]) if row is None else row.keypoints
            if gestures.without_taken_over(stored) != gestures.without_taken_over(self._points):
                self._read_points()  # the next save would lose what another has placed

        self._session.in_background(
            lambda: self._reads.keypoints(wanted), arrived, tag="keypoints outside points"
        )

    # ---- details --------------------------------------------------------------------------------

    def _take(self, car: OpenCar) -> None:
        """Shows a car that was read and has not changed since."""
        self._shelf.keep(car, self._shelf.turn)
        self._car = car
        row = car.context.keypoints
        self._points = gestures.none_placed(LOOKS[Template.CAR]) if row is None else row.keypoints
        self._live = LiveFit(car.fitting, car.size_px, self._carried.pop(car.id, None))
        self._draft, self._dirty, self._asked_again = None, False, False
        look = LOOKS[self._points.template]
        following = gestures.next_open(self._points, look, look.order[-1])
        self._place = look.order[0] if following is None else following
        self._answer = self._live.answer(self._points)
        self.state = draw(car, self._points, self._answer, self._place)
        self.opened.emit(self.state)
        self._emit()
        self.frames.show(car)

    def _open_again(self) -> None:
        """Reads what stands around the car anew, such as its camera's calibration; the points stay."""
        if self._car is None or self._car.id != self.current:
            return  # another one is on its way, and is read as it stands now
        wanted = self._car.id
        turn = self._shelf.turn

        def arrived(car: OpenCar | None) -> None:
            if car is None or self._car is None or not wanted == self.current == self._car.id:
                return
            self._shelf.keep(car, turn)
            carried = None if self._live is None else self._live.carried
            self._car, self._live = car, LiveFit(car.fitting, car.size_px, carried)
            self._refit()

        self._session.in_background(lambda: self._reads.car(wanted), arrived, tag="keypoints car again")

    def _read_points(self) -> None:
        """Shows the points that are stored, as after an undo, once all that is shown is stored."""
        if self._car is None:
            return
        if self._edits.busy:
            self._edits.after(self._read_points)
            return
        self._nudge.stop()
        self._draft = None
        before = self._points
        row = self._reads.keypoints(self._car.id)
        look = LOOKS[before.template]
        self._points = gestures.none_placed(look) if row is None else row.keypoints
        changed = [index for index in look.order if self._points.points[index] != before.points[index]]
        if changed:
            self._place = changed[0]
            self._dirty = False  # a fit kept on leaving would be a new edit, and end the chance to redo
        if self._live is not None:
            self._live.last = FitAnswer()
        self._refit()

    def _refit(self) -> None:
        points = self._draft or self._points
        self._asked_again = False
        if self._live is not None:
            self._answer = self._live.answer(points)
        if self._draft is not None:
            self._draft = self._followed(points)
        else:
            self._points = self._followed(points)
        self._emit()

    def _followed(self, points: KeypointSet) -> KeypointSet:
        """What was taken over from a fit goes with it."""
        if self._answer.sure and not self._answer.carried:
            return gestures.following(points, self._answer.ghosts)
        return points

    def _emit(self) -> None:
        if self._car is None:
            return
        self.state = draw(self._car, self._draft or self._points, self._answer, self._place)
        self.changed.emit(self.state)

    def _save(self, title: str) -> None:
        assert self._car is not None
        self._dirty = True
        self._shelf.forget([self._car.id])
        self._edits.save(self._car.id, self._points, title)
        self._emit()

    def _leave(self) -> None:
        """Keeps the fit of the car that is left, where its points were changed."""
        self.settle()
        car, answer = self._car, self._answer
        if car is None or not self._dirty or not answer.sure or answer.fit is None or answer.carried:
            return
        self._dirty = False
        self._shelf.forget([car.id])
        self._edits.accept([self._accepted(car, None)], f"Keep the fit of {car.name}")

    def _accepted(self, car: OpenCar, points: KeypointSet | None) -> AcceptedCar:
        return AcceptedCar(
            car.id,
            points,
            self._answer.fit if self._answer.sure else None,
            car.fitting.calibration_id,
            car.fitting.shape_space,
            car.context.instance.mask_id if car.fitting.by_mask else None,
        )

    def _moved(self, index: int, x: float, y: float) -> PlacedPoint:
        point = self._points.points[index] or self._ghost(index)
        return gestures.by_hand(x, y, KeypointTag.VISIBLE if point is None else point.tag)

    def _ghost(self, index: int, tag: KeypointTag | None = None) -> PlacedPoint | None:
        """Where the fit puts a point; with a tag, only where it gives that tag."""
        if not self._answer.ghosts or (self._answer.fit is not None and self._answer.fit.swapped):
            return None
        ghost = self._answer.ghosts[index]
        return ghost if tag is None or ghost.tag is tag else None

    def _name(self, index: int) -> str:
        return LOOKS[self._points.template].names[index]

    def _on_reversed(self, touched: Touched, word: str) -> None:
        self._reversed = touched.edit_id
        if self._shown:
            self.said.emit(f"{word}: {touched.title}.")

    def _on_queue(self, first: int | None) -> None:
        if self.current is None and first is not None and self._shown:
            self.show_instance(first)


def _told_by(origin: LabelOrigin) -> LabelOrigin:
    """A person who tags a point that a fit or a network placed vouches for it."""
    return LabelOrigin.HUMAN if origin in (LabelOrigin.FIT, LabelOrigin.NETWORK) else origin
