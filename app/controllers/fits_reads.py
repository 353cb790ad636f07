"""Everything that the 3D workspace reads of the store, in calls that any thread may make."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.controllers.review_reads import FrameContents, StoreReads
from app.states.fits import FitItem
from app.states.results import SaidKey
from app.states.review_filter import Choice
from core.records.cameras import CalibrationRow
from core.records.evaluations import Pose3D
from core.records.fits import BodyFit, FitFilter, FitOrder, FitRow
from core.records.keypoints import KeypointRow
from core.records.project import InstanceRow
from core.store.fit_columns import sigma_of_place_m
from core.store.project import Project
from core.store.queries import cameras, fits, instances, sources
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.car_context import track_neighbours
from core.store.queries.keypoints import keypoints_in_force
from core.store.queries.results import result_said, true_pose_of

_TRAIL_FITS = 1_000  # of a track, evenly: a trail needs no more


@dataclass(frozen=True, slots=True, eq=False)
class FitSubject:
    """A car or a person with its fits, and the frame that it is in.

    Attributes:
        instance: which.
        contents: its frame with all that was found in it.
        calibration: of the camera, in force; None where it has none.
        fits: instance id -> the fit in force, of everything in the frame.
        history: every version of its own fit, the newest first.
        keypoints: its own, in force.
        trails: track id -> its fits in order of time, of the tracks in the frame.
        truth: where it stands in truth, where an evaluation of fits knows that.
    """

    instance: InstanceRow
    contents: FrameContents
    calibration: CalibrationRow | None
    fits: Mapping[int, FitRow]
    history: tuple[FitRow, ...]
    keypoints: KeypointRow | None
    trails: Mapping[int, tuple[FitRow, ...]]
    truth: Pose3D | None = None


class FitReads:
    """Reads one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._store = StoreReads(project)
        self._cameras: dict[int, str] = {}  # source id -> name of its camera

    def page(self, conditions: FitFilter, order: FitOrder, descending: bool, limit: int) -> list[int]:
        """Ids of the first fits of the list."""
        with self._project.read() as connection:
            keys = fits.fit_page(connection, conditions, order, None, limit, descending=descending)
        return [key.id for key in keys]

    def all_ids(self, conditions: FitFilter, order: FitOrder, descending: bool) -> array[int]:
        """Ids of the whole list, eight bytes each."""
        with self._project.read() as connection:
            return fits.all_fit_ids(connection, conditions, order, descending=descending)

    def matching(self, conditions: FitFilter, fit_ids: Sequence[int]) -> set[int]:
        """Which of some fits the list shows."""
        with self._project.read() as connection:
            return fits.matches(connection, conditions, fit_ids)

    def items(self, fit_ids: Sequence[int]) -> list[FitItem]:
        """What the rows of some fits show."""
        with self._project.read() as connection:
            rows = fits.fits_by_ids(connection, fit_ids)
            found = {row.id: row for row in instances.by_ids(connection, [row.instance_id for row in rows])}
        return [
            _item(row, found[row.instance_id], self._camera_name(found[row.instance_id].source_id))
            for row in rows
            if row.instance_id in found
        ]

    def fit(self, fit_id: int) -> FitRow | None:
        """One fit by its own id."""
        with self._project.read() as connection:
            return next(iter(fits.fits_by_ids(connection, [fit_id])), None)

    def fit_of(self, instance_id: int) -> FitRow | None:
        """The fit that an instance has now."""
        with self._project.read() as connection:
            return fits.fits_in_force(connection, [instance_id]).get(instance_id)

    def subject(self, instance_id: int) -> FitSubject | None:
        """An object with its fits and its frame, or None where it is gone."""
        with self._project.read() as connection:
            instance = instances.by_id(connection, instance_id)
        contents = None if instance is None else self._store.contents(instance.frame_id)
        if instance is None or contents is None:
            return None
        with self._project.read() as connection:
            seen = fits.fits_in_force(connection, [row.id for row in contents.instances])
            history = tuple(fits.fit_history(connection, instance_id))
            keypoints = keypoints_in_force(connection, [instance_id]).get(instance_id)
            calibration = calibration_in_force(connection, contents.source.camera_id)
            truth = true_pose_of(connection, instance_id)
            tracks = {
                row.track_id for row in contents.instances if row.track_id is not None and row.id in seen
            }
            trails: dict[int, tuple[FitRow, ...]] = {}
            for track_id in sorted(tracks):
                way = [one for one in track_neighbours(connection, track_id) if one.fit_id is not None]
                step = max(1, -(-len(way) // _TRAIL_FITS))
                ids = [one.fit_id for one in way[::step] if one.fit_id is not None]
                trails[track_id] = tuple(fits.fits_by_ids(connection, ids))
        return FitSubject(instance, contents, calibration, seen, history, keypoints, trails, truth)

    def said_pose(self, key: SaidKey) -> Pose3D | None:
        """Where a network said that an object stands, as an evaluation keeps it; or None."""
        with self._project.read() as connection:
            said = result_said(connection, key.evaluation_id, key.number)
        return None if said is None else said.car

    def beside_on_track(self, instance_id: int, step: int) -> int | None:
        """The next fitted view (or an earlier one) of the same track, or None at its end."""
        with self._project.read() as connection:
            instance = instances.by_id(connection, instance_id)
            if instance is None or instance.track_id is None:
                return None
            way = [
                one.instance_id
                for one in track_neighbours(connection, instance.track_id)
                if one.fit_id is not None or one.instance_id == instance_id
            ]
        place = way.index(instance_id) + step if instance_id in way else -1
        return way[place] if 0 <= place < len(way) else None

    def cameras(self) -> tuple[Choice, ...]:
        """The cameras there are."""
        with self._project.read() as connection:
            return tuple(Choice(row.id, row.name) for row in cameras.list_cameras(connection))

    def any_fits(self) -> bool:
        """Whether anything was fitted at all."""
        return bool(self.page(FitFilter(), FitOrder.NEWEST, True, 1))

    def _camera_name(self, source_id: int) -> str:
        if source_id not in self._cameras:
            with self._project.read() as connection:
                source = sources.source_by_id(connection, self._project, source_id, counted=False)
                camera = None if source is None else cameras.camera_by_id(connection, source.camera_id)
            self._cameras[source_id] = "" if camera is None else camera.name
        return self._cameras[source_id]


def _item(row: FitRow, instance: InstanceRow, camera: str) -> FitItem:
    fit = row.fit
    person = isinstance(fit, BodyFit)
    sigma = sigma_of_place_m(fit)
    x, y, z = fit.translation
    return FitItem(
        id=row.id,
        instance_id=row.instance_id,
        version=row.version,
        caption=f"{instance.category.value} {instance.id}",
        verdict=fit.verdict,
        method=fit.method,
        review=row.review,
        reason=row.review_reason or fit.reason,
        error_px=fit.rms_px if fit.used or fit.rms_px else None,
        sigma_m=sigma if fit.sigmas is not None else None,
        distance_m=float((x * x + y * y + z * z) ** 0.5),
        length_m=None if person else fit.size_m[0],
        stature_m=fit.size_m[2] if person else None,
        camera=camera,
        time_s=instance.time_s,
        stale=row.stale,
        person=person,
    )
