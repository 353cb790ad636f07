"""What guides the fits of cars by few points: their masks, their coarse fits, their tracks' shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.guided import GuidedFitter
from core.jobs.fit.by_outlines import coarse_of
from core.jobs.fit.known import guided_fitter, known_before
from core.jobs.fit.work import SourceWork
from core.records.fits import VehicleFit
from core.store.queries import fit_candidates
from core.store.queries.fit_candidates import FitCandidate

# with so many points, what the motion says of the heading changes next to nothing
_ENOUGH_POINTS = 4
_AT_ONCE = 512


class Guides:
    """Makes what fits a source's cars, as the Keypoints workspace does."""

    def __init__(self, work: SourceWork, fitter: VehicleFitter) -> None:
        self._work, self._fitter = work, fitter
        self._coarse: dict[int, VehicleFit] = {}
        self._tracks: set[int] = set()

    def of(self, cars: Sequence[tuple[FitCandidate, KeypointEvidence]]) -> dict[int, GuidedFitter]:
        """id -> what fits a car; those are left out of which nothing is known besides their points."""
        work = self._work
        if not work.masks_count:
            return {}
        with work.project.read() as connection:
            known = known_before(connection, [car for car, _ in cars], work.space.label)
        coarse = self._worked_out(
            [
                car
                for car, evidence in cars
                if car.instance_id in known
                and known[car.instance_id].coarse is None
                and evidence.used.sum() < _ENOUGH_POINTS
            ]
        )
        made = {
            i: guided_fitter(self._fitter, replace(one, coarse=one.coarse or coarse.get(i)))
            for i, one in known.items()
        }
        return {i: one for i, one in made.items() if one is not None}

    def _worked_out(self, cars: Sequence[FitCandidate]) -> dict[int, VehicleFit]:
        """id -> coarse fits that are not stored, or no longer hold, as after a new calibration."""
        # many together: what a fit needs of the shape space is worked out once for all
        frames = [car for car in cars if car.track_id is None]
        for track_id in sorted({car.track_id for car in cars if car.track_id is not None} - self._tracks):
            self._tracks.add(track_id)
            with self._work.project.read() as connection:
                frames += fit_candidates.of_track(connection, track_id)
            if len(frames) > _AT_ONCE:
                self._coarse |= coarse_of(self._work, frames)
                frames = []
                self._work.check_stop()
        self._coarse |= coarse_of(self._work, frames)
        return {
            car.instance_id: self._coarse[car.instance_id] for car in cars if car.instance_id in self._coarse
        }
