"""Traffic4D's fits of a source's cars, all together, to compare with: as published, with no verdict."""

from __future__ import annotations

from core.fitting.vehicles.evidence import evidence_of
from core.fitting.vehicles.traffic4d import fit_traffic4d
from core.jobs.fit.work import SourceWork
from core.records.keypoints import Template
from core.store.queries import fit_candidates
from core.store.queries.fit_candidates import FitCandidate

_BATCH = 256


def fit_by_traffic4d(work: SourceWork) -> None:
    """Fit every car that has keypoints by Traffic4D's objective, with one plane for all (ALGORITHMS 5.1).

    Its plane is its own: the camera's ground is not used.

    Args:
        work: on the source.
    """
    tracks: dict[int, list[FitCandidate]] = {}
    after = 0
    while True:
        with work.project.read() as connection:
            batch = fit_candidates.with_keypoints(connection, work.source.id, Template.CAR, after, _BATCH)
        if not batch:
            break
        after = batch[-1].instance_id
        for one in batch:
            # what was never tracked is a car of its own
            tracks.setdefault(-one.instance_id if one.track_id is None else one.track_id, []).append(one)
    cars = [cars for cars in tracks.values() if any(map(work.is_wanted, cars))]
    if not cars:
        return
    work.tell(0.1)
    result = fit_traffic4d(
        work.camera,
        work.space,
        [
            [evidence_of(one.keypoints, one.box.size) for one in car if one.keypoints is not None]
            for car in cars
        ],
    )
    found = [
        work.found(one, fit)
        for car, fits in zip(cars, result.fits, strict=True)
        for one, fit in zip([one for one in car if one.keypoints is not None], fits, strict=True)
        if fit is not None
    ]
    work.write(found, "after", after)
