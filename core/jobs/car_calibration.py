"""A camera of a project calibrated from the cars in its footage, and checked against them."""

from __future__ import annotations

from typing import Any

from core.fitting.calibration.check import check_against_cars
from core.fitting.calibration.from_cars import calibrate_from_cars
from core.fitting.calibration.sightings import LEAST_POINTS, CarSighting
from core.fitting.vehicles.evidence import evidence_of
from core.geometry.calibration.result import to_record
from core.jobs.sought_camera import checked_camera, footage_size, sought_lens
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.car_checks import CarCheck
from core.records.keypoints import Template
from core.records.project import CameraRow
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space
from core.store.project import Project
from core.store.queries.keypoints import keypoints_in_force
from core.store.queries.sighting_choice import choose_sightings
from core.store.queries.sources import list_sources

MOST_SIGHTINGS = 2000
# chosen by the points placed, of which some may be a fit's and no evidence: so many times more are looked at
_SPARE = 2
_CHUNK = 500


def car_sightings(project: Project, camera: CameraRow, size: tuple[int, int]) -> list[CarSighting]:
    """The keypoints of a camera's cars, MOST_SIGHTINGS at most: the best seen, spread over cars and time.

    Args:
        size: width and height of the pictures that count, pixels; sources of another size are left out.
    """
    found: list[CarSighting] = []
    with project.read() as connection:
        sources = [
            source.id
            for source in list_sources(connection, project, camera.id, counted=False)
            if (source.width, source.height) == size
        ]
        chosen = choose_sightings(connection, sources, LEAST_POINTS, _SPARE * MOST_SIGHTINGS)
        for start in range(0, len(chosen), _CHUNK):
            part = chosen[start : start + _CHUNK]
            keypoints = keypoints_in_force(connection, [one.instance_id for one in part])
            for one in part:
                said = keypoints[one.instance_id].keypoints
                if said.template is not Template.CAR:
                    continue
                evidence = evidence_of(said, one.size_px)
                if evidence.used.sum() >= LEAST_POINTS:
                    found.append(CarSighting(evidence, one.car))
            if len(found) >= MOST_SIGHTINGS:
                break
    return found[:MOST_SIGHTINGS]


def propose_from_cars(
    project: Project,
    camera: CameraRow,
    size: tuple[int, int] | None = None,
    keep_lens: bool = False,
    space: CarShapeSpace | None = None,
    focal_px: float | None = None,
) -> tuple[CalibrationRecord, dict[str, Any]]:
    """The calibration that a camera's cars tell, and what it rests on as plain JSON; nothing is saved.

    Args:
        size: width and height of the pictures, pixels; None for the footage's.
        keep_lens, focal_px: see `sought_lens`.
        space: what cars look like; the default space if None.

    Raises:
        CalibrationError: there are too few cars, they do not settle the camera, or the lens is said twice.
    """
    chosen = footage_size(project, camera, size, "cars")
    lens, bend = sought_lens(project, camera, chosen, keep_lens, focal_px, "cars")
    cars = space or default_space()
    sightings = car_sightings(project, camera, chosen)
    record = to_record(calibrate_from_cars(sightings, lens, cars))
    evidence = {
        "way": CalibrationMethod.CARS.value,
        "width": chosen[0],
        "height": chosen[1],
        "sightings": len(sightings),
        "cars": len({one.car for one in sightings}),
        "keep_lens": keep_lens,
        "focal_px": focal_px,
        "bend_per_px2": bend,
        "shape_space": cars.label,
    }
    return record, evidence


def check_camera(
    project: Project,
    camera: CameraRow,
    record: CalibrationRecord | None = None,
    space: CarShapeSpace | None = None,
) -> CarCheck:
    """A camera against its cars.

    Args:
        record: the calibration to check; None for the one in force.
        space: what cars look like; the default space if None.

    Raises:
        CalibrationError: it is not calibrated, its ground is not known, or no car has points enough.
    """
    lens, plane, size = checked_camera(project, camera, record, "cars")
    return check_against_cars(lens, plane, car_sightings(project, camera, size), space or default_space())
