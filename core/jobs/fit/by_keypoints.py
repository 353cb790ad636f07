"""Fits of the cars that have keypoints: the frames of a track together, the others each by itself."""

from __future__ import annotations

from collections.abc import Sequence

from core.fitting.vehicles.evidence import KeypointEvidence, evidence_of
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.motion import MotionPrior
from core.fitting.vehicles.possible_way import cars_of
from core.fitting.vehicles.same_car import shows_several_cars
from core.fitting.vehicles.track import TrackSettings, fit_track
from core.jobs.fit.guides import Guides
from core.jobs.fit.work import SourceWork, one_a_time
from core.records.fits import FitVerdict, VehicleFit
from core.records.keypoints import Template
from core.store.queries import fit_candidates
from core.store.queries.fit_candidates import FitCandidate
from core.store.writers.fits import FoundFit

_BATCH = 256
_TRACK = TrackSettings(motion=MotionPrior())


def fit_tracks(work: SourceWork, begun: float, ended: float) -> None:
    """Fit every track of which a frame needs a fit and at least two say something, where it is one car.

    Args:
        work: on the source.
        begun, ended: the shares of the source's progress that this phase takes.
    """
    fitter = VehicleFitter(work.camera, work.plane, work.space)
    with work.project.read() as connection:
        tracks = fit_candidates.tracks_with_keypoints(connection, work.source.id, Template.CAR)
    for number, track_id in enumerate(tracks):
        if track_id <= work.place("track"):
            continue
        work.tell(begun + (ended - begun) * number / len(tracks))
        with work.project.read() as connection:
            frames = fit_candidates.of_track(connection, track_id)
        work.write(_fits_of_track(work, fitter, frames), "track", track_id)


def fit_singles(work: SourceWork, begun: float, ended: float) -> None:
    """Fit every car with keypoints that still needs a fit, with its mask and its motion where they are known.

    Args:
        work: on the source.
        begun, ended: the shares of the source's progress that this phase takes.
    """
    fitter = VehicleFitter(work.camera, work.plane, work.space)
    guides = Guides(work, fitter)
    with work.project.read() as connection:
        total = fit_candidates.count_with_keypoints(connection, work.source.id, Template.CAR)
    seen = 0
    while True:
        with work.project.read() as connection:
            batch = fit_candidates.with_keypoints(
                connection, work.source.id, Template.CAR, work.place("after"), _BATCH
            )
        if not batch:
            return
        found = _fits_of_singles(work, fitter, guides, list(filter(work.is_wanted, batch)))
        work.write(found, "after", batch[-1].instance_id)
        seen += len(batch)
        work.tell(begun + (ended - begun) * min(1.0, seen / total))


def _fits_of_singles(
    work: SourceWork, fitter: VehicleFitter, guides: Guides, cars: Sequence[FitCandidate]
) -> list[FoundFit]:
    told = [(car, evidence_of(car.keypoints, car.box.size)) for car in cars if car.keypoints is not None]
    guided = guides.of(told)
    alone = [
        (car, evidence)
        for car, evidence in told
        if car.instance_id not in guided and evidence.used.sum() >= fitter.fewest_points
    ]
    fits = fitter.fit_many([evidence for _, evidence in alone])
    found = [work.found(car, fit) for (car, _), fit in zip(alone, fits, strict=True)]
    for car, evidence in told:
        if car.instance_id not in guided or not (work.settings.coarse or evidence.used.any()):
            continue
        work.check_stop()
        fit = guided[car.instance_id].fit(evidence)
        # what neither points nor outline hold may still get a coarse fit with wider limits
        if fit.verdict is not FitVerdict.TOO_FEW_POINTS or evidence.used.sum() >= fitter.fewest_points:
            found.append(work.found(car, fit, by_mask=guided[car.instance_id].rests_on_mask))
    return found


def _fits_of_track(work: SourceWork, fitter: VehicleFitter, frames: Sequence[FitCandidate]) -> list[FoundFit]:
    frames = one_a_time([one for one in frames if one.is_a(Template.CAR) and work.is_meant(one)])
    evidences = [_evidence(frame) for frame in frames]
    seen = [row for row, one in enumerate(evidences) if one is not None]
    if len(seen) < 2 or not any(work.is_wanted(frames[row]) for row in seen):
        return []
    alone: list[VehicleFit | None] = [None] * len(frames)
    for row, fit in zip(seen, fitter.fit_many([one for one in evidences if one is not None]), strict=True):
        alone[row] = fit
    found = []
    for run in cars_of(alone, [frame.time_s for frame in frames]):
        rows = slice(run.start, run.stop)
        found += _fits_of_car(work, fitter, frames[rows], evidences[rows], alone[rows])
    return found


def _fits_of_car(
    work: SourceWork,
    fitter: VehicleFitter,
    frames: Sequence[FitCandidate],
    evidences: Sequence[KeypointEvidence | None],
    alone: Sequence[VehicleFit | None],
) -> list[FoundFit]:
    """Of the frames of a track that may be one car's."""
    seen = [fit for fit in alone if fit is not None]
    if len(seen) < 2 or shows_several_cars(seen):
        return []  # each frame will be fitted by itself, and none is predicted
    fits = fit_track(fitter, evidences, [frame.time_s for frame in frames], _TRACK)
    return [
        work.found(frame, fit)
        for frame, evidence, fit in zip(frames, evidences, fits, strict=True)
        if fit is not None
        and fit.verdict is not FitVerdict.TOO_FEW_POINTS
        and (fit.verdict is FitVerdict.GOOD or not _has_better(work, fitter, frame, evidence))
    ]


def _has_better(
    work: SourceWork, fitter: VehicleFitter, frame: FitCandidate, evidence: KeypointEvidence | None
) -> bool:
    """Whether a frame that its track hardly holds has a mask that will hold it, with the track's shape."""
    few = evidence is None or evidence.used.sum() < fitter.fewest_points
    wanted = work.settings.coarse or evidence is not None
    return few and wanted and work.masks_count and frame.mask_id is not None


def _evidence(candidate: FitCandidate) -> KeypointEvidence | None:
    """What its keypoints say; None where they say nothing."""
    points = candidate.points_of(Template.CAR)
    if points is None:
        return None
    evidence = evidence_of(points, candidate.box.size)
    return evidence if evidence.used.any() else None
