"""Everything that the Keypoints workspace reads of the store, in calls that any thread may make."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.controllers.keypoint_fit import Fitting
from app.controllers.review_feed import Key
from app.states.review_marks import mark_of
from app.states.review_queue import QueueItem
from app.states.review_timeline import time_text
from core.errors import AmodalError
from core.jobs.fit.known import KnownBefore, guided_fitter, known_before
from core.records.keypoints import KeypointFilter, KeypointRow, Template
from core.records.project import CameraRow, InstanceRow, SourceRow
from core.store.project import Project
from core.store.queries import cameras, fit_candidates, instances, keypoint_queue, sources
from core.store.queries.car_context import CarContext, car_context
from core.store.queries.keypoints import keypoints_in_force

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.fitting.vehicles.fitter import VehicleFitter
    from core.records.cameras import CalibrationRow
    from core.shapes.space import CarShapeSpace

_RANK = 1_000  # a queue's key is one number: the label's rank, then how many points are placed


@dataclass(frozen=True, slots=True, eq=False)
class OpenCar:
    """One car with all that is needed to annotate it.

    Attributes:
        context: the car and what stands around it.
        source, camera: the footage that it is in.
        fitting: what fits it.
        names: id -> name of each object of the frame, such as "car 33".
    """

    context: CarContext
    source: SourceRow
    camera: CameraRow | None
    fitting: Fitting
    names: dict[int, str]

    @property
    def id(self) -> int:
        """The instance's."""
        return self.context.instance.id

    @property
    def name(self) -> str:
        """Such as "car 412"."""
        return called(self.context.instance)

    @property
    def size_px(self) -> float:
        """L of its box."""
        return max(self.context.instance.box.w, self.context.instance.box.h)


class KeypointReads:
    """Reads one project. Also makes what fits, which is kept for each calibration."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._space: CarShapeSpace | None = None
        self._fitters: dict[tuple[int, int, int], VehicleFitter] = {}
        self._names: dict[int, str] = {}

    # ---- the queue ------------------------------------------------------------------------------

    def page(self, conditions: KeypointFilter, after: Key | None, limit: int) -> list[Key]:
        """The next (key, id) of the queue: unoccluded first, among them those with the fewest points."""
        start = None if after is None else (*divmod(round(after[0]), _RANK), after[1])
        with self._project.read() as connection:
            keys = keypoint_queue.page_keys(connection, conditions, start, limit)
        return [(float(key.rank * _RANK + key.placed), key.id) for key in keys]

    def count(self, conditions: KeypointFilter) -> int:
        """How many objects meet the conditions."""
        with self._project.read() as connection:
            return keypoint_queue.count(connection, conditions)

    def members(self, conditions: KeypointFilter, instance_ids: Sequence[int]) -> list[Key]:
        """Those of some ids that meet the conditions, with their keys."""
        with self._project.read() as connection:
            found = keypoint_queue.matches(connection, conditions, instance_ids)
            keys = [keypoint_queue.key_of(connection, instance_id) for instance_id in sorted(found)]
        return [(float(key.rank * _RANK + key.placed), key.id) for key in keys if key is not None]

    def items(self, instance_ids: Sequence[int]) -> list[QueueItem]:
        """What the queue's rows of some ids show."""
        with self._project.read() as connection:
            rows = instances.by_ids(connection, instance_ids)
            placed = keypoints_in_force(connection, instance_ids)
        return [self._item(row, placed.get(row.id)) for row in rows]

    def crops(self, instance_ids: Sequence[int]) -> dict[int, bytes]:
        """The compressed crops of some ids."""
        with self._project.read() as connection:
            return instances.crops(connection, instance_ids)

    def any_cars(self) -> bool:
        """Whether there is any object to annotate."""
        with self._project.read() as connection:
            return bool(keypoint_queue.page_keys(connection, KeypointFilter(include_thinned=True), None, 1))

    # ---- one car --------------------------------------------------------------------------------

    def keypoints(self, instance_id: int) -> KeypointRow | None:
        """A car's keypoints in force. One row: quick enough for the main thread."""
        with self._project.read() as connection:
            return keypoints_in_force(connection, [instance_id]).get(instance_id)

    def car(self, instance_id: int) -> OpenCar | None:
        """A car with all that is needed to annotate it; None where it is gone."""
        with self._project.read() as connection:
            context = car_context(connection, instance_id)
            if context is None:
                return None
            source = sources.source_by_id(
                connection, self._project, context.instance.source_id, counted=False
            )
            camera = cameras.camera_by_id(connection, context.camera_id)
            known = self._known(connection, context)
        if source is None:
            return None
        names = {other.instance.id: called(other.instance) for other in context.others}
        return OpenCar(context, source, camera, self._fitting(context, known), names)

    def _known(self, connection: Connection, context: CarContext) -> KnownBefore | None:
        if context.calibration is None or context.mask is None:
            return None
        cars = fit_candidates.by_ids(connection, [context.instance.id])
        label = self._shape_space().label
        return known_before(connection, list(cars.values()), label).get(context.instance.id)

    def _fitting(self, context: CarContext, known: KnownBefore | None) -> Fitting:
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
            if other.fit is not None and other.fit.fit.sigmas is not None
        )
        guided = guided_fitter(fitter, known)
        mask = None if known is None else known.seen.mask
        return Fitting(fitter, others, guided, mask, row.id, fitter.space.label)

    def _fitter(self, row: CalibrationRow, width: int, height: int) -> VehicleFitter:
        from core.fitting.vehicles.fitter import VehicleFitter
        from core.geometry.calibration.result import from_record

        key, space = (row.id, width, height), self._shape_space()
        with self._lock:
            if key not in self._fitters:
                camera, plane = from_record(row.record)
                if (camera.width, camera.height) != (width, height):
                    camera = camera.resized(width, height)
                self._fitters[key] = VehicleFitter(camera, plane, space)
            return self._fitters[key]

    def _shape_space(self) -> CarShapeSpace:
        from core.shapes.space_file import default_space

        with self._lock:
            if self._space is None:
                self._space = default_space()
            return self._space

    def _item(self, row: InstanceRow, placed: KeypointRow | None) -> QueueItem:
        count = 0 if placed is None else placed.keypoints.placed
        whole = Template.CAR.size
        return QueueItem(
            id=row.id,
            track_id=row.track_id,
            category=row.category.value,
            score=row.score,
            time_s=row.time_s,
            width_px=row.box.w,
            height_px=row.box.h,
            mark=mark_of(row),
            margin=None,
            source=self._source_name(row.source_id),
            verdict="",
            annotator="",
            reason=f"{count} of {whole} points at {time_text(row.time_s)}",
            progress=count / whole,
            note=f"{count}/{whole}" if count else "",
        )

    def _source_name(self, source_id: int) -> str:
        if source_id not in self._names:
            with self._project.read() as connection:
                source = sources.source_by_id(connection, self._project, source_id, counted=False)
            self._names[source_id] = "" if source is None else source.name
        return self._names[source_id]


def called(row: InstanceRow) -> str:
    """What an instance is called, such as "car 412"."""
    return f"{row.category.value} {row.id}"
