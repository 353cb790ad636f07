"""What is known of cars besides their points: masks, what may hide them, coarse fits, fits of their tracks.

The Keypoints workspace and the job both ask here, so that a car that is fitted again by the same clicks stays
where a person saw and accepted it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.geometry.boxes import touch
from core.geometry.masks import rle_to_patch
from core.records.fits import FitMethod, FitRow, VehicleFit
from core.records.masks import MaskPatch
from core.records.occlusion import OcclusionLabel
from core.store.queries import fit_candidates
from core.store.queries.car_context import TrackNeighbour, track_neighbours
from core.store.queries.fit_candidates import FitCandidate
from core.store.queries.fits import coarse_fits, fits_in_force
from core.store.queries.instances import masks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.fitting.vehicles.fitter import VehicleFitter
    from core.fitting.vehicles.guided import GuidedFitter

_NEAREST_VIEWS = 16  # of the track: more say little more of its shape


@dataclass(frozen=True, slots=True, eq=False)
class SeenMask:
    """The part of an object that is seen, and the masks of what may stand before it."""

    mask: MaskPatch
    hiders: tuple[MaskPatch, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class KnownBefore:
    """What the store knows of a car.

    Attributes:
        seen: its mask with what may hide it.
        coarse: its coarse fit, or None.
        of_track: fits to the points of other frames of its track; one alone where they share a shape.
    """

    seen: SeenMask
    coarse: VehicleFit | None = None
    of_track: tuple[VehicleFit, ...] = ()


def known_before(
    connection: Connection, cars: Sequence[FitCandidate], shape_space: str
) -> dict[int, KnownBefore]:
    """id -> what is known of a car; those without a mask are left out.

    Nothing is taken that is stale or rests on another calibration, and no shape of another shape space.
    """
    seen = seen_masks(connection, cars)
    of_track = _of_tracks(connection, [car for car in cars if car.instance_id in seen], shape_space)
    coarse = coarse_fits(connection, sorted(seen))
    return {i: KnownBefore(mask, _of_a_car(coarse.get(i)), of_track.get(i, ())) for i, mask in seen.items()}


def _of_a_car(row: FitRow | None) -> VehicleFit | None:
    return row.fit if row is not None and isinstance(row.fit, VehicleFit) else None


def guided_fitter(fitter: VehicleFitter, known: KnownBefore | None) -> GuidedFitter | None:
    """What fits the car from few points or none; None where nothing helps."""
    if fitter.plane is None or known is None:
        return None
    from core.fitting.vehicles.guided import GuidedFitter, guide_of
    from core.fitting.vehicles.outline import outline_of

    outline = outline_of(known.seen.mask, fitter.camera, known.seen.hiders)
    return GuidedFitter(fitter, guide_of(outline, known.coarse, known.of_track))


def seen_masks(connection: Connection, objects: Sequence[FitCandidate]) -> dict[int, SeenMask]:
    """id -> the mask in force of a car or person, and of what touches its box and reaches lower down.

    On one road what reaches lower stands nearer. Nothing hides what its label calls unoccluded.
    """
    from core.fitting.vehicles.guided import in_front

    shown = _patches(connection, [one.instance_id for one in objects])
    masked = [one for one in objects if one.instance_id in shown]
    beside = _beside(connection, [one for one in masked if one.label is not OcclusionLabel.UNOCCLUDED])
    others = shown | _patches(connection, sorted({i for ids in beside.values() for i in ids} - shown.keys()))
    return {
        i: SeenMask(
            shown[i], tuple(in_front(shown[i], [others[k] for k in beside.get(i, ()) if k in others]))
        )
        for i in (one.instance_id for one in masked)
    }


def _beside(connection: Connection, objects: Sequence[FitCandidate]) -> dict[int, list[int]]:
    """Of each, what touches its box and reaches lower down."""
    from core.fitting.vehicles.outline import HIDER_PX

    present = fit_candidates.boxes_in_frames(connection, sorted({one.frame_id for one in objects}))
    return {
        one.instance_id: [
            i
            for i, box in present.get(one.frame_id, [])
            if i != one.instance_id and box.bottom > one.box.bottom and touch(box, one.box, HIDER_PX)
        ]
        for one in objects
    }


def _patches(connection: Connection, ids: Sequence[int]) -> dict[int, MaskPatch]:
    return {i: rle_to_patch(rle) for i, rle in masks(connection, ids).items()}


def _of_tracks(
    connection: Connection, cars: Sequence[FitCandidate], shape_space: str
) -> dict[int, tuple[VehicleFit, ...]]:
    """id -> fits that tell a car's shape."""
    tracks = sorted({car.track_id for car in cars if car.track_id is not None})
    views = {
        track: [
            view
            for view in track_neighbours(connection, track)
            if view.fit_id is not None and view.points_placed
        ]
        for track in tracks
    }
    nearest = {
        car.instance_id: _nearest(car, views[car.track_id]) for car in cars if car.track_id is not None
    }
    rows = fits_in_force(connection, sorted({i for ids in nearest.values() for i in ids}))
    return {i: _telling(ids, rows, shape_space) for i, ids in nearest.items()}


def _nearest(car: FitCandidate, views: Sequence[TrackNeighbour]) -> list[int]:
    """Ids of the views of a track that are nearest to a car in time, without its own."""
    others = [view for view in views if view.instance_id != car.instance_id]
    others.sort(key=lambda view: abs(view.time_s - car.time_s))
    return [view.instance_id for view in others[:_NEAREST_VIEWS]]


def _telling(ids: Sequence[int], rows: Mapping[int, FitRow], shape_space: str) -> tuple[VehicleFit, ...]:
    """The nearest fit of the whole track, or else those of single frames."""
    known = [rows[i] for i in ids if i in rows]
    fits = [
        row.fit
        for row in known
        if isinstance(row.fit, VehicleFit)
        and not row.stale
        and not row.fit.swapped
        and row.shape_space == shape_space
    ]
    # fits of a whole track share one shape, which would count again and again
    whole = [fit for fit in fits if fit.method is FitMethod.TRACK]
    return tuple(whole[:1] or [fit for fit in fits if fit.method is FitMethod.GROUND])
