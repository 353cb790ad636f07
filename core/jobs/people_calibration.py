"""A camera of a project calibrated from the people mined in its footage, and checked against them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.errors import CalibrationError
from core.fitting.calibration.people.check import check_against_people
from core.fitting.calibration.people.from_people import calibrate_from_people
from core.fitting.calibration.people.settle import PeopleSettings
from core.fitting.calibration.people.sightings import PersonSighting, sighting_of
from core.geometry.calibration.result import to_record
from core.geometry.masks import rle_to_patch
from core.jobs.sought_camera import checked_camera, footage_size, sought_lens
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.people_checks import PeopleCheck
from core.records.project import CameraRow
from core.store.project import Project
from core.store.queries.instances import masks
from core.store.queries.people_choice import choose_people
from core.store.queries.sources import list_sources

MOST_PEOPLE = 300
FRAMES_EACH = 24
# shorter tracks are often parts of people
LEAST_FRAMES = 5
LEAST_MEAN_M, MOST_MEAN_M = 0.8, 2.2


def people_sightings(project: Project, camera: CameraRow, size: tuple[int, int]) -> list[PersonSighting]:
    """A camera's unoccluded people from head to foot, MOST_PEOPLE at most, spread over their tracks.

    Args:
        size: width and height of the pictures that count, pixels; sources of another size are left out.
    """
    with project.read() as connection:
        sources = [
            source.id
            for source in list_sources(connection, project, camera.id, counted=False)
            if (source.width, source.height) == size
        ]
        chosen = choose_people(connection, sources, LEAST_FRAMES, FRAMES_EACH, MOST_PEOPLE)
        codes = masks(connection, [one.instance_id for one in chosen])
    found = []
    for one in chosen:
        code = codes.get(one.instance_id)
        found.append(sighting_of(one.box, None if code is None else rle_to_patch(code), one.person))
    return [one for one in found if one is not None]


def propose_from_people(
    project: Project,
    camera: CameraRow,
    size: tuple[int, int] | None = None,
    keep_lens: bool = False,
    focal_px: float | None = None,
    mean_m: float | None = None,
) -> tuple[CalibrationRecord, dict[str, Any]]:
    """The calibration that a camera's people tell, and what it rests on as plain JSON; nothing is saved.

    Args:
        size: width and height of the pictures, pixels; None for the footage's.
        keep_lens, focal_px: see `sought_lens`.
        mean_m: how tall the people are on average, metres; None for what people usually are.

    Raises:
        CalibrationError: there are too few people, they do not settle the camera, or the lens is said twice.
    """
    chosen = footage_size(project, camera, size, "people")
    lens, bend = sought_lens(project, camera, chosen, keep_lens, focal_px, "people")
    sightings = people_sightings(project, camera, chosen)
    settings = _settings(mean_m)
    record = to_record(calibrate_from_people(sightings, lens, settings))
    evidence = {
        "way": CalibrationMethod.PEOPLE.value,
        "width": chosen[0],
        "height": chosen[1],
        "sightings": len(sightings),
        "people": len({one.person for one in sightings}),
        "keep_lens": keep_lens,
        "focal_px": focal_px,
        "bend_per_px2": bend,
        "mean_m": settings.mean_m,
    }
    return record, evidence


def check_people(
    project: Project,
    camera: CameraRow,
    record: CalibrationRecord | None = None,
    mean_m: float | None = None,
) -> PeopleCheck:
    """A camera against its people.

    Args:
        record: the calibration to check; None for the one in force.
        mean_m: how tall the people are on average, metres; None for what people usually are.

    Raises:
        CalibrationError: it is not calibrated, its ground is not known, or nobody is seen from head to foot.
    """
    lens, plane, size = checked_camera(project, camera, record, "people")
    settings = _settings(mean_m)
    return check_against_people(lens, plane, people_sightings(project, camera, size), people=settings)


def _settings(mean_m: float | None) -> PeopleSettings:
    if mean_m is None:
        return PeopleSettings()
    if not LEAST_MEAN_M <= mean_m <= MOST_MEAN_M:
        raise CalibrationError(
            f"People are not {mean_m:g} m tall on average.",
            f"Give their mean height in metres, {LEAST_MEAN_M:g} to {MOST_MEAN_M:g}.",
        )
    return replace(PeopleSettings(), mean_m=mean_m)
