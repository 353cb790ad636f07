"""Coarse fits of cars that have no fit yet, by the outlines of their masks and the motion of their tracks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.fitting.vehicles.coarse import OutlineSighting, fit_coarse
from core.fitting.vehicles.outline import HIDER_PX, outline_of
from core.geometry.masks import rle_to_patch
from core.jobs.fit.work import SourceWork
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import FitVerdict
from core.records.masks import MaskPatch
from core.records.occlusion import OcclusionLabel
from core.store.queries import fit_candidates
from core.store.queries.fit_candidates import FitCandidate
from core.store.queries.instances import masks
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
        work.write(_fits(work, batch), "outline after", batch[-1].instance_id)
        work.tell(middle)


def _groups(work: SourceWork, tracks: Sequence[int]) -> Iterator[list[tuple[int, list[FitCandidate]]]]:
    """Tracks with their frames, so many together as make a batch."""
    group: list[tuple[int, list[FitCandidate]]] = []
    count = 0
    for track_id in tracks:
        with work.project.read() as connection:
            frames = fit_candidates.of_track(connection, track_id)
        group.append((track_id, frames if any(map(work.is_wanted, frames)) else []))
        count += len(group[-1][1])
        if count >= _BATCH:
            yield group
            group, count = [], 0
    if group:
        yield group


def _fits(work: SourceWork, candidates: Sequence[FitCandidate]) -> list[FoundFit]:
    assert work.plane is not None
    cars = [one for one in candidates if one.category is Category.CAR and one.mask_id is not None]
    if not any(map(work.is_wanted, cars)):
        return []
    hiders = _hiders(work, cars)
    shown = _patches(work, [one.instance_id for one in cars])
    others = _patches(work, sorted({i for ids in hiders.values() for i in ids}))
    cars = [one for one in cars if one.instance_id in shown]
    sightings = [
        OutlineSighting(
            outline_of(
                shown[one.instance_id],
                work.camera,
                [others[i] for i in hiders[one.instance_id] if i in others],
            ),
            one.time_s,
            one.track_id,
        )
        for one in cars
    ]
    fits = fit_coarse(work.camera, work.plane, work.space, sightings)
    return [
        work.found(one, fit)
        for one, fit in zip(cars, fits, strict=True)
        if work.is_wanted(one) and fit.verdict is not FitVerdict.TOO_FEW_POINTS
    ]


def _hiders(work: SourceWork, cars: Sequence[FitCandidate]) -> dict[int, list[int]]:
    """Of each car that may be hidden, what may hide it: what touches its box and reaches lower down.

    On one road what reaches lower stands nearer.
    """
    with work.project.read() as connection:
        present = fit_candidates.boxes_in_frames(connection, sorted({one.frame_id for one in cars}))
    return {
        one.instance_id: []
        if one.label is OcclusionLabel.UNOCCLUDED
        else [
            i
            for i, box in present.get(one.frame_id, [])
            if i != one.instance_id and box.bottom > one.box.bottom and _touch(box, one.box)
        ]
        for one in cars
    }


def _touch(first: Box, second: Box) -> bool:
    return (
        first.x - HIDER_PX < second.right
        and second.x - HIDER_PX < first.right
        and first.y - HIDER_PX < second.bottom
        and second.y - HIDER_PX < first.bottom
    )


def _patches(work: SourceWork, ids: Sequence[int]) -> dict[int, MaskPatch]:
    with work.project.read() as connection:
        found = masks(connection, ids)
    return {i: rle_to_patch(rle) for i, rle in found.items()}
