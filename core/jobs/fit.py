"""The job that fits cars in 3D: whatever has keypoints and no fit that is up to date.

Source by source, its tracks first, then the cars that are left, in batches. What a batch found is written
with the place from which the job resumes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.errors import JobError
from core.fitting.vehicles.evidence import KeypointEvidence, evidence_of
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.motion import MotionPrior
from core.fitting.vehicles.track import TrackSettings, fit_track
from core.geometry.calibration.result import from_record
from core.jobs.context import JobContext
from core.jobs.footage import CameraFootage, chosen_footage
from core.jobs.settings import FitSettings
from core.records.fits import FitMadeFrom, FitVerdict, VehicleFit
from core.records.project import SourceRow
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space, load_space
from core.store.bulk import BulkWriter
from core.store.queries import fit_candidates
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fit_candidates import FitCandidate
from core.store.writers.fits import FoundFit, write_fits

_BATCH = 256
_TRACKS_SHARE = 0.8  # of the progress
_TRACK = TrackSettings(motion=MotionPrior())


@dataclass(frozen=True, slots=True)
class _Sight:
    """A camera that cars can be fitted in.

    Attributes:
        footage: its sources.
        calibration_id: that it is calibrated by.
    """

    footage: CameraFootage
    calibration_id: int


def run_fit(context: JobContext) -> dict[str, Any]:
    """Fit the cars of each calibrated camera.

    Raises:
        JobError: there is no such camera or source, or none of them is calibrated.
        ShapeSpaceError: the file of car shapes cannot be used.
    """
    settings = context.settings(FitSettings)
    space = default_space() if settings.space is None else load_space(settings.space.expanduser())
    sights = _calibrated(context, chosen_footage(context.project, settings.camera, settings.source))
    parts = [(sight, source) for sight in sights for source in sight.footage.sources]
    context.checkpoint.setdefault("done", [])
    with context.project.bulk() as bulk:
        for number, (sight, source) in enumerate(parts):
            if source.id in context.checkpoint["done"]:
                continue

            def show(share: float, words: str, number: int = number) -> None:
                context.progress((number + share) / len(parts), words)

            _SourceFits(context, bulk, settings, space, sight, source, show).run()
    return {"fitted": context.checkpoint.get("fitted", 0)}


def _calibrated(context: JobContext, footage: Sequence[CameraFootage]) -> list[_Sight]:
    sights = []
    for one in footage:
        with context.project.read() as connection:
            row = calibration_in_force(connection, one.camera.id)
        if row is not None:
            sights.append(_Sight(one, row.id))
        elif not context.resumed:
            context.log(f"{one.camera.name} is not calibrated: its cars are left out.")
    if not sights:
        raise JobError("No camera here is calibrated.", "Calibrate one first: a fit needs to know its lens.")
    return sights


class _SourceFits:
    """The work on one source."""

    def __init__(
        self,
        context: JobContext,
        bulk: BulkWriter,
        settings: FitSettings,
        space: CarShapeSpace,
        sight: _Sight,
        source: SourceRow,
        show: Callable[[float, str], None],
    ) -> None:
        self._context, self._bulk, self._settings = context, bulk, settings
        self._source, self._show = source, show
        self._label = space.label
        self._calibration_id = sight.calibration_id
        with context.project.read() as connection:
            row = calibration_in_force(connection, sight.footage.camera.id)
            self._total = max(1, fit_candidates.count_with_keypoints(connection, source.id))
        if row is None:
            raise JobError(f"{sight.footage.camera.name} is no longer calibrated.", "Calibrate it again.")
        camera, plane = from_record(row.record)
        if (camera.width, camera.height) != (source.width, source.height):
            camera = camera.resized(source.width, source.height)
        self._fitter = VehicleFitter(camera, plane, space)

    def run(self) -> None:
        """Tracks, then what is left; and note that the source is done."""
        if self._settings.method == "track":
            self._fit_tracks()
        self._fit_singles()
        checkpoint = self._context.checkpoint
        checkpoint["done"].append(self._source.id)
        checkpoint.pop("track", None)
        checkpoint.pop("after", None)
        self._bulk.run(self._context.save)

    def _fit_tracks(self) -> None:
        with self._context.project.read() as connection:
            tracks = fit_candidates.tracks_with_keypoints(connection, self._source.id)
        last = self._context.checkpoint.get("track", 0)
        for number, track_id in enumerate(tracks):
            if track_id <= last:
                continue
            self._tell(_TRACKS_SHARE * number / len(tracks))
            with self._context.project.read() as connection:
                frames = fit_candidates.of_track(connection, track_id)
            self._write(self._of_track(frames), "track", track_id)

    def _of_track(self, frames: Sequence[FitCandidate]) -> list[FoundFit]:
        """The fits of a track where one of its frames needs one and two of them say something; else none."""
        frames = _one_a_time(frames)
        evidences = [self._evidence(frame) for frame in frames]
        seen = [frame for frame, one in zip(frames, evidences, strict=True) if one is not None]
        if len(seen) < 2 or not any(map(self._is_wanted, seen)):
            return []
        times_s = [frame.time_s for frame in frames]
        fits = fit_track(self._fitter, evidences, times_s, _TRACK)
        return [
            self._found(frame, fit)
            for frame, fit in zip(frames, fits, strict=True)
            if fit is not None and fit.verdict is not FitVerdict.TOO_FEW_POINTS
        ]

    def _fit_singles(self) -> None:
        after = self._context.checkpoint.get("after", 0)
        begun = _TRACKS_SHARE if self._settings.method == "track" else 0.0
        seen = 0
        while True:
            with self._context.project.read() as connection:
                batch = fit_candidates.with_keypoints(connection, self._source.id, after, _BATCH)
            if not batch:
                return
            wanted: list[tuple[FitCandidate, KeypointEvidence]] = []
            for candidate in filter(self._is_wanted, batch):
                evidence = self._evidence(candidate)
                if evidence is not None and evidence.used.sum() >= self._fitter.fewest_points:
                    wanted.append((candidate, evidence))
            fits = self._fitter.fit_many([evidence for _, evidence in wanted])
            after = batch[-1].instance_id
            found = [self._found(candidate, fit) for (candidate, _), fit in zip(wanted, fits, strict=True)]
            self._write(found, "after", after)
            seen += len(batch)
            self._tell(begun + (1 - begun) * min(1.0, seen / self._total))

    def _is_wanted(self, candidate: FitCandidate) -> bool:
        """Whether a car is to be fitted: what this job has fitted, as a track or before it died, is not."""
        if self._settings.redo:
            return candidate.job_id != self._context.job_id
        return not candidate.has_fit(self._label)

    def _evidence(self, candidate: FitCandidate) -> KeypointEvidence | None:
        """What its keypoints say; None where they say nothing."""
        if candidate.keypoints is None:
            return None
        evidence = evidence_of(candidate.keypoints, candidate.box.size)
        return evidence if evidence.used.any() else None

    def _found(self, candidate: FitCandidate, fit: VehicleFit) -> FoundFit:
        made_from = FitMadeFrom(candidate.keypoint_set_id, None, self._calibration_id, self._label)
        return FoundFit(candidate.instance_id, fit, made_from)

    def _write(self, found: Sequence[FoundFit], place: str, at: int) -> None:
        """Write fits, then the place from which to go on; a job that dies between writes none twice."""
        checkpoint = self._context.checkpoint
        job_id = self._context.job_id

        def write(connection: Connection, chunk: Sequence[FoundFit]) -> None:
            checkpoint["fitted"] = checkpoint.get("fitted", 0) + write_fits(connection, chunk, job_id=job_id)

        self._bulk.each(found, write)
        checkpoint[place] = at
        self._bulk.run(self._context.save)
        self._context.check_stop()

    def _tell(self, share: float) -> None:
        self._context.check_stop()
        self._show(share, f"Fitting the cars of {self._source.name}")


def _one_a_time(frames: Sequence[FitCandidate]) -> list[FitCandidate]:
    """A track's frames with one of each moment: a car is in one place at a time."""
    kept: list[FitCandidate] = []
    for frame in frames:
        if not kept or frame.time_s > kept[-1].time_s:
            kept.append(frame)
    return kept
