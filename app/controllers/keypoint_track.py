"""An object's other views: what is known carried to the next, and those between annotated ones filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from app.controllers.keypoint_figure import between, moved_along
from app.controllers.keypoint_fit import FitAnswer, Fitting, proposed
from app.controllers.keypoint_points import filled, without_taken_over
from app.controllers.keypoint_reads import KeypointReads, OpenObject, points_in_force
from core.records.boxes import Box
from core.records.fits import VehicleFit
from core.records.keypoints import KeypointSet, PlacedPoint
from core.store.edits.accepted import AcceptedObject

if TYPE_CHECKING:
    from core.fitting.vehicles.evidence import KeypointEvidence
    from core.fitting.vehicles.fitter import VehicleFitter

_NEAR_S = 0.5  # a step takes about as long

Carried = VehicleFit | tuple[PlacedPoint, ...]
"""What is brought along a track: a car's fit, or a person's points, whose pose changes as they walk."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackFilling:
    """What filling a track gives.

    Attributes:
        objects: what is kept of each view.
        seen: instance id -> the keypoints in force of each view when it was worked out, or None.
        problem: why nothing can be filled, or "".
    """

    objects: tuple[AcceptedObject, ...] = ()
    seen: Mapping[int, int | None] = field(default_factory=dict)
    problem: str = ""


def accepted(
    one: OpenObject, points: KeypointSet | None, answer: FitAnswer, stored: KeypointSet | None = None
) -> AcceptedObject:
    """What is kept of an object and its fit.

    Args:
        points: all of them as they are now, or None where they stay as they are stored.
        stored: the points that all this was worked out from; None where the caller sees to it.
    """
    return AcceptedObject(
        one.id,
        points,
        answer.fit if answer.holds else None,
        one.fitting.calibration_id,
        one.fitting.shape_space,
        one.context.instance.mask_id if one.fitting.by_mask else None,
        stored,
    )


def carried_to(one: OpenObject, points: KeypointSet, answer: FitAnswer, box: Box) -> Carried | None:
    """What is known of an object where its box is in another view; None where nothing can be taken there.

    Args:
        points, answer: as they are in this view.
        box: in the other one.
    """
    here = one.context.instance.box
    if not isinstance(one.fitting, Fitting):
        known = filled(points, answer.ghosts) if answer.sure else points
        return moved_along(known, here, box) or None
    fitter, fit = one.fitting.fitter, answer.fit
    if fitter is None or not isinstance(fit, VehicleFit) or not answer.sure:
        return None
    from core.fitting.vehicles.carry import carried

    return carried(fitter, fit, here, box)


def brought_near(reads: KeypointReads, one: OpenObject) -> Carried | None:
    """What another view just before or after says of a person without points; None where none says anything.

    The queue goes through the frames: the same people come again a moment later.
    """
    here = one.context.instance
    if isinstance(one.fitting, Fitting) or one.context.keypoints is not None:
        return None
    near = [view for view in one.context.track if abs(view.time_s - here.time_s) <= _NEAR_S]
    rows = reads.keypoints_of([view.instance_id for view in near])
    for view in sorted(near, key=lambda view: abs(view.time_s - here.time_s)):
        points = points_in_force(rows.get(view.instance_id), one.look)
        if view.instance_id != one.id and (brought := moved_along(points, view.box, here.box)):
            return brought
    return None


def fill(reads: KeypointReads, instance_id: int) -> TrackFilling:
    """Points, and fits of cars, of a track's views that lie between annotated ones. Takes its time."""
    one = reads.object(instance_id)
    if one is None:
        return TrackFilling(problem="It is no longer there.")
    if not isinstance(one.fitting, Fitting):
        return _fill_person(reads, one)
    if one.fitting.fitter is None:
        return TrackFilling(problem="Without a calibration the views between cannot be worked out.")
    return _fill_car(reads, one, one.fitting.fitter)


def _fill_car(reads: KeypointReads, one: OpenObject, fitter: VehicleFitter) -> TrackFilling:
    from core.fitting.vehicles.evidence import evidence_of
    from core.fitting.vehicles.fill import fill_track

    track = one.context.track
    evidences: list[KeypointEvidence | None] = []
    for view in track:
        kept = _told(reads, one, view.instance_id) if view.points_placed else None
        size_px = max(view.box.w, view.box.h)
        evidences.append(None if kept is None else evidence_of(kept, size_px))
    fits, whole = fill_track(fitter, evidences, [view.box for view in track], [view.time_s for view in track])
    if sum(fit is not None for fit in fits) < 2:
        return TrackFilling(
            problem="Two views of the track must be annotated, with fits that hold: C and X go to its others."
        )
    objects, seen = [], {}
    for view, own, fit in zip(track, fits, whole, strict=True):
        if own is not None or fit is None:
            continue
        there = reads.object(view.instance_id)
        if there is None or not isinstance(there.fitting, Fitting) or there.fitting.fitter is None:
            continue
        row = there.context.keypoints
        seen[view.instance_id] = None if row is None else row.id
        points = filled(_kept(there), proposed(fit, there.fitting, there.size_px))
        objects.append(replace(accepted(there, points, FitAnswer(fit)), mask_id=None))
    return _filling(objects, seen)


def _fill_person(reads: KeypointReads, one: OpenObject) -> TrackFilling:
    """By the points of the views on either side, each moved as the box moved: nearer views count more."""
    track = one.context.track
    rows = [reads.keypoints(view.instance_id) if view.points_placed else None for view in track]
    sets = [points_in_force(row, one.look) for row in rows]
    whole = [
        place
        for place, points in enumerate(sets)
        # what was filled before lies between annotated views, and is none itself
        if points.placed == one.look.count and without_taken_over(points).placed
    ]
    if len(whole) < 2:
        return TrackFilling(
            problem="Two views of the track must have all their points: C and X go to its others."
        )
    objects, seen = [], {}
    for first, last in pairwise(whole):
        span = max(track[last].time_s - track[first].time_s, 1e-9)
        for place in range(first + 1, last):
            view = track[place]
            there = reads.object(view.instance_id)
            if there is None or there.look is not one.look:
                continue
            row = there.context.keypoints
            seen[view.instance_id] = None if row is None else row.id
            ahead = moved_along(sets[first], track[first].box, view.box)
            back = moved_along(sets[last], track[last].box, view.box)
            guessed = between(ahead, back, (view.time_s - track[first].time_s) / span)
            points = filled(_kept(there), guessed)
            objects.append(accepted(there, points, FitAnswer()))
    return _filling(objects, seen)


def _filling(objects: list[AcceptedObject], seen: dict[int, int | None]) -> TrackFilling:
    if not objects:
        return TrackFilling(problem="No view lies between two annotated ones.")
    return TrackFilling(tuple(objects), seen)


def _told(reads: KeypointReads, one: OpenObject, instance_id: int) -> KeypointSet | None:
    """The points of a view where somebody placed one."""
    points = points_in_force(reads.keypoints(instance_id), one.look)
    return points if without_taken_over(points).placed else None


def _kept(there: OpenObject) -> KeypointSet:
    """What somebody placed in a view: it stays."""
    return without_taken_over(points_in_force(there.context.keypoints, there.look))
