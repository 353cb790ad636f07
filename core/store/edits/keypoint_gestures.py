"""One gesture on an object's keypoints, kept beside what someone else did to the same object meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from core.errors import EditRefusedError
from core.records.detections import Category
from core.records.history import Touched
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.store import tables
from core.store.connection import raw_of
from core.store.edits.keypoints import put_keypoints, to_save
from core.store.history import History
from core.store.keypoint_columns import from_columns
from core.store.recorder import Recorder

LOOK_AGAIN = "Look at the points as they are now, and do it again if it is still right."
_SAID = (LabelOrigin.HUMAN, LabelOrigin.IMPORT)  # by people: nothing takes their place unseen


@dataclass(frozen=True, slots=True)
class PointsGesture:
    """What a gesture makes of an object's points.

    Attributes:
        instance_id: whose.
        before: all its points as the person saw them; None of them placed where there was no set.
        after: all its points after the gesture.
        whole: whether it is of all points at once, as when left and right are exchanged: such a gesture means
            something else on points that have changed.
    """

    instance_id: int
    before: KeypointSet
    after: KeypointSet
    whole: bool = False


@dataclass(frozen=True, slots=True)
class SavedGesture:
    """How a gesture was kept.

    Attributes:
        touched: what it changed.
        beside: who had changed other points meanwhile, such as "Ben"; "" where nobody had. Where somebody
            had, what is stored holds theirs too.
    """

    touched: Touched
    beside: str


def save_gesture(history: History, gesture: PointsGesture, title: str) -> SavedGesture:
    """Add a version of an object's keypoints: what is in force, changed as the person changed what they saw.

    Args:
        history: whose edit it is.
        gesture: what was done.
        title: for people, such as "Move the left front wheel of car 412".

    Raises:
        EditRefusedError: there is no such instance, it is called something else by now, or someone else has
            changed the same point meanwhile.
        ValueError: a set is no set of its template.
    """
    instance_id = gesture.instance_id
    to_save([(instance_id, gesture.after)])  # a set that is none is a bug: seen before the lock is taken
    beside = ""

    def action(recorder: Recorder) -> None:
        nonlocal beside
        refuse_foreign(recorder, instance_id, gesture.after)
        kept, row = gesture.after, row_in_force(recorder, instance_id)
        theirs = points_of(row, gesture.before)
        if recorder.rows(tables.instance, [instance_id]) and not as_seen(theirs, gesture.before):
            beside = who_placed(recorder, row)
            merged = None if gesture.whole else merge(gesture.before, gesture.after, theirs)
            if merged is None:
                what = "points of this object" if gesture.whole else "the same point"
                raise EditRefusedError(
                    f"{beside} has changed {what} meanwhile: “{title}” was not kept.", LOOK_AGAIN
                )
            kept = merged
        put_keypoints(recorder, to_save([(instance_id, kept)]))

    touched = history.perform(title, action)
    return SavedGesture(touched, beside)


def merge(before: KeypointSet, mine: KeypointSet, theirs: KeypointSet) -> KeypointSet | None:
    """Both changes of a set in one; None where they change the same point otherwise.

    Of two that speak of one point, a person's word holds against a machine's. Points that were taken over
    from a fit go with it, so that their moves are no change, and they give way to what somebody placed.
    """
    if not before.template is mine.template is theirs.template:
        return None
    points: list[PlacedPoint | None] = []
    for old, one, other in zip(before.points, mine.points, theirs.points, strict=True):
        if _same(old, other) or one == other:
            points.append(one)
        elif _same(old, one) or (one is not None and one.origin not in _SAID):
            points.append(other)
        elif other is not None and other.origin not in _SAID:
            points.append(one)
        else:
            return None
    return replace(mine, points=tuple(points))


def as_seen(now: KeypointSet, before: KeypointSet) -> bool:
    """Whether two sets say the same, but for where a fit puts what was taken over from it."""
    return now.template is before.template and all(map(_same, now.points, before.points))


def row_in_force(recorder: Recorder, instance_id: int) -> dict[str, Any] | None:
    """The row of an instance's set of keypoints, or None where there is none that speaks of it.

    A set of another template than its category's is from when it was called something else: the next set
    takes its place, and it stays in the history.
    """
    instance = recorder.rows(tables.instance, [instance_id]).get(instance_id)
    if instance is None or instance["keypoint_set_id"] is None:
        return None
    row = recorder.rows(tables.keypoint_set, [instance["keypoint_set_id"]]).get(instance["keypoint_set_id"])
    template = Template.of(Category(instance["category"]))
    return None if row is None or (template is not None and row["template"] != template.value) else row


def refuse_foreign(recorder: Recorder, instance_id: int, keypoints: KeypointSet) -> None:
    """Sees to it that an object gets no points of what it is not.

    Raises:
        EditRefusedError: they are of another template than its category's.
    """
    instance = recorder.rows(tables.instance, [instance_id]).get(instance_id)
    template = None if instance is None else Template.of(Category(instance["category"]))
    if instance is not None and template not in (None, keypoints.template):
        raise EditRefusedError(
            f"This object is called a {instance['category']} by now: "
            f"a {keypoints.template.value}'s points were not kept.",
            "Open it again, and place its points anew.",
        )


def points_of(row: dict[str, Any] | None, like: KeypointSet) -> KeypointSet:
    """The points of a row; none placed, of another set's template, where there is no row."""
    if row is None:
        return replace(like, points=(None,) * len(like.points))
    return from_columns(row["template"], json.loads(row["points"]))


def who_placed(recorder: Recorder, row: dict[str, Any] | None) -> str:
    """Who placed the points that are in force, for people."""
    if row is None:
        return "Somebody"
    if row["annotator_id"] is None:
        return "A job"
    if row["annotator_id"] == recorder.annotator_id:
        return "Another window"
    found = raw_of(recorder.connection).execute(
        "SELECT name FROM annotator WHERE id = ?", (row["annotator_id"],)
    )
    return str(found.fetchone()[0])


def _same(one: PlacedPoint | None, other: PlacedPoint | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or one.origin is other.origin is LabelOrigin.FIT
