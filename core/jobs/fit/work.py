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
from core.records.detections import Category
from core.records.fits import BodyFit, Fit, FitMadeFrom
from core.records.project import SourceRow
from core.shapes.body.placed import NamedBody
from core.shapes.space import CarShapeSpace
from core.store.bulk import BulkWriter
from core.store.project import Project
from core.store.queries.fit_candidates import FitCandidate
from core.store.writers.fits import FoundFit, write_fits

_PLACES = ("track", "after", "outline track", "outline after", "person track", "person after", "estimate")


class SourceWork:
    """The work on one source.

    Attributes:
        project, source, settings, space: of the job.
        body: that people are fitted with; None where they are not.
        camera, plane: as the source's pictures have them; plane is None where the ground is not known.
    """

    def __init__(
        self,
        context: JobContext,
        bulk: BulkWriter,
        settings: FitSettings,
        space: CarShapeSpace,
        body: NamedBody | None,
        calibration: CalibrationRow,
        source: SourceRow,
        show: Callable[[float, str], None],
    ) -> None:
        self.project: Project = context.project
        self.settings, self.space, self.body, self.source = settings, space, body, source
        camera, self.plane = _of_size(calibration, source.width, source.height)
        self.camera: Camera = camera
        self._context, self._bulk, self._show = context, bulk, show
        self._calibration_id = calibration.id

    def is_wanted(self, candidate: FitCandidate) -> bool:
        """Whether it is to be fitted: what this job has fitted, as a track or before it died, is not."""
        is_person = candidate.category is Category.PERSON
        if not self.is_meant(candidate) or (is_person and self.body is None):
            return False
        if self.settings.redo:
            return candidate.job_id != self._context.job_id
        if is_person:
            return not candidate.has_fit(self.named_body.is_meant_by)
        return not candidate.has_fit(lambda label: label == self.space.label)

    def is_meant(self, candidate: FitCandidate) -> bool:
        """Whether an object is one of those that the job is about, by whose points it has."""
        points = candidate.keypoints
        return self.settings.points == "all" or points is None or not by_a_person(points)

    @property
    def named_body(self) -> NamedBody:
        """The body that people are fitted with.

        Raises:
            ValueError: this job fits no people.
        """
        if self.body is None:
            raise ValueError("people were left out of this job")
        return self.body

    def found(self, candidate: FitCandidate, fit: Fit, *, by_mask: bool = False) -> FoundFit:
        """A fit with what it was made from.

        Args:
            by_mask: whether it rests on the object's mask, too.
        """
        mask_id = candidate.mask_id if by_mask else None
        label = self.named_body.label if isinstance(fit, BodyFit) else self.space.label
        made_from = FitMadeFrom(candidate.keypoint_set_id, mask_id, self._calibration_id, label)
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
            for keys in (("people",), ("cars",), ("cars", "coarse")):
                some = [one for one in chunk if _counted_as(one.fit) == keys[-1]]
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

    def log(self, line: str) -> None:
        """Add a line to the job's log."""
        self._context.log(line)

    def tell(self, share: float, what: str = "cars") -> None:
        """Say how far this source is, 0 to 1, and with what, and stop if somebody asked for it."""
        self.check_stop()
        self._show(share, f"Fitting the {what} of {self.source.name}")


def one_a_time(frames: Sequence[FitCandidate]) -> list[FitCandidate]:
    """A track's frames with one of each moment: what is tracked is in one place at a time."""
    kept: list[FitCandidate] = []
    for frame in frames:
        if not kept or frame.time_s > kept[-1].time_s:
            kept.append(frame)
    return kept


def _counted_as(fit: Fit) -> str:
    if isinstance(fit, BodyFit):
        return "people"
    return "coarse" if fit.is_coarse else "cars"


def _of_size(calibration: CalibrationRow, width: int, height: int) -> tuple[Camera, GroundPlane | None]:
    camera, plane = from_record(calibration.record)
    if (camera.width, camera.height) != (width, height):
        camera = camera.resized(width, height)
    return camera, plane
