"""The Keypoints workspace's controller: which object is shown, where a key leads, and what news mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.keypoint_edits import KeypointEdits
from app.controllers.keypoint_frames import KeypointFrames
from app.controllers.keypoint_hand import ObjectInHand
from app.controllers.keypoint_queue import KeypointQueue
from app.controllers.keypoint_reads import KeypointReads, OpenObject
from app.controllers.keypoint_shelf import ObjectShelf, stands_by
from app.controllers.keypoint_track import Carried, TrackFilling, brought_near, carried_to, fill
from app.controllers.saying import did_again, undid
from core.records.history import Touched
from core.records.keypoints import KeypointRow, Template

if TYPE_CHECKING:
    from app.session import ProjectSession

AHEAD = 3
_TOLD_BY = ("keypoint_set", "fit")


class KeypointsController(QObject):
    """Goes from object to object. What is done to the points of the one that is shown, the hand does.

    Signals:
        selected(object): the id of the object that is shown, or None.
        template_at(Template, int): which of its kind that is.
        said(str): a line about what was just done; empty once the person has gone on.
        news(str, str): what somebody else has done to the object, and what that means for the person.
    """

    selected = Signal(object)
    template_at = Signal(object, int)
    said = Signal(str)
    news = Signal(str, str)

    def __init__(self, session: ProjectSession, reads: KeypointReads | None = None) -> None:
        super().__init__()
        self._session = session
        self._reads = reads or KeypointReads(session.project, session.bodies, session.person_fits)
        self.queue = KeypointQueue(session, self._reads)
        self.frames = KeypointFrames(session)
        self._edits = KeypointEdits(session)
        self._shelf = ObjectShelf(session, self._reads, self.frames)
        self.hand = ObjectInHand(self._edits, self._reads, self._shelf, session)
        self.current: int | None = None
        self._carried: dict[int, Carried] = {}
        self._left_at: dict[Template, int] = {}  # the object of each kind that was shown last
        self._reversed = 0
        self._shown = False
        self.queue.arrived.connect(self._on_queue)
        self.frames.arrived.connect(lambda: self._shelf.prepare(self.queue.following(self.current, AHEAD)))
        self.hand.said.connect(self.said)
        self.hand.overtaken.connect(self._on_overtaken)
        self._edits.refused.connect(self.hand.keep_up)
        self._edits.merged.connect(self._on_merged)
        self._edits.said.connect(self.said)
        session.reversing.connect(self.hand.on_reversing)
        session.bodies_changed.connect(self._on_bodies)
        session.undone.connect(lambda touched: self._on_reversed(touched, undid(touched)))
        session.redone.connect(lambda touched: self._on_reversed(touched, did_again(touched)))

    # ---- life -----------------------------------------------------------------------------------

    def on_shown(self, left_at: Mapping[Template, int] | None = None) -> None:
        """The workspace came to the front.

        Args:
            left_at: the objects of each kind that were shown last when the project was closed.
        """
        self._shown = True
        if self.current is None and left_at is not None:
            self._left_at = dict(left_at)
            if self.queue.template in self._left_at:
                self.show_instance(self._left_at[self.queue.template])
        self.queue.show()
        if self.hand.object is not None:
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

    # ---- going from object to object ------------------------------------------------------------

    def show_template(self, template: Template) -> None:
        """Goes to the cars, or to the people: to the one that was shown last, else to the first."""
        if template is self.queue.template:
            return
        self.said.emit("")
        self.queue.show_template(template)
        self.show_instance(self._left_at.get(template))

    def show_instance(self, instance_id: int | None) -> None:
        """Shows an object, in the queue or not; what was done to the one before is kept first."""
        if instance_id == self.current and self.hand.object is not None:
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

        turns: list[int] = []  # of the shelf, in which the object was read

        def read() -> None:
            turns.append(self._shelf.turn)
            self._session.in_background(
                lambda: self._reads.object(instance_id), arrived, tag="keypoints object"
            )

        def arrived(one: OpenObject | None) -> None:
            if self.current != instance_id:
                return
            if len(turns) == 1 and turns[0] != self._shelf.turn:
                self._edits.after(read)  # changed meanwhile; a job changes something all the time, so once
                return
            if one is None:
                self.said.emit(f"Object {instance_id} is no longer there.")
                self.current = None
                self.selected.emit(None)
                return
            self._take(one)

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

    def step_other(self, step: int) -> None:
        """Goes on (or back) in the queue to the next object that is no other view of this one."""
        current = self.current
        if current is None:
            self.step_queue(step)
            return
        ids = self.queue.beyond(current, step)

        def arrived(goal: int | None) -> None:
            if self.current != current:
                return  # the person has gone elsewhere meanwhile
            if goal is not None:
                self.said.emit("")
                self.show_instance(goal)
            elif step > 0 and not self.queue.feed.complete:
                self.said.emit("The queue is being read: press it again in a moment.")
            else:
                self.said.emit(
                    f"No object of another track comes {'after' if step > 0 else 'before'} this one."
                )

        self._session.in_background(
            lambda: self._reads.other_track(current, ids), arrived, tag="keypoints other"
        )

    def step_track(self, step: int) -> None:
        """Goes to the same object's next (or earlier) view and takes what is known along."""
        one = self.hand.object
        if one is None:
            return
        views = [view.instance_id for view in one.context.track]
        if one.id not in views:
            self.said.emit("This object is on no track.")
            return
        goal = views.index(one.id) + step
        if not 0 <= goal < len(views):
            self.said.emit("The track ends here." if step > 0 else "The track begins here.")
            return
        self.hand.settle()
        taken = carried_to(one, self.hand.points, self.hand.answer, one.context.track[goal].box)
        if taken is not None:
            self._carried[views[goal]] = taken
        self.said.emit("")
        self.show_instance(views[goal])

    def show_proposed(self, wanted: bool) -> None:
        """Goes through the objects whose points a network proposes, the least certain first; or as before."""
        self.queue.show_proposed(wanted)
        if wanted:
            self.show_instance(None)  # the first of them comes when the queue is read

    def accept(self) -> None:
        """Takes over what the fit says of the other points, and confirms what a network placed.

        With nothing left to take over, goes on.
        """
        if self.hand.confirm() or not self.hand.accept():
            self.hand.leave()
            self.step_queue(1)

    # ---- along the track ------------------------------------------------------------------------

    def fill_track(self) -> None:
        """Fills the views between annotated ones, as one edit."""
        one = self.hand.object
        if one is None:
            return
        if len(one.context.track) < 2:
            self.said.emit("This object is on no track.")
            return
        self.hand.leave()
        self.said.emit("Filling the track…")

        def done(filling: TrackFilling) -> None:
            if filling.problem:
                self.said.emit(filling.problem)
                return
            track = one.context.instance.track_id
            self._edits.accept_filled(
                filling.objects, filling.seen, lambda count: f"Fill {count} views of track {track}"
            )

        self._edits.after(
            lambda: self._session.in_background(lambda: fill(self._reads, one.id), done, tag="keypoints fill")
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
        if "fit" in touched.rows and self.hand.object is not None and stands_by(self.hand.object, ids):
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
        if self.hand.object is None:
            return
        wanted = self.hand.object.id

        def arrived(row: KeypointRow | None) -> None:
            one = self.hand.object
            if one is not None and one.id == wanted and not self.hand.knows(row):
                self.hand.keep_up(tell=True)

        self._session.in_background(
            lambda: self._reads.keypoints(wanted), arrived, tag="keypoints outside points"
        )

    # ---- details --------------------------------------------------------------------------------

    def _take(self, one: OpenObject) -> None:
        """Shows an object that was read and has not changed since."""
        self._shelf.keep(one, self._shelf.turn)
        self.hand.take(one, self._carried.pop(one.id, None) or brought_near(self._reads, one))
        self.frames.show(one)
        template = one.look.template
        self._left_at[template] = one.id
        self.queue.show_template(template)  # the next one is of its kind
        self.template_at.emit(template, one.id)

    def _open_again(self) -> None:
        """Reads what stands around the object anew, such as its camera's calibration; the points stay."""
        if self.hand.object is None or self.hand.object.id != self.current:
            return  # another one is on its way, and is read as it stands now
        wanted = self.hand.object.id
        turn = self._shelf.turn

        def arrived(one: OpenObject | None) -> None:
            shown = self.hand.object
            if one is None or shown is None or not wanted == self.current == shown.id:
                return
            self._shelf.keep(one, turn)
            self.hand.surround(one)

        self._session.in_background(lambda: self._reads.object(wanted), arrived, tag="keypoints object again")

    def _on_bodies(self) -> None:
        """People are fitted with another body model from now on."""
        self._shelf.clear()
        self._open_again()

    def _on_merged(self, who: str, name: str) -> None:
        """A gesture was kept beside what somebody else had done to the same object."""
        self.news.emit(f"{who} has changed the points of {name} meanwhile.", "Both changes are kept.")
        self.hand.keep_up()

    def _on_overtaken(self, row: KeypointRow | None) -> None:
        one = self.hand.object
        assert one is not None
        if row is None:
            who = "Somebody"
        elif row.annotator is None:
            who = "A job"
        else:
            who = "Another window" if row.annotator == self._session.annotator else row.annotator
        self.news.emit(
            f"{who} has changed the points of {one.name} meanwhile.", "They are shown as they are now."
        )

    def _on_reversed(self, touched: Touched, words: str) -> None:
        self._reversed = touched.edit_id
        if self._shown:
            self.said.emit(words)

    def _on_queue(self, first: int | None) -> None:
        if self.current is None and first is not None and self._shown:
            self.show_instance(first)
