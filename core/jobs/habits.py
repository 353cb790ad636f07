"""Where other people or a network put the keypoints on a camera's cars, learned from a project."""

from __future__ import annotations

from dataclasses import replace

from core.errors import FittingError
from core.fitting.vehicles.convention import FEWEST_CARS, KeypointConvention, learn_convention
from core.fitting.vehicles.evidence import KeypointEvidence, evidence_of
from core.geometry.calibration.result import from_record
from core.records.keypoints import KeypointSet, Template
from core.records.occlusion import LabelOrigin
from core.records.project import CameraRow
from core.shapes.space import CarShapeSpace
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fit_candidates import with_keypoints
from core.store.queries.sources import list_sources

# a habit is learned from what points leave over after a fit
LEAST_POINTS = 5
MOST_CARS = 2000
_PAGE = 1000


def by_a_person(keypoints: KeypointSet) -> bool:
    """Whether a person put one of the points where it is: those follow the program's template."""
    return any(point is not None and point.origin is LabelOrigin.HUMAN for point in keypoints.points)


def learn_habits(project: Project, camera: CameraRow, space: CarShapeSpace) -> KeypointConvention:
    """The habit in the keypoints of a camera's cars of which no person placed a point.

    Args:
        space: with the keypoints as the program means them.

    Raises:
        FittingError: the camera is not calibrated, or too few of its cars can be fitted.
    """
    with project.read() as connection:
        present = calibration_in_force(connection, camera.id)
    if present is None:
        raise FittingError(f"The camera {camera.name} is not calibrated.", "Calibrate it first.")
    lens, plane = from_record(present.record)
    points = _points_of_others(project, camera, (lens.width, lens.height))
    if len(points) < FEWEST_CARS:
        raise FittingError(
            f"{len(points)} cars of {camera.name} have {LEAST_POINTS} points or more that no person placed; "
            f"{FEWEST_CARS} are needed.",
            "Import more keypoints, or let a network find them; people's own follow the program's template.",
        )
    return learn_convention(lens, plane, space, points)


def space_with(habit: KeypointConvention, space: CarShapeSpace, camera: CameraRow) -> CarShapeSpace:
    """The same cars with the keypoints where the habit has them, under a name that says so."""
    return replace(habit.space(space), name=f"{space.name}, points as in {camera.name}")


def _points_of_others(project: Project, camera: CameraRow, size: tuple[int, int]) -> list[KeypointEvidence]:
    """The cars with the most points first; sources of another picture size are left out."""
    found: list[tuple[int, KeypointEvidence]] = []
    with project.read() as connection:
        for source in list_sources(connection, project, camera.id, counted=False):
            if (source.width, source.height) != size:
                continue
            after = 0
            while page := with_keypoints(connection, source.id, Template.CAR, after, _PAGE):
                after = page[-1].instance_id
                for car in page:
                    points = car.keypoints
                    if points is None or points.template is not Template.CAR or by_a_person(points):
                        continue
                    evidence = evidence_of(points, car.box.size)
                    count = int(evidence.used.sum())
                    if count >= LEAST_POINTS:
                        found.append((count, evidence))
    found.sort(key=lambda one: -one[0])
    return [evidence for _, evidence in found[:MOST_CARS]]
