"""How the real people that were annotated by eye come out: as tall as people are, points where they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.fitting.calibration.camera_model import RoadCamera
from core.fitting.calibration.people.sightings import sighting_of, stack_people
from core.fitting.calibration.people.statures import statures
from core.fitting.people.evidence import BodyEvidence, body_evidence
from core.fitting.people.fitter import BodyFitter
from core.geometry.calibration.lens import known_lens
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import rle_to_patch
from core.jobs.reproduce.footage.people import AnnotatedPerson, MinedPerson, camera_of, facts
from core.records.cameras import CalibrationRecord
from core.records.fits import BodyFit, FitVerdict
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.placed import named_body, placed_body
from core.store.project import Project
from core.store.queries.instances import by_id, masks, of_track

Array = NDArray[np.float64]

SHORTEST_M, TALLEST_M = 1.5, 2.0
"""How tall grown people in shoes are."""

# who gets less far within a second stands, and faces anywhere
_WALKS_M_PER_S = 0.5
_AROUND_S = 0.8


def calibrated(record: CalibrationRecord) -> dict[str, float]:
    """The camera from the people beside the one that was measured there."""
    camera, plane = camera_of(record)
    measured = facts()["published"]
    assert record.uncertainty is not None
    down, lean = np.rad2deg(plane.tilt())
    return {
        "focal_px": camera.focal[0],
        "focal_said_percent": record.uncertainty.focal_percent,
        "focal_off_percent": 100 * (camera.focal[0] / float(np.mean(measured["focal_px"])) - 1),
        "height_m": plane.height,
        "height_said_percent": record.uncertainty.height_percent,
        "height_off_percent": 100 * (plane.height / measured["height_m"] - 1),
        "tilt_off_deg": float(np.hypot(down - measured["down_deg"], lean - measured["lean_deg"])),
        "tilt_said_deg": record.uncertainty.normal_deg,
    }


def stood(
    record: CalibrationRecord,
    path: Path,
    people: list[MinedPerson],
    told: Callable[[str], None] = lambda line: None,
) -> tuple[dict[str, float], list[BodyFit]]:
    """The annotated people fitted by points and masks: heights, feet, facing.

    Args:
        path: of the project in which they were mined. told: is told each of them.
    """
    camera, plane = camera_of(record)
    body = named_body()
    fitter = BodyFitter(camera, plane, body)
    found = [one for one in people if one.box is not None]
    fits = fitter.fit_many([body_evidence(p.person.keypoints, p.box, p.mask) for p in found if p.box])
    good = [fit.verdict is FitVerdict.GOOD for fit in fits]
    tall = np.array([fit.size_m[2] for fit in fits])
    plausible = (tall >= SHORTEST_M) & (tall <= TALLEST_M)
    feet, turned = [], []
    for one, fit in zip(found, fits, strict=True):
        assert one.box is not None
        lowest = camera.project(placed_body(fit, body.model).vertices)[:, 1].max()
        feet.append(lowest + 0.5 - one.box.bottom)
        away = _walks_rad(path, one, camera, plane)
        if away is not None and fit.heading_rad is not None:
            turned.append(abs(float(np.angle(np.exp(1j * (fit.heading_rad - away))))))
        told(
            f"    {one.person.name}, frame {one.person.frame}: {fit.verdict.value}, {fit.size_m[2]:.2f} m, "
            f"{_place(fit)}, RMS {fit.rms_px:.1f} px, feet {feet[-1]:+.1f} px. {fit.reason}"
        )
    ends = np.abs(np.array(feet))
    by_person = _by_person(found, tall)
    over = tall / _by_masks(camera, plane, found)
    return {
        "people": different(found), "sightings": float(len(people)),
        "mined": float(len(found)), "good": float(sum(good)),
        "tall_median_m": float(np.median(tall)), "tall_least_m": float(tall.min()),
        "tall_most_m": float(tall.max()), "plausible": float(plausible.sum()),
        "over_mask_median": float(np.nanmedian(over)), "over_mask_spread": float(np.nanstd(over)),
        "same_person_off_rms_m": _off_rms(by_person),
        "same_person_off_most_m": max(np.abs(values - np.median(values)).max() for values in by_person),
        "rms_median_px": float(np.median([fit.rms_px for fit in fits])),
        "feet_median_px": float(np.median(ends)), "feet_within_3_px": float((ends <= 3).sum()),
        "walkers": float(len(turned)), "facing_off_median_deg": float(np.rad2deg(np.median(turned))),
        "facing_off_most_deg": float(np.rad2deg(max(turned))),
    }, fits  # fmt: skip


def held_out_points(
    people: Sequence[AnnotatedPerson], camera: Camera, plane: GroundPlane
) -> list[list[float]]:
    """How far each person's points that are seen lie from where a fit of all their others puts them.

    Returns:
        of each person, shares of L = max(w, h) of their box; infinite where the others hold no fit.
    """
    body = named_body()
    whole = [body_evidence(one.keypoints, one.box) for one in people]
    views = [(row, int(point)) for row, one in enumerate(whole) for point in np.flatnonzero(one.seen)]
    fits = BodyFitter(camera, plane, body).fit_many([_without(whole[row], point) for row, point in views])
    off: list[list[float]] = [[] for _ in people]
    for (row, point), fit in zip(views, fits, strict=True):
        said = camera.project(coco_keypoints(placed_body(fit, body.model), body.face))[point]
        box = people[row].box
        away = float(np.linalg.norm(said - whole[row].points[point])) / max(box.w, box.h)
        none = fit.verdict is FitVerdict.TOO_FEW_POINTS or not np.isfinite(away)
        off[row].append(float("inf") if none else away)
    return off


def different(people: list[MinedPerson]) -> float:
    """How many different people there are among these sightings."""
    return float(len({one.person.number for one in people}))


def _without(evidence: BodyEvidence, point: int) -> BodyEvidence:
    used, sigma = evidence.used.copy(), evidence.sigma_px.copy()
    used[point], sigma[point] = False, np.inf
    return replace(evidence, used=used, sigma_px=sigma)


def _by_masks(camera: Camera, plane: GroundPlane, people: list[MinedPerson]) -> Array:
    """(n,) how tall each mask says that they are, by where it ends; NaN where it does not."""
    tall = np.full(len(people), np.nan)
    seen = [sighting_of(one.box, one.mask, row) for row, one in enumerate(people) if one.box is not None]
    kept = [one for one in seen if one is not None]
    told = statures(RoadCamera(camera.focal[0], plane), stack_people(kept, known_lens(camera)))
    tall[[one.person for one in kept]] = told.tall_m
    return tall


def _by_person(people: list[MinedPerson], tall: Array) -> list[Array]:
    """The statures of each person who was seen more than once, metres."""
    numbers = np.array([one.person.number for one in people])
    values = [tall[numbers == number] for number in set(numbers.tolist())]
    return [one for one in values if len(one) > 1]


def _off_rms(values: list[Array]) -> float:
    """The standard deviation of a sighting's stature from its person's, metres."""
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in values)
    return float(np.sqrt(squares / sum(len(one) - 1 for one in values)))


def _walks_rad(path: Path, one: MinedPerson, camera: Camera, plane: GroundPlane) -> float | None:
    """Where a person walks, by where their masks end in the frames around; None where they stand."""
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = by_id(connection, one.instance_id or 0)
        if row is None or row.track_id is None:
            return None
        near = [r for r in of_track(connection, row.track_id) if abs(r.time_s - row.time_s) <= _AROUND_S]
        codes = masks(connection, [r.id for r in near])
    seen = [(r.time_s, sighting_of(r.box, rle_to_patch(codes[r.id]), 0)) for r in near if r.id in codes]
    feet = np.array([one.foot for _, one in seen if one is not None])
    times = np.array([time for time, one in seen if one is not None])
    if len(feet) < 5:
        return None
    places = plane.frame().inverse().apply(plane.points_or_nan(camera, feet))[:, :2]
    speed = np.polyfit(times, places, 1)[0]
    if not np.isfinite(speed).all() or np.hypot(*speed) < _WALKS_M_PER_S:
        return None
    return float(np.arctan2(speed[1], speed[0]))


def _place(fit: BodyFit) -> str:
    return "nowhere" if fit.place_m is None else f"{np.hypot(*fit.place_m):.1f} m away"
