"""A camera of a project calibrated from the cars in its footage, and checked against them."""

from __future__ import annotations

import math
from typing import Any

from core.errors import CalibrationError
from core.fitting.calibration.check import check_against_cars
from core.fitting.calibration.from_cars import calibrate_from_cars
from core.fitting.calibration.sightings import LEAST_POINTS, CarSighting
from core.fitting.vehicles.evidence import evidence_of
from core.geometry.calibration.lens import Lens, bend_coefficients, bend_of, known_lens
from core.geometry.calibration.result import from_record, to_record
from core.geometry.cameras import pinhole
from core.jobs.one_camera import picture_size
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.car_checks import CarCheck
from core.records.keypoints import Template
from core.records.project import CameraRow
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
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


def drawn_bend(record: CalibrationRecord, size: tuple[int, int]) -> float | None:
    """How a calibration's lens bends in pictures of a size, 1/px^2, as drawn; 0 where it is straight.

    None where it bends in another way, as a file says.
    """
    try:
        return bend_of(from_record(record)[0].resized(*size))
    except CalibrationError:  # numbers that are no camera's bend nothing
        return 0.0


def propose_from_cars(
    project: Project,
    camera: CameraRow,
    size: tuple[int, int] | None = None,
    keep_lens: bool = False,
    space: CarShapeSpace | None = None,
    focal_px: float | None = None,
) -> tuple[CalibrationRecord, dict[str, Any]]:
    """The calibration that a camera's cars tell, and what it rests on as plain JSON; nothing is saved.

    Where straight things told how the lens in force bends, the cars are seen through that bend.

    Args:
        size: width and height of the pictures, pixels; None for the footage's.
        keep_lens: whether the lens in force is kept, and only the road sought.
        space: what cars look like; the default space if None.
        focal_px: the focal length, pixels, where it is known; then only the road is sought.

    Raises:
        CalibrationError: there are too few cars, they do not settle the camera, or the lens is said twice.
    """
    chosen = _size(project, camera, size)
    with project.read() as connection:
        present = calibration_in_force(connection, camera.id)
    bend = 0.0 if present is None else drawn_bend(present.record, chosen) or 0.0
    lens = Lens(*chosen, bend_per_px2=bend)
    if keep_lens and focal_px is not None:
        raise CalibrationError(
            "The lens is said twice.", "Either keep the lens in force, or give a focal length."
        )
    if focal_px is not None:
        if not (math.isfinite(focal_px) and focal_px > 0):
            raise CalibrationError(f"A focal length of {focal_px:g} px is none.", "Give it in pixels.")
        lens = known_lens(pinhole(*chosen, focal_px, None, bend_coefficients(bend, focal_px)))
    if keep_lens:
        if present is None:
            raise CalibrationError(
                f"The camera {camera.name} has no lens in force to keep.", "Seek the lens from the cars, too."
            )
        lens = known_lens(from_record(present.record)[0].resized(*chosen))
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
    if record is None:
        with project.read() as connection:
            present = calibration_in_force(connection, camera.id)
        if present is None:
            raise CalibrationError(f"The camera {camera.name} is not calibrated.", "Calibrate it first.")
        record = present.record
    lens, plane = from_record(record)
    if plane is None:
        raise CalibrationError(
            f"The ground of {camera.name} is not known, so its cars stand nowhere.",
            "Calibrate it from the cars keeping this lens, or draw on the road.",
        )
    size = (record.width, record.height)
    present_size = _size(project, camera, None)
    if size[0] * present_size[1] == size[1] * present_size[0]:
        lens, size = lens.resized(*present_size), present_size
    return check_against_cars(lens, plane, car_sightings(project, camera, size), space or default_space())


def _size(project: Project, camera: CameraRow, size: tuple[int, int] | None) -> tuple[int, int]:
    chosen = size or picture_size(project, camera)
    if chosen is None:
        raise CalibrationError(
            f"The camera {camera.name} has no footage, so there are no cars.",
            "Add a video or pictures first.",
        )
    return chosen
