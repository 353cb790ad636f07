"""Points and fits that a person accepts together: of one object, or of many along a track, as one edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import EditRefusedError
from core.records.fits import Fit, FitMadeFrom
from core.records.history import Touched
from core.records.keypoints import KeypointSet
from core.store import tables
from core.store.edits.fits import put_fits
from core.store.edits.keypoint_gestures import (
    LOOK_AGAIN,
    as_seen,
    points_of,
    refuse_foreign,
    row_in_force,
    who_placed,
)
from core.store.edits.keypoints import put_keypoints, to_save
from core.store.history import History
from core.store.recorder import Recorder


@dataclass(frozen=True, slots=True)
class AcceptedObject:
    """What is kept of one car or person.

    Attributes:
        instance_id: whose.
        keypoints: all its points as they are now, or None where they stay as they are stored.
        fit: to those points, or None where none is kept.
        calibration_id, shape_space: what the fit rests on.
        mask_id: the mask that it rests on besides, or None.
        before: the points that all this was worked out from, as they are stored; None where the caller saw to
            it. Where others stand there by now, its points are refused, and a fit alone is left out.
    """

    instance_id: int
    keypoints: KeypointSet | None
    fit: Fit | None
    calibration_id: int | None
    shape_space: str
    mask_id: int | None = None
    before: KeypointSet | None = None


def accept_objects(
    history: History,
    objects: Sequence[AcceptedObject],
    title: str | Callable[[int], str],
    seen: Mapping[int, int | None] | None = None,
) -> Touched:
    """Adds versions of the objects' points and fits and puts them in force; a fit names the points beside it.

    Args:
        history: whose edit it is.
        objects: what is kept.
        title: for people, or what makes it of the number of objects that are kept.
        seen: instance id -> the id of the keypoints that one was worked out from, where that took its
            time; one that has others by now is left out, for somebody has placed them meanwhile.

    Raises:
        EditRefusedError: one of the instances is not there, or has other points than were accepted.
        ValueError: a set is no set of its template.
    """
    sets = to_save([(one.instance_id, one.keypoints) for one in objects if one.keypoints is not None])
    count = 0

    def action(recorder: Recorder) -> None:
        nonlocal count
        rows = recorder.rows(tables.instance, list(seen or ()))
        late = {i for i, set_id in (seen or {}).items() if i in rows and rows[i]["keypoint_set_id"] != set_id}
        late |= {one.instance_id for one in objects if _is_late(recorder, one)}
        kept = [one for one in objects if one.instance_id not in late]
        count = len(kept)
        put_keypoints(recorder, {i: columns for i, columns in sets.items() if i not in late})
        rows = recorder.rows(tables.instance, [one.instance_id for one in kept])
        put_fits(
            recorder,
            [
                (
                    one.instance_id,
                    one.fit,
                    FitMadeFrom(
                        rows.get(one.instance_id, {}).get("keypoint_set_id"),
                        one.mask_id,
                        one.calibration_id,
                        one.shape_space,
                    ),
                )
                for one in kept
                if one.fit is not None
            ],
        )

    return history.perform(title if isinstance(title, str) else lambda: title(count), action)


def _is_late(recorder: Recorder, one: AcceptedObject) -> bool:
    """Whether a fit alone is of points that have changed.

    Raises:
        EditRefusedError: so are points, which would take the place of others, or they are of something else.
    """
    if one.keypoints is not None:
        refuse_foreign(recorder, one.instance_id, one.keypoints)
    if one.before is None or not recorder.rows(tables.instance, [one.instance_id]):
        return False
    row = row_in_force(recorder, one.instance_id)
    if as_seen(points_of(row, one.before), one.before):
        return False
    if one.keypoints is not None:
        who = who_placed(recorder, row)
        raise EditRefusedError(
            f"{who} has changed points of this object meanwhile: they were not accepted.", LOOK_AGAIN
        )
    return True
