"""People on the street whose cars are known: two in the first frame, each with points and a fit."""

from __future__ import annotations

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.fits import BodyFit, FitMadeFrom
from core.records.occlusion import LabelOrigin
from core.shapes.body.placed import placed_body
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.keypoints import keypoints_in_force
from core.store.writers.detections import add_instances
from core.store.writers.fits import FoundFit, write_fits
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from tests.app.fits.cars import Cars
from tests.app.viewport.people import BODY, walker
from tests.jobs.parking import CAMERA, GROUND
from tests.placed_people import points_of

PLACES = [(12.0, -1.5), (14.0, 2.0)]


class Walkers:
    """Adds them to a project of cars."""

    def __init__(self, cars: Cars) -> None:
        self.cars = cars
        self.fits = [
            walker(place, 0.8 * number, 0.2 * number, plane=GROUND) for number, place in enumerate(PLACES, 1)
        ]
        found, points = [], []
        for fit in self.fits:
            pixels = CAMERA.project(placed_body(fit, BODY.model).vertices)
            low, high = pixels.min(axis=0), pixels.max(axis=0)
            found.append(FoundInstance(Box(*low, *(high - low)), Category.PERSON, 0.9))
            points.append(points_of(fit, CAMERA))
        with Project.open(cars.path) as project, project.bulk() as bulk:
            fresh = [(cars.parking.frame_ids[0], one) for one in found]
            self.ids: list[int] = bulk.run(
                lambda c: add_instances(c, fresh, "made", LabelOrigin.HEURISTIC, None)
            )
            said = [FoundKeypoints(i, one) for i, one in zip(self.ids, points, strict=True)]
            bulk.run(lambda c: write_keypoints(c, said, origin=LabelOrigin.IMPORT))
        for number, fit in enumerate(self.fits):
            self.write(number, fit)

    def write(self, number: int, fit: BodyFit, label: str = BODY.label) -> None:
        """Writes another fit of one of them, as a job does."""
        instance_id = self.ids[number]
        with Project.open(self.cars.path) as project:
            with project.read() as connection:
                calibration = calibration_in_force(connection, self.cars.parking.camera_id)
                placed = keypoints_in_force(connection, [instance_id])[instance_id]
            made_from = FitMadeFrom(placed.id, None, None if calibration is None else calibration.id, label)
            with project.bulk() as bulk:
                bulk.run(lambda c: write_fits(c, [FoundFit(instance_id, fit, made_from)]))
