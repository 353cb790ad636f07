"""The views between annotated ones of a track: each from the fits on either side, by its own box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from core.fitting.vehicles.carry import carried
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.possible_way import cars_of
from core.fitting.vehicles.track import fit_track
from core.geometry.ground_plane import pose_on_ground
from core.records.boxes import Box
from core.records.fits import FitVerdict, VehicleFit


def fill_track(
    fitter: VehicleFitter,
    evidences: Sequence[KeypointEvidence | None],
    boxes: Sequence[Box],
    times_s: Sequence[float],
) -> tuple[list[VehicleFit | None], list[VehicleFit | None]]:
    """A track's views by their own points, with one shape, and those between them.

    Where the track must be several cars', each has its own shape, and nothing is filled in between them.

    Args:
        fitter: of the track's camera.
        evidences: of each view in order of time, None where there are no points.
        boxes, times_s: of each view.

    Returns:
        for each view the fit that its points hold, or None; and that fit, or one from both sides, or None.
    """
    alone: list[VehicleFit | None] = [None] * len(evidences)
    seen = [row for row, one in enumerate(evidences) if one is not None]
    for row, fit in zip(seen, fitter.fit_many([one for one in evidences if one is not None]), strict=True):
        alone[row] = fit
    own: list[VehicleFit | None] = [None] * len(evidences)
    filled = list(own)
    for run in cars_of(alone, times_s):
        rows = slice(run.start, run.stop)
        # one shape for all views; how the car moves between them the boxes show
        own[rows] = [
            fit if fit is not None and fit.verdict is FitVerdict.GOOD and not fit.swapped else None
            for fit in fit_track(fitter, evidences[rows], times_s[rows])
        ]
        filled[rows] = fill_between(fitter, own[rows], boxes[rows], times_s[rows])
    return own, filled


def fill_between(
    fitter: VehicleFitter, fits: Sequence[VehicleFit | None], boxes: Sequence[Box], times_s: Sequence[float]
) -> list[VehicleFit | None]:
    """Fits for all views from the first that has one to the last.

    Every view between two fits is reached from both, view by view, and takes on place, heading and shape in
    the measure of its nearness in time. What lies before the first fit or after the last stays None.

    Args:
        fitter: of the track's camera.
        fits: of each view in order of time, None where there is none.
        boxes, times_s: of each view.

    Returns:
        a fit or None for each view; those that were given stay as they are.
    """
    known = [place for place, fit in enumerate(fits) if fit is not None]
    filled = list(fits)
    for first, last in pairwise(known):
        ahead = _chain(fitter, fits, boxes, range(first, last + 1))
        back = _chain(fitter, fits, boxes, range(last, first - 1, -1))
        span = max(times_s[last] - times_s[first], 1e-9)
        for place in range(first + 1, last):
            share = (times_s[place] - times_s[first]) / span
            filled[place] = _mixed(fitter, ahead.get(place), back.get(place), share)
    return filled


def _chain(
    fitter: VehicleFitter, fits: Sequence[VehicleFit | None], boxes: Sequence[Box], places: Sequence[int]
) -> dict[int, VehicleFit]:
    """The fit of the first place carried on from view to view, as far as it goes."""
    found: dict[int, VehicleFit] = {}
    fit = fits[places[0]]
    for before, place in pairwise(places):
        fit = None if fit is None else carried(fitter, fit, boxes[before], boxes[place])
        if fit is None:
            break
        found[place] = fit
    return found


def _mixed(
    fitter: VehicleFitter, ahead: VehicleFit | None, back: VehicleFit | None, share: float
) -> VehicleFit | None:
    """A fit between two of the same view, nearer to the second the larger the share."""
    if ahead is None or back is None:
        return ahead or back
    plane = fitter.plane
    if (
        plane is None
        or ahead.place_m is None
        or back.place_m is None
        or ahead.heading_rad is None
        or back.heading_rad is None
    ):
        return ahead if share < 0.5 else back
    turn = (back.heading_rad - ahead.heading_rad + np.pi) % (2 * np.pi) - np.pi
    heading = float((ahead.heading_rad + share * turn + np.pi) % (2 * np.pi) - np.pi)
    place = (1 - share) * np.array(ahead.place_m) + share * np.array(back.place_m)
    shape = (1 - share) * np.array(ahead.shape) + share * np.array(back.shape)
    size = (1 - share) * np.array(ahead.size_m) + share * np.array(back.size_m)
    pose = pose_on_ground(plane, place, heading)
    x, y, z = pose.translation.tolist()
    length, width, height = size.tolist()
    return replace(
        ahead,
        rotation=tuple(pose.rotation.reshape(-1).tolist()),
        translation=(x, y, z),
        place_m=(float(place[0]), float(place[1])),
        heading_rad=heading,
        shape=tuple(shape.tolist()),
        size_m=(length, width, height),
    )
