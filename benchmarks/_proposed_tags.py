"""The tags that a fit proposes for all twelve points, against the street's truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._street_cars import APART_M, CarView, Clip, Moment
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fit_mesh import fit_ray_mesh
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.mask_tags import hidden_off_mask
from core.fitting.vehicles.predict import predict
from core.geometry.poses import Pose
from core.geometry.visibility import RayMesh, ray_mesh
from core.jobs.reproduce.rough_masks import roughened
from core.records.fits import FitVerdict, VehicleFit
from core.records.keypoints import PlacedPoint
from core.records.shapes import KeypointTag
from core.shapes.space import CarShapeSpace

NOISE_PX = 2.0
FEWEST_SEEN = 3
# true tag (an other-occluded one with its kind of hider), proposed tag
Tally = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Proposed:
    """How often a true tag, by who hides the point, was proposed as what.

    Attributes:
        by_true: where the other cars' true meshes are given.
        by_fits: where their own fits' are, by points of the same noise.
        by_mask: the same, and points off the car's mask called hidden; by_rough_mask: with one as coarse as a
            network's.
        cars: how many were fitted.
    """

    by_true: Tally
    by_fits: Tally
    by_mask: Tally
    by_rough_mask: Tally
    cars: int


def proposed_tags(
    clips: Sequence[Clip], space: CarShapeSpace, counts: Callable[[CarView], bool], rng: np.random.Generator
) -> Proposed:
    """Tags of cars of which three points or more are visible, by fits to those with 2 px noise.

    Args:
        counts: which cars are counted; others only stand in front of them. A car that stands is counted again
            only when other points of it are hidden.
    """
    by_true: Tally = Counter()
    by_fits: Tally = Counter()
    by_mask: Tally = Counter()
    by_rough_mask: Tally = Counter()
    count = 0
    for clip in clips:
        fitter = VehicleFitter(clip.camera, clip.plane, space)
        last: dict[int, CarView] = {}
        for moment in clip.moments:
            cars = [car for car in moment.cars if np.isfinite(car.pixels).all()]
            fits = dict(zip([car.track_id for car in cars], _fits(fitter, cars, rng), strict=True))
            true_meshes = {car.track_id: _true_mesh(car, space) for car in cars}
            own_meshes = {who: fit_ray_mesh(fit, space) for who, fit in fits.items() if fit is not None}
            for car in cars:
                fit = fits[car.track_id]
                if fit is None or not counts(car) or not _is_new(car, last.get(car.track_id)):
                    continue
                last[car.track_id] = car
                count += 1
                true = _true_tags(car, moment)
                _count(by_true, true, predict(fit, clip.camera, space, _but(true_meshes, car)))
                said = predict(fit, clip.camera, space, _but(own_meshes, car))
                _count(by_fits, true, said)
                _count(by_mask, true, hidden_off_mask(said, car.mask, car.size_px))
                rough = roughened(car.mask, clip.camera, rng)
                _count(by_rough_mask, true, hidden_off_mask(said, rough, car.size_px))
    return Proposed(by_true, by_fits, by_mask, by_rough_mask, count)


def _but(meshes: dict[int, RayMesh], car: CarView) -> list[tuple[int, RayMesh]]:
    return [(who, mesh) for who, mesh in meshes.items() if who != car.track_id]


def _count(tally: Tally, true: Sequence[str], said: Sequence[PlacedPoint]) -> None:
    tally.update(zip(true, [point.tag.value for point in said], strict=True))


def agreement(tally: Tally, true: str, said: Sequence[str]) -> tuple[float, int]:
    """Share of the points of a true tag that were proposed as one of some, and how many points there are."""
    of_true = {proposed: number for (tag, proposed), number in tally.items() if tag == true}
    count = sum(of_true.values())
    return (sum(of_true.get(tag, 0) for tag in said) / count if count else np.nan), count


def _fits(
    fitter: VehicleFitter, cars: Sequence[CarView], rng: np.random.Generator
) -> list[VehicleFit | None]:
    """By the visible points; None where there are too few, or they say nothing."""
    evidences = []
    for car in cars:
        noisy = car.pixels + rng.normal(0.0, NOISE_PX, car.pixels.shape)
        seen = car.visible
        evidences.append(
            KeypointEvidence(np.where(seen[:, None], noisy, np.nan), np.where(seen, NOISE_PX, np.inf), seen)
        )
    shown = (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)
    return [
        fit if car.visible.sum() >= FEWEST_SEEN and fit.verdict in shown else None
        for car, fit in zip(cars, fitter.fit_many(evidences), strict=True)
    ]


def _is_new(car: CarView, before: CarView | None) -> bool:
    if before is None or car.tags != before.tags:
        return True
    return float(np.linalg.norm(car.translation - before.translation)) >= APART_M


def _true_mesh(car: CarView, space: CarShapeSpace) -> RayMesh:
    assert space.mesh is not None
    vertices = Pose(car.rotation, car.translation).apply(space.proxy_vertices(car.shape))
    return ray_mesh(vertices, space.mesh.proxy_faces)


def _true_tags(car: CarView, moment: Moment) -> list[str]:
    """Of each point; an other-occluded one with what hides it: a car, a person or a still thing."""
    names = []
    for tag, hider in zip(car.tags, car.hiders, strict=True):
        name = tag.value
        if tag is KeypointTag.OTHER_OCCLUDED and hider is not None:
            kind = "still" if hider.thing is not None else "person"
            if hider.track_id is not None and moment.car(hider.track_id) is not None:
                kind = "car"
            name = f"{name} by {kind}"
        names.append(name)
    return names
