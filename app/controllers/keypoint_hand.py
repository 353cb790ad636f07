"""The car or person whose points are placed now: what gestures make of them, their live fit, what is kept."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers import keypoint_points as gestures
from app.controllers.keypoint_card import nothing_to_accept
from app.controllers.keypoint_drawing import draw, places_of_rest
from app.controllers.keypoint_edits import KeypointEdits
from app.controllers.keypoint_fit import FitAnswer
from app.controllers.keypoint_held import HeldFit
from app.controllers.keypoint_looks import LOOKS
from app.controllers.keypoint_person_fit import FitWorker
from app.controllers.keypoint_reads import KeypointReads, OpenObject, points_in_force
from app.controllers.keypoint_shelf import ObjectShelf
from app.controllers.keypoint_track import Carried, accepted
from app.states.keypoint_look import TemplateLook
from app.states.keypoints import KeypointsState
from core.records.keypoints import KeypointRow, KeypointSet, PlacedPoint, Template
from core.records.shapes import KeypointTag
from core.store.edits.keypoint_gestures import PointsGesture, as_seen

_LATE_MS = 30
_NUDGE_PAUSE_MS = 600  # steps of the arrow keys within it are one gesture


class ObjectInHand(QObject):
    """Holds one car or person and turns gestures on its points into edits.

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

    def __init__(
        self, edits: KeypointEdits, reads: KeypointReads, shelf: ObjectShelf, worker: FitWorker
    ) -> None:
        super().__init__()
        self._edits, self._reads, self._shelf, self._worker = edits, reads, shelf, worker
        self.state = KeypointsState()
        self._object: OpenObject | None = None
        self._points = self._stored = gestures.none_placed(LOOKS[Template.CAR])
        self._draft: KeypointSet | None = None  # while a point is dragged or nudged
        self._fit = HeldFit(worker)
        self._answer = FitAnswer()
        self._place = 0  # the point that the next key places
        self._dirty = False  # whether the points were changed since the fit was kept
        self._asked_again = False  # whether Enter was pressed on an ambiguous fit
        self._accept_then = False  # whether it was pressed while the newest points were being fitted
        self._nudge = QTimer(self)
        self._nudge.setSingleShot(True)
        self._nudge.setInterval(_NUDGE_PAUSE_MS)
        self._nudge.timeout.connect(self.settle)
        self._fit.fitted.connect(self._on_fitted)
        self._late = QTimer(self)  # shows a fit that came within a drag, where no move does
        self._late.setSingleShot(True)
        self._late.setInterval(_LATE_MS)
        self._late.timeout.connect(self._show_fitted)

    @property
    def object(self) -> OpenObject | None:
        """What is shown, with all that stands around it."""
        return self._object

    @property
    def points(self) -> KeypointSet:
        """The points as they are drawn."""
        return self._draft or self._points

    @property
    def answer(self) -> FitAnswer:
        """What follows from them."""
        return self._answer

    @property
    def waiting(self) -> bool:
        """Whether the newest points are still being fitted."""
        return self._fit.waiting

    # ---- which object ---------------------------------------------------------------------------

    def take(self, one: OpenObject, carried: Carried | None) -> None:
        """Shows an object as it is stored.

        Args:
            carried: what was brought along its track.
        """
        self._object = one
        self._points = self._stored = points_in_force(one.context.keypoints, one.look)
        self._fit.begin(one, carried)
        self._draft, self._dirty, self._asked_again, self._accept_then = None, False, False, False
        following = gestures.next_open(self._points, one.look, one.look.order[-1])
        self._place = one.look.order[0] if following is None else following
        self._answer = self._fit.answer_to(self._points)
        self.state = self._drawn(one)
        self.opened.emit(self.state)
        self._emit()

    def put_down(self) -> None:
        """Shows no object."""
        self._fit.let_go()
        self._object = None
        self.state = KeypointsState()
        self.changed.emit(self.state)

    def surround(self, one: OpenObject) -> None:
        """Takes what stands around the object as it is now, such as its calibration; the points stay."""
        if one.look is not self._look:
            self.take(one, None)  # it is called something else now
            return
        self._object = one
        self._fit.begin_again(one)
        self._refit()

    def leave(self) -> None:
        """Keeps the fit of the object, where its points were changed."""
        self.settle()
        self._accept_then = False
        one, points, stored = self._object, self._points, self._stored
        if one is None or not self._dirty:
            return
        if self._fit.waiting:
            self._dirty = False
            self._fit.once_fitted(lambda answer: self._keep(one, points, stored, answer))
        elif self._answer.holds and not self._answer.carried:
            self._dirty = False
            self._keep(one, points, stored, self._answer)

    def on_reversing(self) -> None:
        """An undo or a redo was asked for: what is held becomes an edit before it, and nothing after it."""
        self.settle()
        self._fit.drop_left()

    def close(self) -> None:
        """Stops the timers."""
        self._nudge.stop()
        self._late.stop()
        self._fit.let_go()
        self._fit.drop_left()

    # ---- placing --------------------------------------------------------------------------------

    def place(self, tag: KeypointTag, x: float, y: float) -> None:
        """Places the current point, and goes on to the next that is not placed."""
        one = self._object
        if one is None:
            return
        self.settle()
        index, look = self._place, one.look
        if tag is KeypointTag.TRUNCATED and self._ghost(index, tag) is not None:
            ghost = self._ghost(index, tag)
            assert ghost is not None
            x, y = ghost.x, ghost.y  # nobody can point at what lies outside the picture
        self._points = gestures.with_point(self._points, index, gestures.by_hand(x, y, tag))
        self._refit()
        following = gestures.next_open(self._points, look, index)
        self._place = index if following is None else following
        self._save(f"Place the {look.names[index]} of {one.name}")
        if following is None:
            self.said.emit(f"All {look.count} points are placed.")

    def tag(self, tag: KeypointTag) -> None:
        """Tags the current point where it is, or where the fit puts it."""
        self.settle()  # a tag is given where the arrow keys have just put the point
        one, index = self._object, self._place
        point = self._points.points[index] or self._ghost(index)
        if one is None or point is None:
            self.said.emit("This point is not placed yet.")
            return
        # what a person says of it holds, whatever a later fit says
        told = replace(gestures.tagged(point, tag), origin=gestures.told_by(point.origin))
        self._points = gestures.with_point(self._points, index, told)
        self._refit()
        self._save(f"Tag the {self._name(index)} of {one.name} as {gestures.TAG_WORDS[tag]}")

    def tag_rest(self, tag: KeypointTag) -> None:
        """Takes over every point that is not placed, as hidden or outside, whatever the fit says of it."""
        self.settle()
        one = self._object
        if one is None or self._points.placed == len(self._points.points):
            return
        places = places_of_rest(one, self._points, self._answer)
        if not places:
            self.said.emit(nothing_to_accept(self._answer, one.look))
            return
        self._points = gestures.rest(self._points, places, tag)
        self._place = one.look.order[-1]
        self._refit()
        self._save(f"Tag the rest of {one.name} as {gestures.TAG_WORDS[tag]}", whole=True)

    def clear_point(self) -> None:
        """Takes the current point away; undo brings it back."""
        one, index = self._object, self._place
        self.settle()
        if one is None or self._points.points[index] is None:
            return
        self._points = gestures.with_point(self._points, index, None)
        self._refit()
        self._save(f"Take back the {self._name(index)} of {one.name}")

    def exchange(self) -> None:
        """Exchanges left and right of all points."""
        one = self._object
        self.settle()
        if one is None or not self._points.placed:
            return
        self._points = gestures.exchanged(self._points, self._look)
        self._refit()
        self._save(f"Exchange left and right of {one.name}", whole=True)

    def confirm(self) -> bool:
        """Says that what a network placed is right, where every point is placed; whether it did."""
        self.settle()
        return self._points.placed == len(self._points.points) and self._confirm()

    def accept(self) -> bool:
        """Takes over every point that the fit puts somewhere; False where all points are placed already.

        What a network placed is confirmed with it.
        """
        one, answer = self._object, self._answer
        if one is None:
            return True
        self.settle()
        if self._points.placed == len(self._points.points):
            return False
        if self._fit.waiting:
            self._accept_then = True  # nobody has seen yet what it says of the newest points
            return True
        if not answer.ghosts or answer.exchanged:
            if self._confirm():
                left = len(self._points.points) - self._points.placed
                self.said.emit(f"Confirmed what is placed; {left} points are not.")
            else:
                self.said.emit(nothing_to_accept(answer, one.look))
            return True
        if not answer.sure and not self._asked_again:
            self._asked_again = True
            self.said.emit("The fit is ambiguous: place another point, or press Enter again to accept it.")
            return True
        self._points = gestures.filled(gestures.confirmed(self._points), answer.ghosts)
        self._place = one.look.order[-1]
        self._dirty = False
        self._shelf.forget([one.id])
        kept = accepted(one, self._points, answer, self._stored)
        self._edits.accept([kept], f"Accept the points of {one.name}")
        self._stored = self._points
        self._emit()
        return True

    # ---- moving ---------------------------------------------------------------------------------

    def drag(self, index: int, x: float, y: float) -> None:
        """Moves a point, or a ghost, while it is held: all is fitted anew at once."""
        if self._object is None:
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
        if self._object is None or point is None:
            return
        self._draft = gestures.with_point(
            self._points, self._place, self._moved(self._place, point.x + dx, point.y + dy)
        )
        self._nudge.start()
        self._refit()

    def settle(self) -> None:
        """Keeps what was dragged or nudged, where something was, as one edit."""
        self._nudge.stop()
        one, draft = self._object, self._draft
        self._draft = None
        if one is not None and draft is not None:
            self._points = draft
            self._follow()
            self._save(f"Move the {self._name(self._place)} of {one.name}")

    # ---- which point ----------------------------------------------------------------------------

    def select_point(self, index: int) -> None:
        """Makes a point the current one."""
        self.settle()
        self._place = index
        self._emit()

    def step_point(self, step: int) -> None:
        """The next point, or an earlier one, placed or not."""
        if self._object is not None:
            self.select_point(gestures.neighbour(self._look, self._place, step))

    def skip(self) -> None:
        """Leaves the current point and goes on to the next that is not placed."""
        following = gestures.next_open(self._points, self._look, self._place)
        if self._object is not None and following is not None:
            self.select_point(following)

    # ---- what is stored -------------------------------------------------------------------------

    def show_stored(self) -> None:
        """Shows the points that are stored, as after an undo, once all that is shown is stored."""
        if self._edits.busy:
            self._edits.after(self.show_stored)
        elif self._object is not None:
            self._nudge.stop()
            self._draft = None
            row = self._reads.keypoints(self._object.id)
            if self._show_points(row):
                self._dirty = False  # a fit kept on leaving would be a new edit, and end the chance to redo

    def keep_up(self, *, tell: bool = False) -> None:
        """Shows the points that are stored, as others have changed them; what is held stays in the hand.

        Args:
            tell: whether a change is news to the person.
        """
        if self._edits.busy:
            self._edits.after(lambda: self.keep_up(tell=tell))
        elif self._object is not None:
            row = self._reads.keypoints(self._object.id)
            news = not as_seen(points_in_force(row, self._look), self._stored)
            self._show_points(row)
            if news and tell:
                self.overtaken.emit(row)

    def knows(self, row: KeypointRow | None) -> bool:
        """Whether stored points are those that were read or are being saved, but for what goes with a fit."""
        return as_seen(points_in_force(row, self._look), self._stored)

    def _show_points(self, row: KeypointRow | None) -> bool:
        """Shows points that were read, those that are held over them; whether they are others."""
        stored, known, before, draft = (
            points_in_force(row, self._look),
            self._stored,
            self._points,
            self._draft,
        )
        self._points = self._stored = stored
        order = LOOKS[before.template].order
        changed = [index for index in order if stored.points[index] != before.points[index]]
        if draft is not None:
            # of this point the person has seen no more than when it was taken up
            self._stored = gestures.with_point(stored, self._place, known.points[self._place])
            self._draft = gestures.with_point(stored, self._place, draft.points[self._place])
        elif changed:
            self._place = changed[0]
        self._fit.forget()
        self._refit()
        return bool(changed)

    # ---- details --------------------------------------------------------------------------------

    def _refit(self) -> None:
        points = self.points
        self._asked_again = self._accept_then = False
        self._late.stop()
        self._answer = self._fit.answer_to(points)
        self._follow()
        self._emit()

    def _on_fitted(self) -> None:
        """Points of a person that are shown, or were a moment ago, are fitted.

        While a point is dragged, the next move shows it: a drag is drawn once for each move.
        """
        if self._draft is not None:
            self._late.start()
        else:
            self._show_fitted()

    def _show_fitted(self) -> None:
        self._answer = self._fit.answer_to(self.points)
        if not self._fit.waiting:
            self._follow()
        self._emit()
        if self._accept_then and not self._fit.waiting:
            self.accept()

    def _follow(self) -> None:
        """What was taken over from a fit goes with it."""
        if self._answer.holds and not self._answer.carried:
            points = gestures.following(self.points, self._answer.ghosts)
            if self._draft is not None:
                self._draft = points
            else:
                self._points = points

    def _drawn(self, one: OpenObject) -> KeypointsState:
        return draw(one, self.points, self._answer, self._place, waiting=self._fit.waiting)

    def _emit(self) -> None:
        if self._object is None:
            return
        self.state = self._drawn(self._object)
        self.changed.emit(self.state)

    def _keep(self, one: OpenObject, points: KeypointSet, stored: KeypointSet, answer: FitAnswer) -> None:
        """Keeps a fit alone, and what went with it."""
        if not answer.holds:
            return
        self._shelf.forget([one.id])
        followed = gestures.following(points, answer.ghosts)  # a person's after they were stored
        kept = accepted(one, None if followed == stored else followed, answer, stored)
        self._edits.accept([kept], f"Keep the fit of {one.name}")

    def _confirm(self) -> bool:
        one, told = self._object, gestures.confirmed(self._points)
        if one is None or told == self._points:
            return False
        self._points = told
        self._refit()
        self._save(f"Confirm the points of {one.name}", whole=True)
        return True

    def _save(self, title: str, *, whole: bool = False) -> None:
        assert self._object is not None
        self._dirty = True
        self._shelf.forget([self._object.id])
        gesture = PointsGesture(self._object.id, self._stored, self._points, whole)
        self._edits.save(gesture, title, self._object.name)
        self._stored = self._points
        self._emit()

    def _moved(self, index: int, x: float, y: float) -> PlacedPoint:
        point = self._points.points[index] or self._ghost(index)
        return gestures.by_hand(x, y, KeypointTag.VISIBLE if point is None else point.tag)

    def _ghost(self, index: int, tag: KeypointTag | None = None) -> PlacedPoint | None:
        """Where the fit puts a point; with a tag, only where it gives that tag."""
        if not self._answer.ghosts or self._answer.exchanged:
            return None
        ghost = self._answer.ghosts[index]
        return ghost if tag is None or ghost.tag is tag else None

    @property
    def _look(self) -> TemplateLook:
        return LOOKS[self._points.template]

    def _name(self, index: int) -> str:
        return self._look.names[index]
