"""Everything that the Evaluate workspace reads of the store, in calls that any thread may make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.controllers.evaluate_in_3d import WayTo3D, way_to_3d
from core.errors import CompositeError
from core.records.evaluations import (
    EvaluationNumbers,
    EvaluationRow,
    ObjectResult,
    ObjectSaid,
    PictureRow,
    ResultFilter,
    ResultKey,
)
from core.records.project import CameraRow, FrameRow, SourceRow
from core.records.runs import RunRow
from core.store.annotators import annotator_names
from core.store.project import Project
from core.store.queries import cameras, evaluations, frames, instances, results, runs, sources
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fits import fits_in_force
from core.store.queries.recipes import recipe_sets, recipes_by_ids

if TYPE_CHECKING:
    from core.compositing.render import Composer
    from core.jobs.composites import StoredPieces

_CACHE_BYTES = 64 * 2**20  # the window has little memory to spare


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """The evaluations that there are, the newest first, and the runs that they are of, by id."""

    rows: tuple[EvaluationRow, ...] = ()
    runs: Mapping[int, RunRow] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """What there is to evaluate: runs that have weights, names of sets of composites, annotators.

    Attributes:
        true_3d: names of the footage that has its true 3D beside it.
    """

    runs: tuple[RunRow, ...] = ()
    sets: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ()
    true_3d: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """An object in its picture, as far as the store knows.

    Attributes:
        row: how it came out. said: what was said of it, with the truth.
        picture: where it is, or None.
        frame, source, camera: of a picture that is a frame of the project, else None.
    """

    row: ObjectResult
    said: ObjectSaid
    picture: PictureRow | None
    frame: FrameRow | None = None
    source: SourceRow | None = None
    camera: CameraRow | None = None


class EvaluateReads:
    """Reads one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._drawing = Lock()  # a composer serves one thread at a time
        self._source: StoredPieces | None = None
        self._composer: Composer | None = None

    def listed(self) -> Listed:
        """All evaluations, also those that a person took off the lists."""
        with self._project.read() as connection:
            rows = evaluations.evaluations(connection, hidden=True)
            return Listed(tuple(rows), {row.id: row for row in runs.runs(connection, None, hidden=True)})

    def numbers(self, ids: Sequence[int]) -> list[EvaluationNumbers]:
        """All figures of some evaluations; those that are gone are left out."""
        with self._project.read() as connection:
            found = [evaluations.evaluation_numbers(connection, one) for one in ids]
        return [one for one in found if one is not None]

    def page(
        self, evaluation_id: int, filter: ResultFilter, after: ResultKey | None, limit: int
    ) -> list[ObjectResult]:
        """The next objects, worst first."""
        with self._project.read() as connection:
            return results.result_page(connection, evaluation_id, filter, after, limit)

    def count(self, evaluation_id: int, filter: ResultFilter) -> int:
        """How many objects a filter shows."""
        with self._project.read() as connection:
            return results.count_results(connection, evaluation_id, filter)

    def items(self, evaluation_id: int, numbers: Sequence[int]) -> list[ObjectResult]:
        """Objects by their numbers."""
        with self._project.read() as connection:
            return list(results.results(connection, evaluation_id, numbers).values())

    def instances(self, evaluation_id: int, filter: ResultFilter, limit: int) -> list[int]:
        """The project's objects behind a filter, worst first."""
        with self._project.read() as connection:
            return results.instances_of(connection, evaluation_id, filter, limit)

    def way_to_3d(self, evaluation_id: int, number: int) -> WayTo3D:
        """Where an object is to be seen in 3D."""
        fit = calibration = None
        with self._project.read() as connection:
            evaluation = evaluations.evaluation_by_id(connection, evaluation_id)
            row = results.results(connection, evaluation_id, [number]).get(number)
            if evaluation is None or row is None:
                return WayTo3D(words="Its evaluation has changed: select it again.")
            instance = None if row.instance_id is None else instances.by_id(connection, row.instance_id)
            if instance is not None:
                fit = fits_in_force(connection, [instance.id]).get(instance.id)
                source = sources.source_by_id(connection, self._project, instance.source_id, counted=False)
                if source is not None:
                    calibration = calibration_in_force(connection, source.camera_id)
        told = self.told(evaluation_id, row)
        return way_to_3d(evaluation, row, told.said, told.picture, fit, calibrated=calibration is not None)

    def told(self, evaluation_id: int, row: ObjectResult) -> Told:
        """An object in its picture."""
        with self._project.read() as connection:
            said = results.result_said(connection, evaluation_id, row.number) or ObjectSaid()
            picture = evaluations.evaluation_picture(connection, evaluation_id, row.picture)
            if picture is None or picture.frame_id is None:
                return Told(row, said, picture)
            frame = frames.frame_by_id(connection, picture.frame_id)
            if frame is None:
                return Told(row, said, picture)
            source = sources.source_by_id(connection, self._project, frame.source_id, counted=False)
            camera = None if source is None else cameras.camera_by_id(connection, source.camera_id)
        return Told(row, said, picture, frame, source, camera)

    def composite(self, recipe_id: int) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB of a composite, drawn anew.

        Raises:
            CompositeError: it is gone, or something that it is made of.
        """
        from core.compositing.render import Composer
        from core.jobs.composites import StoredPieces

        with self._project.read() as connection:
            rows = recipes_by_ids(connection, [recipe_id])
        if not rows:
            raise CompositeError(f"The composite {recipe_id} is gone.", "Evaluate by a set that is there.")
        with self._drawing:
            if self._composer is None:
                self._source = StoredPieces(self._project.path)
                self._composer = Composer(self._source, _CACHE_BYTES)
            return self._composer.picture(rows[0].recipe)

    def street(self, name: str) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB of a picture of the drawn street.

        Raises:
            EvaluationError: it is not on this machine.
        """
        from core.jobs.evaluate.drawn_pictures import drawn_picture

        return drawn_picture(name)

    def close(self) -> None:
        """Lets go of the file that composites are drawn from."""
        with self._drawing:
            if self._source is not None:
                self._source.close()
            self._source = self._composer = None

    def stock(self) -> Stock:
        """What there is to evaluate."""
        from core.jobs.evaluate.true_3d import with_truth

        with self._project.read() as connection:
            trained = tuple(row for row in runs.runs(connection) if row.best is not None)
            names = tuple(row.name for row in recipe_sets(connection))
            people = tuple(annotator_names(connection))
            footage = sources.list_sources(connection, self._project, counted=False)
        return Stock(trained, names, people, tuple(one.name for one in with_truth(footage)))
