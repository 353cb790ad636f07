"""Makes what fits an object from what the store knows of it; fitters are kept for each calibration."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING

from app.controllers.bodies import BodyShelf
from app.controllers.keypoint_fit import Fitting
from app.controllers.keypoint_person_fit import PersonFits, PersonFitting
from core.errors import AmodalError
from core.jobs.fit.known import KnownBefore, guided_fitter, known_before
from core.jobs.fit.people.live import LivePeople
from core.records.detections import Category
from core.records.fits import VehicleFit
from core.store.queries import fit_candidates
from core.store.queries.car_context import CarContext

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.fitting.vehicles.fitter import VehicleFitter
    from core.geometry.cameras import Camera
    from core.geometry.ground_plane import GroundPlane
    from core.records.cameras import CalibrationRow
    from core.shapes.space import CarShapeSpace

AnyFitting = Fitting | PersonFitting


class Fittings:
    """Makes fittings; any thread may ask.

    Args:
        bodies: the body models that are here.
        fits: where people are fitted.
    """

    def __init__(self, bodies: BodyShelf, fits: PersonFits) -> None:
        self._bodies, self._fits = bodies, fits
        self._lock = threading.Lock()
        self._space: CarShapeSpace | None = None
        self._fitters: dict[tuple[int, int, int], VehicleFitter] = {}
        self._people = LivePeople(bodies.of, self._shape_space)
        self._turns = count(1)

    def of(self, connection: Connection, context: CarContext) -> AnyFitting:
        """What fits an object."""
        if context.instance.category is Category.PERSON:
            return self._of_person(connection, context)
        return self._of_car(context, self._known(connection, context))

    def _known(self, connection: Connection, context: CarContext) -> KnownBefore | None:
        if context.calibration is None or context.mask is None:
            return None
        cars = fit_candidates.by_ids(connection, [context.instance.id])
        label = self._shape_space().label
        return known_before(connection, list(cars.values()), label).get(context.instance.id)

    def _of_car(self, context: CarContext, known: KnownBefore | None) -> Fitting:
        row = context.calibration
        if row is None:
            return Fitting()
        try:
            fitter = self._fitter(row, context.width, context.height)
        except AmodalError as problem:
            return Fitting(problem=f"{problem.problem} {problem.way_out}")
        from core.fitting.vehicles.fit_mesh import fit_ray_mesh

        others = tuple(
            (other.instance.id, fit_ray_mesh(other.fit.fit, fitter.space))
            for other in context.others
            if other.fit is not None
            and isinstance(other.fit.fit, VehicleFit)
            and other.fit.fit.sigmas is not None
        )
        guided = guided_fitter(fitter, known)
        mask = None if known is None else known.seen.mask
        return Fitting(fitter, others, guided, mask, row.id, fitter.space.label)

    def _of_person(self, connection: Connection, context: CarContext) -> PersonFitting:
        ids, fits = context.instance.id, self._fits
        if context.calibration is None:
            return PersonFitting(ids, fits)
        try:
            body = self._bodies.machine()
        except AmodalError as problem:
            return PersonFitting(ids, fits, body_problem=f"{problem.problem} {problem.way_out}")
        try:
            person = self._people.person(connection, context, body)
        except AmodalError as problem:
            return PersonFitting(ids, fits, problem=f"{problem.problem} {problem.way_out}")
        fits.start()
        path = self._bodies.path
        return PersonFitting(
            ids, fits, next(self._turns), "" if path is None else str(path), person, body.label
        )

    def _fitter(self, row: CalibrationRow, width: int, height: int) -> VehicleFitter:
        from core.fitting.vehicles.fitter import VehicleFitter

        key, space = (row.id, width, height), self._shape_space()
        with self._lock:
            if key not in self._fitters:
                self._fitters[key] = VehicleFitter(*_camera(row, width, height), space)
            return self._fitters[key]

    def _shape_space(self) -> CarShapeSpace:
        from core.shapes.space_file import default_space

        with self._lock:
            if self._space is None:
                self._space = default_space()
            return self._space


def _camera(row: CalibrationRow, width: int, height: int) -> tuple[Camera, GroundPlane | None]:
    from core.geometry.calibration.result import from_record

    camera, plane = from_record(row.record)
    if (camera.width, camera.height) != (width, height):
        camera = camera.resized(width, height)
    return camera, plane
