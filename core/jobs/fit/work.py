"""What all phases of fitting share for one source: its camera, what is wanted, and how fits are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from core.geometry.calibration.result import from_record
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.jobs.context import JobContext
from core.jobs.habits import by_a_person
from core.jobs.settings import FitSettings
from core.records.cameras import CalibrationRow
from core.records.fits import FitMadeFrom, VehicleFit
from core.records.project import SourceRow
from core.shapes.space import CarShapeSpace
from core.store.bulk import BulkWriter
from core.store.project import Project
from core.store.queries.fit_candidates import FitCandidate
from core.store.writers.fits import FoundFit, write_fits

_PLACES = ("track", "after", "outline track", "outline after")


class SourceWork:
    """The work on one source.

    Attributes:
        project, source, settings, space: of the job.
        camera, plane: as the source's pictures have them; plane is None where the ground is not known.
    """

    def __init__(
        self,
        context: JobContext,
        bulk: BulkWriter,
        settings: FitSettings,
        space: CarShapeSpace,
        calibration: CalibrationRow,
        source: SourceRow,
        show: Callable[[float, str], None],
    ) -> None:
        self.project: Project = context.project
        self.settings, self.space, self.source = settings, space, source
        camera, self.plane = _of_size(calibration, source.width, source.height)
        self.camera: Camera = camera
        self._context, self._bulk, self._show = context, bulk, show
        self._label = space.label
        self._calibration_id = calibration.id

    def is_wanted(self, candidate: FitCandidate) -> bool:
        """Whether a car is to be fitted: what this job has fitted, as a track or before it died, is not."""
        if not self.is_meant(candidate):
            return False
        if self.settings.redo:
            return candidate.job_id != self._context.job_id
        return not candidate.has_fit(self._label)

    def is_meant(self, candidate: FitCandidate) -> bool:
        """Whether a car is one of those that the job is about, by whose points it has."""
        points = candidate.keypoints
        return self.settings.points == "all" or points is None or not by_a_person(points)

    def found(self, candidate: FitCandidate, fit: VehicleFit, *, by_mask: bool = False) -> FoundFit:
        """A fit with what it was made from.

        Args:
            by_mask: whether it rests on the car's mask, too.
        """
        mask_id = candidate.mask_id if by_mask else None
        made_from = FitMadeFrom(candidate.keypoint_set_id, mask_id, self._calibration_id, self._label)
        return FoundFit(candidate.instance_id, fit, made_from)

    @property
    def masks_count(self) -> bool:
        """Whether cars are fitted to their masks: that takes a ground, and shapes with a mesh."""
        return self.plane is not None and self.space.mesh is not None

    def place(self, name: str) -> int:
        """Up to which id a phase has come; 0 at its beginning."""
        return int(self._context.checkpoint.get(name, 0))

    def write(self, found: Sequence[FoundFit], name: str, at: int) -> None:
        """Write fits, then the place from which to go on; a job that dies between writes none twice."""
        checkpoint, job_id = self._context.checkpoint, self._context.job_id

        def write(connection: Connection, chunk: Sequence[FoundFit]) -> None:
            for coarse, keys in ((False, ("fitted",)), (True, ("fitted", "coarse"))):
                some = [one for one in chunk if one.fit.is_coarse == coarse]
                written = write_fits(connection, some, job_id=job_id)
                for key in keys:
                    checkpoint[key] = checkpoint.get(key, 0) + written

        self._bulk.each(found, write)
        checkpoint[name] = at
        self._bulk.run(self._context.save)
        self._context.check_stop()

    def forget_places(self) -> None:
        """Begin anew with the next source."""
        for name in _PLACES:
            self._context.checkpoint.pop(name, None)

    def check_stop(self) -> None:
        """Stop if somebody asked for it."""
        self._context.check_stop()

    def tell(self, share: float) -> None:
        """Say how far this source is, 0 to 1, and stop if somebody asked for it."""
        self.check_stop()
        self._show(share, f"Fitting the cars of {self.source.name}")


def _of_size(calibration: CalibrationRow, width: int, height: int) -> tuple[Camera, GroundPlane | None]:
    camera, plane = from_record(calibration.record)
    if (camera.width, camera.height) != (width, height):
        camera = camera.resized(width, height)
    return camera, plane
