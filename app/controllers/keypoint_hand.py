"""The car whose points are placed now: what each gesture makes of them, their live fit, and what is kept."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers import keypoint_points as gestures
from app.controllers.keypoint_drawing import draw
from app.controllers.keypoint_edits import KeypointEdits
from app.controllers.keypoint_fit import FitAnswer, LiveFit
from app.controllers.keypoint_looks import LOOKS
from app.controllers.keypoint_reads import KeypointReads, OpenCar
from app.controllers.keypoint_shelf import CarShelf
from app.states.keypoints import KeypointsState
from core.records.fits import FitVerdict, VehicleFit
from core.records.keypoints import KeypointRow, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.store.edits.accepted_cars import AcceptedCar
from core.store.edits.keypoint_gestures import PointsGesture, as_seen

_NUDGE_PAUSE_MS = 600  # steps of the arrow keys within it are one gesture


class CarInHand(QObject):
    """Holds one car and turns gestures on its points into edits.

    Signals:
        changed(KeypointsState): draw this.
        opened(KeypointsState): another object is shown: bring it into view.
        said(str): a line about what was just done.
        overtaken(object): somebody else has changed the points: their KeypointRow, or None where there are
            none any more.
    """

    changed = Signal(object)
    opened = Signal(object)
    said = Signal(str)
    overtaken = Signal(object)

    def __init__(self, edits: KeypointEdits, reads: KeypointReads, shelf: CarShelf) -> None:
        super().__init__()
        self._edits, self._reads, self._shelf = edits, reads, shelf
        self.state = KeypointsState()
        self._car: OpenCar | None = None
        self._points = self._stored = gestures.none_placed(LOOKS[Template.CAR])
        self._draft: KeypointSet | None = None  # while a point is dragged or nudged
        self._live: LiveFit | None = None
        self._answer = FitAnswer()
        self._place = 0  # the point that the next key places
        self._dirty = False  # whether the points were changed since the fit was kept
        self._asked_again = False  # whether Enter was pressed on an ambiguous fit
        self._nudge = QTimer(self)
        self._nudge.setSingleShot(True)
        self._nudge.setInterval(_NUDGE_PAUSE_MS)
        self._nudge.timeout.connect(self.settle)

    @property
    def car(self) -> OpenCar | None:
        """What is shown, with all that stands around it."""
        return self._car

    @property
    def points(self) -> KeypointSet:
        """The points as they are drawn."""
        return self._draft or self._points

    @property
    def answer(self) -> FitAnswer:
        """What follows from them."""
        return self._answer

    # ---- which car ------------------------------------------------------------------------------

    def take(self, car: OpenCar, carried: VehicleFit | None) -> None:
        """Shows a car as it is stored.

        Args:
            carried: a fit of it that was brought along its track.
        """
        self._car = car
        self._points = self._stored = _stored_points(car.context.keypoints)
        self._live = LiveFit(car.fitting, car.size_px, carried)
        self._draft, self._dirty, self._asked_again = None, False, False
        look = LOOKS[self._points.template]
        following = gestures.next_open(self._points, look, look.order[-1])
        self._place = look.order[0] if following is None else following
        self._answer = self._live.answer(self._points)
        self.state = draw(car, self._points, self._answer, self._place)
        self.opened.emit(self.state)
        self._emit()

    def put_down(self) -> None:
        """Shows no car."""
        self._car = self._live = None
        self.state = KeypointsState()
        self.changed.emit(self.state)

    def surround(self, car: OpenCar) -> None:
        """Takes what stands around the car as it is now, such as its calibration; the points stay."""
        carried = None if self._live is None else self._live.carried
        self._car, self._live = car, LiveFit(car.fitting, car.size_px, carried)
        self._refit()

    def leave(self) -> None:
        """Keeps the fit of the car, where its points were changed."""
        self.settle()
        car, answer = self._car, self._answer
        if car is None or not self._dirty or not answer.sure or answer.fit is None or answer.carried:
            return
        self._dirty = False
        self._shelf.forget([car.id])
        self._edits.accept([self._accepted(car, None)], f"Keep the fit of {car.name}")

    def close(self) -> None:
        """Stops the timer."""
        self._nudge.stop()

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
        self._save(f"Exchange left and right of {car.name}", whole=True)

    def accept(self) -> bool:
        """Takes over every point that the fit puts somewhere; False where all points are placed already."""
        car, answer = self._car, self._answer
        if car is None:
            return True
        self.settle()
        if self._points.placed == len(self._points.points):
            return False
        if not answer.ghosts or (answer.fit is not None and answer.fit.swapped):
            self.said.emit(_nothing_to_accept(answer))
            return True
        if not answer.sure and not self._asked_again:
            self._asked_again = True
            self.said.emit("The fit is ambiguous: place another point, or press Enter again to accept it.")
            return True
        self._points = gestures.filled(self._points, answer.ghosts)
        self._place = LOOKS[self._points.template].order[-1]
        self._dirty = False
        self._shelf.forget([car.id])
        self._edits.accept([self._accepted(car, self._points)], f"Accept the points of {car.name}")
        self._stored = self._points
        self._emit()
        return True

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

    def let_go(self) -> None:
        """Gives up a drag or the nudges that are not kept yet."""
        self._nudge.stop()
        if self._draft is not None:
            self._draft = None
            self._stored = self._points
            self._refit()

    def nudge(self, dx: float, dy: float) -> None:
        """Moves the current point a little."""
        point = self.points.points[self._place] or self._ghost(self._place)
        if self._car is None or point is None:
            return
        self._draft = gestures.with_point(
            self._points, self._place, self._moved(self._place, point.x + dx, point.y + dy)
        )
        self._nudge.start()
        self._refit()

    def settle(self) -> None:
        """Keeps what was dragged or nudged, where something was, as one edit."""
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

    # ---- what is stored -------------------------------------------------------------------------

    def show_stored(self) -> None:
        """Shows the points that are stored, as after an undo, once all that is shown is stored."""
        if self._edits.busy:
            self._edits.after(self.show_stored)
        elif self._car is not None:
            self._nudge.stop()
            self._draft = None
            row = self._reads.keypoints(self._car.id)
            if self._show_points(row):
                self._dirty = False  # a fit kept on leaving would be a new edit, and end the chance to redo

    def keep_up(self, *, tell: bool = False) -> None:
        """Shows the points that are stored, as others have changed them; what is held stays in the hand.

        Args:
            tell: whether a change is news to the person.
        """
        if self._edits.busy:
            self._edits.after(lambda: self.keep_up(tell=tell))
        elif self._car is not None:
            row = self._reads.keypoints(self._car.id)
            news = not as_seen(_stored_points(row), self._stored)
            self._show_points(row)
            if news and tell:
                self.overtaken.emit(row)

    def knows(self, row: KeypointRow | None) -> bool:
        """Whether stored points are those that were read or are being saved, but for what goes with a fit."""
        return as_seen(_stored_points(row), self._stored)

    def _show_points(self, row: KeypointRow | None) -> bool:
        """Shows points that were read, those that are held over them; whether they are others."""
        stored, known, before, draft = _stored_points(row), self._stored, self._points, self._draft
        self._points = self._stored = stored
        order = LOOKS[before.template].order
        changed = [index for index in order if stored.points[index] != before.points[index]]
        if draft is not None:
            # of this point the person has seen no more than when it was taken up
            self._stored = gestures.with_point(stored, self._place, known.points[self._place])
            self._draft = gestures.with_point(stored, self._place, draft.points[self._place])
        elif changed:
            self._place = changed[0]
        if self._live is not None:
            self._live.last = FitAnswer()
        self._refit()
        return bool(changed)

    # ---- details --------------------------------------------------------------------------------

    def _refit(self) -> None:
        points = self.points
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
        self.state = draw(self._car, self.points, self._answer, self._place)
        self.changed.emit(self.state)

    def _save(self, title: str, *, whole: bool = False) -> None:
        assert self._car is not None
        self._dirty = True
        self._shelf.forget([self._car.id])
        gesture = PointsGesture(self._car.id, self._stored, self._points, whole)
        self._edits.save(gesture, title, self._car.name)
        self._stored = self._points
        self._emit()

    def _accepted(self, car: OpenCar, points: KeypointSet | None) -> AcceptedCar:
        return AcceptedCar(
            car.id,
            points,
            self._answer.fit if self._answer.sure else None,
            car.fitting.calibration_id,
            car.fitting.shape_space,
            car.context.instance.mask_id if car.fitting.by_mask else None,
            self._stored,
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


def _nothing_to_accept(answer: FitAnswer) -> str:
    fit = answer.fit
    if fit is not None and fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE:
        return "No car looks like these points: move those that are marked as off, or place the rest by hand."
    return "There is nothing to accept yet: place another point."


def _stored_points(row: KeypointRow | None) -> KeypointSet:
    return gestures.none_placed(LOOKS[Template.CAR]) if row is None else row.keypoints


def _told_by(origin: LabelOrigin) -> LabelOrigin:
    """A person who tags a point that a fit or a network placed vouches for it."""
    return LabelOrigin.HUMAN if origin in (LabelOrigin.FIT, LabelOrigin.NETWORK) else origin
