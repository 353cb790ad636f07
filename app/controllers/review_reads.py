"""Everything that the Review workspace reads of the store, in calls that any thread may make."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.controllers.review_feed import Key
from app.states.review_filter import Choice
from app.states.review_marks import mark_of
from app.states.review_queue import QueueItem
from app.states.review_timeline import TimelineBucket
from core.geometry.masks import patch_contours, rle_to_patch
from core.geometry.outlines import outline_segments
from core.records.boxes import Box
from core.records.masks import MaskPatch, Rle
from core.records.occlusion import OcclusionTest, TestOutcome
from core.records.project import CameraRow, FrameRow, InstanceRow, QueueFilter, SourceRow
from core.store.project import Project
from core.store.queries import cameras, frames, instance_detail, instances, queue, sources, timeline, tracks
from core.store.queries.instance_detail import InstanceDetail
from core.store.queries.tracks import TrackPoint

log = logging.getLogger(__name__)

TIMELINE_BINS = 120  # or one for each frame's time, where there are fewer

REASON_WORDS: dict[OcclusionTest, str] = {
    OcclusionTest.OVERLAP: "Something nearer covers it",
    OcclusionTest.BORDER: "The picture's border cuts it",
    OcclusionTest.STATIC: "Something that stands still hides it",
    OcclusionTest.WALT: "WALT's rule leaves it out",
    OcclusionTest.CLASSIFIER: "The network takes it for covered",
}


@dataclass(frozen=True, slots=True, eq=False)
class FrameContents:
    """A frame with all that was found in it.

    Attributes:
        frame, source, camera: where it is.
        instances: the live ones.
        masks: instance id -> its mask.
        outlines: instance id -> its mask's border (see core.geometry.outlines).
    """

    frame: FrameRow
    source: SourceRow
    camera: CameraRow | None
    instances: tuple[InstanceRow, ...]
    masks: dict[int, MaskPatch]
    outlines: dict[int, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """An instance with all that is known of it, and its frame.

    Attributes:
        row, detail, outcomes: of the instance.
        points: the way of its track, in order of time; empty where nothing was tracked.
        contents: its frame.
        whole: (n, 2) each, pixel edges: the borders of its whole extent as the network says that found it,
            hidden part and all; none where none does.
    """

    row: InstanceRow
    detail: InstanceDetail
    outcomes: tuple[TestOutcome, ...]
    points: tuple[TrackPoint, ...]
    contents: FrameContents
    whole: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True, slots=True)
class TimelineMarks:
    """What lies where in a source's time.

    Attributes:
        buckets: in equal slices of it.
        stretches: (first, last) seconds between which there is footage.
    """

    source: SourceRow
    buckets: tuple[TimelineBucket, ...]
    stretches: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What the filters can be set to."""

    cameras: tuple[Choice, ...]
    sources: tuple[Choice, ...]
    hours: tuple[int, ...]


class StoreReads:
    """Reads one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._names: dict[int, str] = {}

    def page(self, conditions: QueueFilter, after: Key | None, limit: int) -> list[Key]:
        """The next (uncertainty, id) of the queue, least certain first."""
        with self._project.read() as connection:
            return [
                (key.uncertainty, key.id) for key in queue.page_keys(connection, conditions, after, limit)
            ]

    def count(self, conditions: QueueFilter) -> int:
        """How many instances meet the conditions."""
        with self._project.read() as connection:
            return queue.count(connection, conditions)

    def members(self, conditions: QueueFilter, instance_ids: Sequence[int]) -> list[Key]:
        """Those of some ids that meet the conditions, with their keys."""
        with self._project.read() as connection:
            found = queue.matches(connection, conditions, instance_ids)
            keys = [queue.key_of(connection, instance_id) for instance_id in sorted(found)]
            return [(key.uncertainty, key.id) for key in keys if key is not None]

    def items(self, instance_ids: Sequence[int]) -> list[QueueItem]:
        """What the queue's rows of some ids show."""
        with self._project.read() as connection:
            rows = instances.by_ids(connection, instance_ids)
            reasons = instance_detail.decisive_tests(connection, instance_ids)
        return [_item(row, self._source_name(row.source_id), reasons) for row in rows]

    def crops(self, instance_ids: Sequence[int]) -> dict[int, bytes]:
        """The compressed crops of some ids."""
        with self._project.read() as connection:
            return instances.crops(connection, instance_ids)

    def crop_in_place(self, instance_id: int) -> tuple[bytes, Box] | None:
        """An instance's compressed crop and where it lies in the picture, or None."""
        with self._project.read() as connection:
            data = instances.crops(connection, [instance_id]).get(instance_id)
            box = instances.crop_boxes(connection, [instance_id]).get(instance_id)
        return None if data is None or box is None else (data, box)

    def selection(self, instance_id: int) -> Selection | None:
        """An instance with its frame and all that is known of it; None where it is gone."""
        with self._project.read() as connection:
            row = instances.by_id(connection, instance_id)
            detail = instance_detail.instance_detail(connection, instance_id)
            if row is None or detail is None:
                return None
            outcomes = tuple(instances.outcomes(connection, instance_id))
            points = () if row.track_id is None else tuple(tracks.track_points(connection, row.track_id))
        contents = self.contents(row.frame_id)
        if contents is None:
            return None
        return Selection(row, detail, outcomes, points, contents, _contours(detail.whole))

    def contents(self, frame_id: int) -> FrameContents | None:
        """A frame with all that was found in it; None where there is no such frame."""
        with self._project.read() as connection:
            frame = frames.frame_by_id(connection, frame_id)
            if frame is None:
                return None
            source = sources.source_by_id(connection, self._project, frame.source_id, counted=False)
            if source is None:
                return None
            camera = cameras.camera_by_id(connection, source.camera_id)
            rows = tuple(instances.of_frame(connection, frame_id))
            codes = instances.masks(connection, [row.id for row in rows])
        masks = _decoded(codes)
        outlines = {instance_id: outline_segments(mask) for instance_id, mask in masks.items()}
        return FrameContents(frame, source, camera, rows, masks, outlines)

    def frame_near(self, source_id: int, time_s: float) -> FrameRow | None:
        """The frame of a source nearest to a time in seconds from its start."""
        with self._project.read() as connection:
            return frames.nearest_frame(connection, source_id, time_s)

    def frame_beside(self, frame: FrameRow, step: int) -> FrameRow | None:
        """The frame so many places later or earlier in its source, or None at its end."""
        with self._project.read() as connection:
            return frames.neighbour(connection, frame, step)

    def unreviewed_of_track(self, track_id: int) -> list[int]:
        """The instances of a track that nobody has looked at."""
        with self._project.read() as connection:
            return [row.id for row in instances.of_track(connection, track_id) if row.verdict is None]

    def queued_of_track(self, conditions: QueueFilter, track_id: int) -> list[int]:
        """The instances of a track that meet the conditions, in the order of the queue."""
        with self._project.read() as connection:
            ids = [row.id for row in instances.of_track(connection, track_id)]
            found = queue.matches(connection, conditions, ids)
        return [instance_id for instance_id in ids if instance_id in found]

    def timeline(self, source_id: int) -> TimelineMarks | None:
        """What lies where in a source's time; None where there is no such source."""
        with self._project.read() as connection:
            source = sources.source_by_id(connection, self._project, source_id, counted=False)
            if source is None:
                return None
            stretches = timeline.footage_stretches(connection, source_id)
            count = _slices(source, timeline.frame_step_s(stretches))
            bins = timeline.timeline_bins(connection, source_id, count)
        width = max(source.duration_s, 1e-9) / count
        buckets = [TimelineBucket()] * count
        for found in bins:
            place = min(round(found.start_s / width), count - 1)
            buckets[place] = TimelineBucket(found.instances, found.unoccluded, found.reviewed)
        return TimelineMarks(source, tuple(buckets), tuple((one.first_s, one.last_s) for one in stretches))

    def choices(self, camera_id: int | None) -> FilterChoices:
        """What the filters can be set to while a camera is chosen, or any."""
        with self._project.read() as connection:
            cameras_found = cameras.list_cameras(connection)
            sources_found = sources.list_sources(connection, self._project, camera_id, counted=False)
            hours = set()
            for camera in cameras_found:
                if camera_id in (None, camera.id):
                    hours |= set(frames.hours_of_camera(connection, camera.id))
        return FilterChoices(
            tuple(Choice(camera.id, camera.name) for camera in cameras_found),
            tuple(Choice(source.id, source.name) for source in sources_found),
            tuple(sorted(hour for hour in hours if hour is not None)),
        )

    def _source_name(self, source_id: int) -> str:
        if source_id not in self._names:
            with self._project.read() as connection:
                source = sources.source_by_id(connection, self._project, source_id, counted=False)
            self._names[source_id] = "" if source is None else source.name
        return self._names[source_id]

    def any_instances(self) -> bool:
        """Whether anything was mined or imported at all."""
        with self._project.read() as connection:
            return bool(queue.page_keys(connection, QueueFilter(include_thinned=True), None, 1))


def _slices(source: SourceRow, step_s: float | None) -> int:
    """Into how many slices a source's time is cut: none is wider than it must be, or narrower than a frame.

    The pauses between bursts count as time: a burst of a second must not look as if it filled an hour.
    """
    if step_s is None:
        return TIMELINE_BINS if source.frame_count > 1 else 1
    return max(1, min(TIMELINE_BINS, round(source.duration_s / step_s) + 1))


def _decoded(codes: dict[int, Rle]) -> dict[int, MaskPatch]:
    """Masks as patches; a damaged one is left out, so that it costs its own outline and no more."""
    masks = {}
    for instance_id, code in codes.items():
        try:
            masks[instance_id] = rle_to_patch(code)
        except ValueError:
            log.warning("the mask of instance %d is damaged", instance_id)
    return masks


def _contours(code: Rle | None) -> tuple[NDArray[np.float64], ...]:
    try:
        return () if code is None else tuple(patch_contours(rle_to_patch(code)))
    except ValueError:
        log.warning("the mask of a whole object is damaged")
        return ()


def _item(row: InstanceRow, source: str, reasons: dict[int, tuple[OcclusionTest, str]]) -> QueueItem:
    reason = reasons.get(row.id)
    return QueueItem(
        id=row.id,
        track_id=row.track_id,
        category=row.category.value,
        score=row.score,
        time_s=row.time_s,
        width_px=row.box.w,
        height_px=row.box.h,
        mark=mark_of(row),
        margin=row.margin,
        source=source,
        verdict=row.verdict.value if row.verdict is not None else "",
        annotator=row.annotator or "",
        reason="" if reason is None else reason[1] or REASON_WORDS[reason[0]],
        note=doubt_of_find(row),
    )


def doubt_of_find(row: InstanceRow) -> str:
    """The score of a find that is less certain than its label, and is why it stands where it does; or ""."""
    if row.find_margin is None or (row.margin is not None and abs(row.margin) <= row.find_margin):
        return ""
    return f"find {row.score:.2f}"
