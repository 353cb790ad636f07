"""How the real cars that were annotated by eye come out: as large as cars are, points where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.calibration.check import check_against_cars
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fit_mesh import fit_keypoints
from core.fitting.vehicles.fitter import VehicleFitter
from core.geometry.calibration.result import CalibrationResult
from core.jobs.reproduce.footage.cars import AnnotatedCar, annotated, sightings_of
from core.records.fits import FitVerdict
from core.shapes.space_file import default_space

SHORTEST_M, LONGEST_M = 3.5, 5.2
"""What a car is long."""


@dataclass(frozen=True, slots=True)
class CarFigures:
    """The cars of a clip by a calibration of its camera.

    Attributes:
        figures: by name. words: what the check of the calibration says.
    """

    figures: dict[str, float]
    words: tuple[str, ...]


def measured(clip: str, result: CalibrationResult) -> CarFigures:
    """The cars of a clip by a calibration of its camera, which has a ground and tells its errors."""
    assert result.plane is not None
    assert result.uncertainty is not None
    space = default_space()
    cars = annotated(clip)
    fits = VehicleFitter(result.camera, result.plane, space).fit_many([car.evidence for car in cars])
    good = [fit for fit in fits if fit.verdict is FitVerdict.GOOD]
    sizes = np.array([fit.size_m for fit in good])
    check = check_against_cars(result.camera, result.plane, sightings_of(cars), space)
    figures = {
        "focal_px": result.camera.focal[0],
        "focal_percent": result.uncertainty.focal_percent,
        "height_m": result.plane.height,
        "height_percent": result.uncertainty.height_percent,
        "cars": float(len(fits)),
        "good": float(len(good)),
        "in_size": float(((sizes[:, 0] >= SHORTEST_M) & (sizes[:, 0] <= LONGEST_M)).sum()),
        "shortest_m": float(sizes[:, 0].min()),
        "longest_m": float(sizes[:, 0].max()),
        "rms_px": float(np.median([fit.rms_px for fit in good])),
    }
    for name, column in zip(("length", "width", "height"), sizes.T, strict=True):
        figures |= {f"car_{name}_m": float(column.mean()), f"car_{name}_spread_m": float(column.std())}
    return CarFigures(figures, tuple(check.sentences))


def held_out_points(cars: Sequence[AnnotatedCar], result: CalibrationResult) -> list[list[float]]:
    """How far each car's points lie from where a fit of all its others puts them, as shares of its size.

    The size is that of the box around its points. Where the others hold no fit, infinitely far.
    """
    space = default_space()
    fitter = VehicleFitter(result.camera, result.plane, space)
    views = [(row, point) for row, car in enumerate(cars) for point in np.flatnonzero(car.evidence.used)]
    fits = fitter.fit_many([_without(cars[row].evidence, int(point)) for row, point in views])
    off: list[list[float]] = [[] for _ in cars]
    for (row, point), fit in zip(views, fits, strict=True):
        true = cars[row].evidence.pixels
        size = float(np.ptp(true[cars[row].evidence.used], axis=0).max())
        said = result.camera.project(fit_keypoints(fit, space))[point]
        away = float(np.linalg.norm(said - true[point])) / size
        none = fit.verdict is FitVerdict.TOO_FEW_POINTS or not np.isfinite(away)
        off[row].append(float("inf") if none else away)
    return off


def _without(evidence: KeypointEvidence, point: int) -> KeypointEvidence:
    sigma: NDArray[np.float64] = evidence.sigma_px.copy()
    sigma[point] = np.inf
    return KeypointEvidence(evidence.pixels, sigma, evidence.seen)
