"""One person as the Keypoints workspace fits them again and again: what the store knows, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from core.geometry.boxes import touch
from core.jobs.fit.known import SeenMask, seen_masks
from core.records.boxes import Box
from core.records.fits import BodyFit, FitVerdict, VehicleFit
from core.records.keypoints import KeypointSet, PlacedPoint
from core.records.occlusion import LabelOrigin
from core.store.queries import fit_candidates
from core.store.queries.car_context import CarContext

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from core.fitting.people.fitter import BodyFitter
    from core.geometry.visibility import RayMesh
    from core.records.cameras import CalibrationRow
    from core.records.fits import FitRow
    from core.shapes.body.placed import NamedBody
    from core.shapes.space import CarShapeSpace

_TELLING = (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)
FindBody = Callable[[str], "NamedBody | None"]
"""Gives the body model of a label, or None where it is not here."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveAnswer:
    """What follows from a person's points.

    Attributes:
        fit: with its verdict.
        ghosts: where it puts all points, with their tags, of origin FIT; empty where it does not know.
        outline: of the body in the picture, polygons (n, 2) in pixels.
    """

    fit: BodyFit
    ghosts: tuple[PlacedPoint, ...] = ()
    outline: tuple[NDArray[np.float64], ...] = ()


@dataclass(eq=False)
class LivePerson:
    """What a person's fits rest on besides the points.

    Attributes:
        box: of the person.
        fitter: of the frame's camera.
        calibration_id: what that rests on.
        seen: the part of the person that is seen, and the masks of what may hide the rest; None without.
        beside: fits of the objects whose boxes touch the person's: they may stand in front.
        meshes_of: gives the meshes of those.
    """

    box: Box
    fitter: BodyFitter
    calibration_id: int
    seen: SeenMask | None
    beside: tuple[FitRow, ...]
    meshes_of: Callable[[tuple[FitRow, ...]], tuple[RayMesh, ...]]

    @cached_property
    def _others(self) -> tuple[RayMesh, ...]:
        return self.meshes_of(self.beside)

    def answer(self, points: KeypointSet) -> LiveAnswer:
        """What follows from the points. Takes its time."""
        from core.fitting.people.evidence import body_evidence
        from core.fitting.people.silhouette import body_outline

        mask, hiders = (None, ()) if self.seen is None else (self.seen.mask, self.seen.hiders)
        fitter = self.fitter
        fit = fitter.fit(body_evidence(points, self.box, mask, hiders))
        if fit.verdict not in _TELLING or not np.isfinite(fit.translation).all():
            return LiveAnswer(fit)
        return LiveAnswer(fit, self._proposed(fit), tuple(body_outline(fit, fitter.camera, fitter.body)))

    def _proposed(self, fit: BodyFit) -> tuple[PlacedPoint, ...]:
        """Where a fit puts all points, with the tags that other objects and the mask speak for."""
        from core.fitting.people.predict import predict_person
        from core.fitting.vehicles.mask_tags import hidden_off_mask

        found = predict_person(fit, self.fitter.camera, self.fitter.body, self._others)
        ghosts = tuple(PlacedPoint(x, y, tag, LabelOrigin.FIT) for x, y, tag in found)
        if self.seen is None:
            return ghosts
        return hidden_off_mask(ghosts, self.seen.mask, max(self.box.w, self.box.h))


@dataclass(eq=False)
class LivePeople:
    """Makes people as they are fitted live; any thread may ask. Fitters are kept for each calibration.

    Attributes:
        find: gives the bodies that others' fits were made with.
        space: gives the shape space of cars' fits.
    """

    find: FindBody
    space: Callable[[], CarShapeSpace]
    _lock: Lock = field(default_factory=Lock)
    _fitters: dict[tuple[int, int, int, str], BodyFitter] = field(default_factory=dict)

    def person(self, connection: Connection, context: CarContext, body: NamedBody) -> LivePerson | None:
        """A person with what fits them; None where the camera is not calibrated.

        Args:
            body: that they are fitted with.

        Raises:
            AmodalError: the calibration cannot be used.
        """
        if context.calibration is None:
            return None
        candidates = list(fit_candidates.by_ids(connection, [context.instance.id]).values())
        box = context.instance.box
        touching = tuple(
            other.fit for other in context.others if other.fit is not None and touch(other.instance.box, box)
        )
        return LivePerson(
            box=box,
            fitter=self._fitter(context.calibration, context.width, context.height, body),
            calibration_id=context.calibration.id,
            seen=seen_masks(connection, candidates).get(context.instance.id),
            beside=touching,
            meshes_of=self._meshes,
        )

    def _meshes(self, rows: tuple[FitRow, ...]) -> tuple[RayMesh, ...]:
        from core.fitting.people.predict import body_ray_mesh
        from core.fitting.vehicles.fit_mesh import fit_ray_mesh

        found = []
        for row in rows:
            fit, space = row.fit, self.space()
            if fit.sigmas is None:
                continue  # nobody knows where that is
            if isinstance(fit, VehicleFit) and row.shape_space == space.label:
                found.append(fit_ray_mesh(fit, space))
            elif isinstance(fit, BodyFit) and (body := self.find(row.shape_space)) is not None:
                found.append(body_ray_mesh(fit, body))
        return tuple(found)

    def _fitter(self, row: CalibrationRow, width: int, height: int, body: NamedBody) -> BodyFitter:
        from core.fitting.people.fitter import BodyFitter
        from core.geometry.calibration.result import from_record

        key = (row.id, width, height, body.label)
        with self._lock:
            if key not in self._fitters:
                camera, plane = from_record(row.record)
                if (camera.width, camera.height) != (width, height):
                    camera = camera.resized(width, height)
                self._fitters[key] = BodyFitter(camera, plane, body)
            return self._fitters[key]
