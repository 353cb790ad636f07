"""The real cars that were annotated by eye: points alone, no footage is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.fitting.calibration.sightings import CarSighting
from core.fitting.vehicles.evidence import KeypointEvidence, evidence_of
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.rectangle import calibrate_rectangle
from core.geometry.calibration.result import CalibrationResult
from core.geometry.calibration.sketch import solve_sketch
from core.jobs.reproduce.footage.labels import hand_labels
from core.records.cameras import CalibrationMethod
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.shapes import KeypointTag
from core.records.sketches import Sketch, Stroke, StrokeRole
from core.shapes.keypoints import NAMES


@dataclass(frozen=True)
class AnnotatedCar:
    """One car in one frame of the real footage."""

    name: str
    clip: str
    frame: int
    evidence: KeypointEvidence


def facts() -> dict[str, Any]:
    """The file as it is."""
    return hand_labels("car_keypoints")


def annotated(clip: str) -> list[AnnotatedCar]:
    """The cars of one clip."""
    return [
        AnnotatedCar(row["car"], clip, row["frame"], _evidence(row["points"]))
        for row in facts()["cars"]
        if row["clip"] == clip
    ]


def sightings_of(cars: list[AnnotatedCar]) -> list[CarSighting]:
    """As a calibration takes them: the same car in two frames shares its shape."""
    names = sorted({car.name for car in cars})
    return [CarSighting(car.evidence, names.index(car.name)) for car in cars]


def lens_of(clip: str) -> Lens:
    """What is known of a clip's lens: the size of its pictures."""
    return Lens(*facts()["pictures"][clip])


def junction_by_rectangle() -> CalibrationResult:
    """The junction's camera by the rectangle that was drawn along a lane."""
    drawn = facts()["rectangle"]
    return calibrate_rectangle(lens_of("junction"), drawn["corners"], *drawn["sides_m"])


def suburb_lines(*, straight: bool = True, kept: bool = True) -> Sketch:
    """What was drawn on the suburb: a lane's line and cars along it, their fronts, a car's wheelbase.

    Args:
        straight: whether with the things that show how the lens bends.
        kept: whether the focal length is kept from an earlier calibration.
    """
    drawn = facts()["lines"]
    roles = {"along": StrokeRole.FIRST, "across": StrokeRole.SECOND, "straight": StrokeRole.STRAIGHT}
    strokes = [
        _stroke(role, row["points"])
        for name, role in roles.items()
        for row in drawn[name]
        if straight or role is not StrokeRole.STRAIGHT
    ]
    length = _stroke(StrokeRole.LENGTH, drawn["length"]["points"])
    return Sketch(
        CalibrationMethod.VANISHING_POINTS,
        (*strokes, length),
        length_m=drawn["length_m"],
        keep_lens=kept,
    )


def suburb_by_lines(by_cars: CalibrationResult, *, straight: bool = True) -> CalibrationResult:
    """The suburb's camera by those lines, with the focal length that its cars gave."""
    lens = lens_of("suburb")
    sure = by_cars.uncertainty
    percent = 0.0 if sure is None else sure.focal_percent
    return solve_sketch(suburb_lines(straight=straight), lens.width, lens.height, by_cars.camera, percent)


def _stroke(role: StrokeRole, points: list[list[float]]) -> Stroke:
    return Stroke(role, tuple((x, y) for x, y in points))


def _evidence(points: dict[str, list[float]]) -> KeypointEvidence:
    places = np.array(list(points.values()))
    placed = [
        PlacedPoint(points[name][0], points[name][1], KeypointTag.VISIBLE) if name in points else None
        for name in NAMES
    ]
    size = float((places.max(axis=0) - places.min(axis=0)).max())
    return evidence_of(KeypointSet(Template.CAR, tuple(placed)), size)
