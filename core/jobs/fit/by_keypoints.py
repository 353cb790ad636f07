"""Fits of the cars that have keypoints: the frames of a track together, the others each by itself."""

from __future__ import annotations

from collections.abc import Sequence

from core.fitting.vehicles.evidence import KeypointEvidence, evidence_of
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.motion import MotionPrior
from core.fitting.vehicles.same_car import shows_several_cars
from core.fitting.vehicles.track import TrackSettings, fit_track
from core.jobs.fit.work import SourceWork
from core.records.fits import FitVerdict
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
        tracks = fit_candidates.tracks_with_keypoints(connection, work.source.id)
    for number, track_id in enumerate(tracks):
        if track_id <= work.place("track"):
            continue
        work.tell(begun + (ended - begun) * number / len(tracks))
        with work.project.read() as connection:
            frames = fit_candidates.of_track(connection, track_id)
        work.write(_fits_of_track(work, fitter, frames), "track", track_id)


def fit_singles(work: SourceWork, begun: float, ended: float) -> None:
    """Fit every car that has points enough and still needs a fit.

    Args:
        work: on the source.
        begun, ended: the shares of the source's progress that this phase takes.
    """
    fitter = VehicleFitter(work.camera, work.plane, work.space)
    with work.project.read() as connection:
        total = fit_candidates.count_with_keypoints(connection, work.source.id)
    seen = 0
    while True:
        with work.project.read() as connection:
            batch = fit_candidates.with_keypoints(connection, work.source.id, work.place("after"), _BATCH)
        if not batch:
            return
        wanted: list[tuple[FitCandidate, KeypointEvidence]] = []
        for candidate in filter(work.is_wanted, batch):
            evidence = _evidence(candidate)
            if evidence is not None and evidence.used.sum() >= fitter.fewest_points:
                wanted.append((candidate, evidence))
        fits = fitter.fit_many([evidence for _, evidence in wanted])
        found = [work.found(candidate, fit) for (candidate, _), fit in zip(wanted, fits, strict=True)]
        work.write(found, "after", batch[-1].instance_id)
        seen += len(batch)
        work.tell(begun + (ended - begun) * min(1.0, seen / total))


def _fits_of_track(work: SourceWork, fitter: VehicleFitter, frames: Sequence[FitCandidate]) -> list[FoundFit]:
    frames = _one_a_time([frame for frame in frames if work.is_meant(frame)])
    evidences = [_evidence(frame) for frame in frames]
    seen = [frame for frame, one in zip(frames, evidences, strict=True) if one is not None]
    if len(seen) < 2 or not any(map(work.is_wanted, seen)):
        return []
    if shows_several_cars(fitter.fit_many([one for one in evidences if one is not None])):
        return []  # each frame will be fitted by itself, and none is predicted
    fits = fit_track(fitter, evidences, [frame.time_s for frame in frames], _TRACK)
    return [
        work.found(frame, fit)
        for frame, fit in zip(frames, fits, strict=True)
        if fit is not None and fit.verdict is not FitVerdict.TOO_FEW_POINTS
    ]


def _evidence(candidate: FitCandidate) -> KeypointEvidence | None:
    """What its keypoints say; None where they say nothing."""
    if candidate.keypoints is None:
        return None
    evidence = evidence_of(candidate.keypoints, candidate.box.size)
    return evidence if evidence.used.any() else None


def _one_a_time(frames: Sequence[FitCandidate]) -> list[FitCandidate]:
    """A track's frames with one of each moment: a car is in one place at a time."""
    kept: list[FitCandidate] = []
    for frame in frames:
        if not kept or frame.time_s > kept[-1].time_s:
            kept.append(frame)
    return kept
