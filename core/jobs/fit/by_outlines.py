"""Coarse fits of cars that have no fit yet, by the outlines of their masks and the motion of their tracks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.fitting.vehicles.coarse import OutlineSighting, fit_coarse
from core.fitting.vehicles.outline import outline_of
from core.jobs.fit.known import seen_masks
from core.jobs.fit.work import SourceWork
from core.records.detections import Category
from core.records.fits import FitVerdict, VehicleFit
from core.store.queries import fit_candidates
from core.store.queries.fit_candidates import FitCandidate
from core.store.writers.fits import FoundFit

_BATCH = 512


def fit_outlines(work: SourceWork, begun: float, ended: float) -> None:
    """Fit every car with a mask that still has no fit that is up to date.

    A track is looked at whole, since its motion says which way the car heads, but only what needs a fit
    gets one.

    Args:
        work: on the source, whose camera has a ground.
        begun, ended: the shares of the source's progress that this phase takes.
    """
    with work.project.read() as connection:
        tracks = fit_candidates.live_tracks(connection, work.source.id)
    middle = (begun + ended) / 2
    done = 0
    for group in _groups(work, [one for one in tracks if one > work.place("outline track")]):
        wanted = [frame for _, frames in group for frame in frames]
        work.write(_fits(work, wanted), "outline track", group[-1][0])
        done += len(group)
        work.tell(begun + (middle - begun) * done / len(tracks))
    while True:
        with work.project.read() as connection:
            batch = fit_candidates.untracked(connection, work.source.id, work.place("outline after"), _BATCH)
        if not batch:
            return
        work.write(_fits(work, _cars(batch)), "outline after", batch[-1].instance_id)
        work.tell(middle)


def _groups(work: SourceWork, tracks: Sequence[int]) -> Iterator[list[tuple[int, list[FitCandidate]]]]:
    """Tracks with their frames, so many together as make a batch."""
    group: list[tuple[int, list[FitCandidate]]] = []
    count = 0
    for track_id in tracks:
        with work.project.read() as connection:
            frames = _cars(fit_candidates.of_track(connection, track_id))
        group.append((track_id, frames if any(map(work.is_wanted, frames)) else []))
        count += len(group[-1][1])
        if count >= _BATCH:
            yield group
            group, count = [], 0
    if group:
        yield group


def coarse_of(work: SourceWork, candidates: Sequence[FitCandidate]) -> dict[int, VehicleFit]:
    """id -> the coarse fit of each car among them that has a mask; whole tracks tell headings."""
    assert work.plane is not None
    cars = [one for one in _cars(candidates) if one.mask_id is not None]
    with work.project.read() as connection:
        seen = seen_masks(connection, cars)
    cars = [one for one in cars if one.instance_id in seen]
    sightings = []
    for one in cars:
        shown = seen[one.instance_id]
        outline = outline_of(shown.mask, work.camera, shown.hiders)
        sightings.append(OutlineSighting(outline, one.time_s, one.track_id))
    fits = fit_coarse(work.camera, work.plane, work.space, sightings)
    return {one.instance_id: fit for one, fit in zip(cars, fits, strict=True)}


def _cars(candidates: Sequence[FitCandidate]) -> list[FitCandidate]:
    return [one for one in candidates if one.category is Category.CAR]


def _fits(work: SourceWork, candidates: Sequence[FitCandidate]) -> list[FoundFit]:
    cars = {one.instance_id: one for one in candidates}
    if not any(map(work.is_wanted, candidates)):
        return []
    return [
        work.found(cars[i], fit, by_mask=True)
        for i, fit in coarse_of(work, candidates).items()
        if work.is_wanted(cars[i]) and fit.verdict is not FitVerdict.TOO_FEW_POINTS
    ]
