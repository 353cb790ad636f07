"""A car's other views: the fit carried to the next, and the views between annotated ones filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.controllers.keypoint_fit import proposed
from app.controllers.keypoint_looks import LOOKS
from app.controllers.keypoint_points import filled, none_placed, without_taken_over
from app.controllers.keypoint_reads import KeypointReads, OpenCar
from core.records.boxes import Box
from core.records.fits import VehicleFit
from core.records.keypoints import Template
from core.store.edits.accepted_cars import AcceptedCar

if TYPE_CHECKING:
    from core.fitting.vehicles.evidence import KeypointEvidence


@dataclass(frozen=True, slots=True, eq=False)
class TrackFilling:
    """What filling a track gives.

    Attributes:
        cars: what is kept of each view.
        seen: instance id -> the keypoints in force of each view when it was worked out, or None.
        problem: why nothing can be filled, or "".
    """

    cars: tuple[AcceptedCar, ...] = ()
    seen: Mapping[int, int | None] = field(default_factory=dict)
    problem: str = ""


def carried_to(car: OpenCar, fit: VehicleFit, box: Box) -> VehicleFit | None:
    """The car's fit where its box is in another view, or None where it cannot be taken there."""
    fitter = car.fitting.fitter
    if fitter is None:
        return None
    from core.fitting.vehicles.carry import carried

    return carried(fitter, fit, car.context.instance.box, box)


def fill(reads: KeypointReads, instance_id: int) -> TrackFilling:
    """Points and fits of the views of a car's track that lie between annotated ones. Takes its time."""
    car = reads.car(instance_id)
    if car is None or car.fitting.fitter is None:
        return TrackFilling(problem="Without a calibration the views between cannot be worked out.")
    from core.fitting.vehicles.evidence import evidence_of
    from core.fitting.vehicles.fill import fill_track

    fitter, track = car.fitting.fitter, car.context.track
    evidences: list[KeypointEvidence | None] = []
    for view in track:
        row = reads.keypoints(view.instance_id) if view.points_placed else None
        told = row is not None and without_taken_over(row.keypoints).placed > 0
        size_px = max(view.box.w, view.box.h)
        evidences.append(evidence_of(row.keypoints, size_px) if row is not None and told else None)
    fits, whole = fill_track(fitter, evidences, [view.box for view in track], [view.time_s for view in track])
    if sum(fit is not None for fit in fits) < 2:
        return TrackFilling(
            problem="Two views of the track must be annotated, with fits that hold: C and X go to its others."
        )
    cars, seen = [], {}
    for view, own, fit in zip(track, fits, whole, strict=True):
        if own is not None or fit is None:
            continue
        there = reads.car(view.instance_id)
        if there is None or there.fitting.fitter is None:
            continue
        row = there.context.keypoints
        seen[view.instance_id] = None if row is None else row.id
        kept = none_placed(LOOKS[Template.CAR]) if row is None else without_taken_over(row.keypoints)
        cars.append(
            AcceptedCar(
                view.instance_id,
                filled(kept, proposed(fit, there.fitting, there.size_px)),
                fit,
                there.fitting.calibration_id,
                there.fitting.shape_space,
            )
        )
    if not cars:
        return TrackFilling(problem="No view lies between two annotated ones.")
    return TrackFilling(tuple(cars), seen)
