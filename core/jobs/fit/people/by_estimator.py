"""Fits of people by a system that looks at pictures: HMR 2.0's network, or an adapter from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from core.errors import BodyEstimatorError, MediaError
from core.fitting.people.estimates import BodyEstimate, PersonPicture, place_estimate
from core.jobs.fit.people.by_keypoints import evidences_of
from core.jobs.fit.people.estimators import NamedEstimator
from core.jobs.fit.work import SourceWork
from core.jobs.footage import decoded_frames
from core.records.detections import Category
from core.records.occlusion import OcclusionLabel
from core.store.queries import fit_candidates
from core.store.queries.fit_candidates import FitCandidate
from core.store.writers.fits import FoundFit

# frames that are looked up together
_FRAMES = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A person with the picture of the whole frame."""

    person: FitCandidate
    image: NDArray[np.uint8]


def fit_people_by_estimator(work: SourceWork, estimator: NamedEstimator, begun: float, ended: float) -> None:
    """Fit every person who still needs a fit, with keypoints or without, by what the frames show.

    What a batch found is written at once; a job that was stopped asks again only about who has no fit.

    Args:
        work: on the source, with a body.
        estimator: what looks.
        begun, ended: the shares of the source's progress that this phase takes.

    Raises:
        BodyEstimatorError: the system failed, or gave what is no body.
        FootageMissingError: the source is not where it was.
    """
    with work.project.read() as connection:
        frames = fit_candidates.frames_with(connection, work.source.id, Category.PERSON)
    lost: list[int] = []
    unanswered, told = 0, False
    for start in range(0, len(frames), _FRAMES):
        chunk = frames[start : start + _FRAMES]
        people = _seen(work, chunk, lost)
        while batch := list(islice(people, estimator.batch)):
            began = monotonic()
            answers = estimator.ask([PersonPicture(one.image, one.person.box, work.camera) for one in batch])
            if not told:
                told = True
                work.log(f"{estimator.title} takes {(monotonic() - began) / len(batch):.2g} s a person here.")
            found = _placed(work, [one.person for one in batch], answers)
            unanswered += len(batch) - len(found)
            work.write(found, "estimate", 0)
        work.tell(begun + (ended - begun) * (start + len(chunk)) / len(frames), "people")
    if lost:
        work.log(f"{work.source.name}: {len(lost)} frames cannot be read, so their people are left out.")
    if unanswered:
        work.log(f"{estimator.title} has no answer for {unanswered} people, or none that can be placed.")


def _seen(work: SourceWork, frames: Sequence[tuple[int, int]], lost: list[int]) -> Iterator[_Seen]:
    """The people of some frames who need a fit, in order of time, with their pictures."""
    with work.project.read() as connection:
        people = fit_candidates.in_frames(connection, [frame for frame, _ in frames], Category.PERSON)
    wanted: dict[int, list[FitCandidate]] = {}
    for person in filter(work.is_wanted, people):
        wanted.setdefault(person.frame_id, []).append(person)
    ids = {pts: frame for frame, pts in frames if frame in wanted}

    def on_damage(pts: int, _: MediaError) -> None:
        lost.append(pts)

    for picture in decoded_frames(work.project, work.source, sorted(ids), on_damage):
        for person in wanted[ids[picture.pts]]:
            yield _Seen(person, picture.image)


def _placed(
    work: SourceWork, people: Sequence[FitCandidate], answers: Sequence[BodyEstimate | None]
) -> list[FoundFit]:
    found = []
    for person, answer, evidence in zip(people, answers, evidences_of(work, people), strict=True):
        if answer is None:
            continue
        try:
            fit = place_estimate(
                answer,
                work.camera,
                work.plane,
                work.named_body,
                evidence,
                occluded=person.label is OcclusionLabel.OCCLUDED,
            )
        except BodyEstimatorError:
            continue  # a box and an answer that put nobody before the camera
        found.append(work.found(person, fit, by_mask=evidence.mask is not None))
    return found
