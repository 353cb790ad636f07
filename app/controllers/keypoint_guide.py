"""What is known of a car before anybody has placed a point: mask, coarse fit, fits of its track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.geometry.masks import rle_to_patch
from core.records.fits import FitMethod, VehicleFit
from core.records.masks import MaskPatch
from core.records.occlusion import OcclusionLabel
from core.store.queries import instances
from core.store.queries.car_context import CarContext
from core.store.queries.fits import fits_in_force

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.fitting.vehicles.fitter import VehicleFitter
    from core.fitting.vehicles.guided import GuidedFitter

_NEAREST_VIEWS = 16  # of the track: more say little more of its shape


@dataclass(frozen=True, slots=True, eq=False)
class KnownBefore:
    """What the store knows of a car.

    Attributes:
        mask: the part that is seen, or None.
        others: masks of the frame's other objects, where one may stand before the car.
        coarse: its coarse fit, or None.
        of_track: fits to the points of other frames of its track.
    """

    mask: MaskPatch | None = None
    others: tuple[MaskPatch, ...] = ()
    coarse: VehicleFit | None = None
    of_track: tuple[VehicleFit, ...] = ()


def known_before(connection: Connection, context: CarContext) -> KnownBefore:
    """Reads it; nothing that is stale or rests on another calibration."""
    if context.mask is None or context.calibration is None:
        return KnownBefore()
    others: tuple[MaskPatch, ...] = ()
    if context.instance.label is not OcclusionLabel.UNOCCLUDED:
        found = instances.masks(connection, [other.instance.id for other in context.others])
        others = tuple(rle_to_patch(found[key]) for key in sorted(found))
    own = context.fit
    coarse = own.fit if own is not None and own.fit.is_coarse and not own.stale else None
    return KnownBefore(rle_to_patch(context.mask), others, coarse, _of_track(connection, context))


def guided_fitter(fitter: VehicleFitter, known: KnownBefore) -> GuidedFitter | None:
    """What fits the car from few points or none; None where nothing helps."""
    if fitter.plane is None or known.mask is None:
        return None
    from core.fitting.vehicles.guided import GuidedFitter, guide_of, in_front
    from core.fitting.vehicles.outline import outline_of

    outline = outline_of(known.mask, fitter.camera, in_front(known.mask, known.others))
    return GuidedFitter(fitter, guide_of(outline, known.coarse, known.of_track))


def _of_track(connection: Connection, context: CarContext) -> tuple[VehicleFit, ...]:
    own, now_s = context.instance.id, context.instance.time_s
    views = [
        view
        for view in context.track
        if view.instance_id != own and view.fit_id is not None and view.points_placed
    ]
    views.sort(key=lambda view: abs(view.time_s - now_s))
    rows = fits_in_force(connection, [view.instance_id for view in views[:_NEAREST_VIEWS]])
    # fits of a whole track share one shape, which would count again and again
    return tuple(
        row.fit
        for row in rows.values()
        if row.fit.method is FitMethod.GROUND and not row.stale and not row.fit.swapped
    )
