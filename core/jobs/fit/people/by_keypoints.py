"""Fits of the people that have keypoints: the frames of a track together, the others each by itself."""

from __future__ import annotations

from collections.abc import Sequence

from core.fitting.people.evidence import BodyEvidence, body_evidence
from core.fitting.people.fitter import BodyFitter
from core.fitting.people.same_person import runs_of_people
from core.fitting.people.track import FEWEST_POINTS, fit_body_track
from core.jobs.fit.known import seen_masks
from core.jobs.fit.work import SourceWork, one_a_time
from core.mining.detectors.settings import Device
from core.records.fits import BodyFit, FitVerdict
from core.records.keypoints import Template
from core.store.queries import fit_candidates
from core.store.queries.fit_candidates import FitCandidate
from core.store.writers.fits import FoundFit

# so many are solved at once, and lost at most when a job dies
_BATCH = 64


def fit_people_of_tracks(work: SourceWork, begun: float, ended: float) -> None:
    """Fit every track of which a frame needs a fit and at least two say something of the body.

    Args:
        work: on the source, with a body.
        begun, ended: the shares of the source's progress that this phase takes.

    Raises:
        FittingError: a GPU was asked for and is not there.
    """
    fitter = _fitter(work)
    with work.project.read() as connection:
        tracks = fit_candidates.tracks_with_keypoints(connection, work.source.id, Template.PERSON)
    for number, track_id in enumerate(tracks):
        if track_id <= work.place("person track"):
            continue
        work.tell(begun + (ended - begun) * number / len(tracks), "people")
        with work.project.read() as connection:
            frames = fit_candidates.of_track(connection, track_id)
        work.write(_fits_of_track(work, fitter, frames), "person track", track_id)


def fit_single_people(work: SourceWork, begun: float, ended: float) -> None:
    """Fit every person with enough keypoints that still needs a fit.

    Args:
        work: on the source, with a body.
        begun, ended: the shares of the source's progress that this phase takes.

    Raises:
        FittingError: a GPU was asked for and is not there.
    """
    fitter = _fitter(work)
    with work.project.read() as connection:
        total = fit_candidates.count_with_keypoints(connection, work.source.id, Template.PERSON)
    seen = 0
    while True:
        with work.project.read() as connection:
            batch = fit_candidates.with_keypoints(
                connection, work.source.id, Template.PERSON, work.place("person after"), _BATCH
            )
        if not batch:
            return
        work.tell(begun + (ended - begun) * min(1.0, seen / total), "people")
        found = _fits_of_singles(work, fitter, list(filter(work.is_wanted, batch)))
        work.write(found, "person after", batch[-1].instance_id)
        seen += len(batch)


def _fitter(work: SourceWork) -> BodyFitter:
    """On the processor, where no torch is needed, unless somebody asks for the GPU."""
    device = "cuda" if work.settings.device is Device.CUDA else None
    return BodyFitter(work.camera, work.plane, work.named_body, device=device)


def _fits_of_singles(work: SourceWork, fitter: BodyFitter, people: Sequence[FitCandidate]) -> list[FoundFit]:
    told = [
        (person, evidence)
        for person, evidence in zip(people, evidences_of(work, people), strict=True)
        if evidence.used.sum() >= fitter.fewest_points
    ]
    fits = fitter.fit_many([evidence for _, evidence in told])
    return [
        work.found(person, fit, by_mask=evidence.mask is not None)
        for (person, evidence), fit in zip(told, fits, strict=True)
    ]


def _fits_of_track(work: SourceWork, fitter: BodyFitter, frames: Sequence[FitCandidate]) -> list[FoundFit]:
    frames = one_a_time([one for one in frames if one.is_a(Template.PERSON) and work.is_meant(one)])
    evidences = evidences_of(work, frames)
    telling = [row for row, one in enumerate(evidences) if one.used.sum() >= FEWEST_POINTS]
    if len(telling) < 2 or not any(work.is_wanted(frames[row]) for row in telling):
        return []
    fits = _of_whole_track(fitter, evidences, [frame.time_s for frame in frames])
    held = [
        (frame, work.found(frame, fit, by_mask=evidence.mask is not None))
        for frame, evidence, fit in zip(frames, evidences, fits, strict=True)
        if fit is not None and fit.verdict is not FitVerdict.TOO_FEW_POINTS
    ]
    # what lacked a fit and gets none now would make the others' anew each time
    return [one for _, one in held] if any(work.is_wanted(frame) for frame, _ in held) else []


def _of_whole_track(
    fitter: BodyFitter, evidences: Sequence[BodyEvidence], times_s: Sequence[float]
) -> list[BodyFit | None]:
    """The fits of a track's frames together; where the tracker went over to somebody else, in parts.

    Where a frame is well explained alone and not with the others, these are not one person: each frame of
    that part is fitted by itself.
    """
    fits = fit_body_track(fitter, evidences, times_s)
    if not any(map(_is_strange, fits)):
        return fits
    alone = fitter.fit_many(evidences)
    runs = runs_of_people(alone, times_s)
    found: list[BodyFit | None] = []
    for run in runs:
        part = slice(run.start, run.stop)
        own, whole = alone[part], fits[part]
        if len(runs) > 1:
            whole = fit_body_track(fitter, evidences[part], times_s[part])
        torn = any(
            one.verdict is FitVerdict.GOOD and _is_strange(together)
            for one, together in zip(own, whole, strict=True)
        )
        found += own if torn else whole
    return found


def _is_strange(fit: BodyFit | None) -> bool:
    return fit is not None and fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE


def evidences_of(work: SourceWork, people: Sequence[FitCandidate]) -> list[BodyEvidence]:
    """What is seen of each: points, box, and the mask with what may hide a part of it."""
    with work.project.read() as connection:
        seen = seen_masks(connection, people)
    found = []
    for person in people:
        shown = seen.get(person.instance_id)
        found.append(
            body_evidence(
                person.points_of(Template.PERSON),
                person.box,
                None if shown is None else shown.mask,
                () if shown is None else shown.hiders,
            )
        )
    return found
