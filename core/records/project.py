"""Cameras, sources, instances and queue rows as the store hands them out."""

from __future__ import annotations

from dataclasses import dataclass

from core.records.boxes import Box
from core.records.detections import Category
from core.records.media import SourceKind
from core.records.occlusion import LabelOrigin, OcclusionLabel, Verdict


@dataclass(frozen=True, slots=True)
class CameraRow:
    """One fixed viewpoint.

    Attributes:
        utc_offset_s: shifts capture times to the camera's local hour of day.
        calibration_id: the calibration in force; None where there is none.
    """

    id: int
    name: str
    utc_offset_s: float
    source_count: int
    frame_count: int
    calibration_id: int | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One file or folder of a camera.

    Attributes:
        path: where it was found last, absolute; empty if never.
        found: whether it is there now (as of the last check).
        duration_s: from the first to the last frame.
        recorded: whether this program recorded it.
    """

    id: int
    camera_id: int
    kind: SourceKind
    name: str
    path: str
    found: bool
    width: int
    height: int
    frame_count: int
    duration_s: float
    captured_from: float | None
    captured_to: float | None
    instance_count: int
    recorded: bool


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One frame of a source."""

    id: int
    source_id: int
    sequence_id: int
    pts: int
    time_s: float
    captured_at: float | None
    content_hash: bytes
    name: str | None


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """One instance, with its present label.

    Attributes:
        label, label_origin: the label in force: a person's if there is one, else the machine's.
        margin: -1..1 of the machine's tests; |margin| small is uncertain; None before any test.
        verdict, annotator: what a person said last, and who.
        stationary: a parked or repeated view.
        thinned: left out of the queue because another row stands for the same view.
        missing: mining no longer finds it; it stays because a person has touched it.
        find_margin: 0..1, how far its score is above the least that its detector keeps; None where the score
            says nothing of how sure the find is.
    """

    id: int
    source_id: int
    frame_id: int
    track_id: int | None
    category: Category
    score: float
    box: Box
    mask_id: int | None
    label: OcclusionLabel | None
    label_origin: LabelOrigin | None
    margin: float | None
    verdict: Verdict | None
    annotator: str | None
    stationary: bool
    thinned: bool
    missing: bool
    time_s: float
    find_margin: float | None = None


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which instances the queue shows; every condition becomes SQL. None and empty mean any.

    Attributes:
        verdict: "none" (nobody looked), "any" (somebody did), or a Verdict's value.
        reason: name of an OcclusionTest that called it occluded.
        min_size_px: L of its box.
        hour: hour of day at the camera.
        asked: only those that somebody asked to be looked at again, and nobody has answered.
    """

    camera_id: int | None = None
    source_id: int | None = None
    track_id: int | None = None
    categories: tuple[Category, ...] = ()
    label: OcclusionLabel | None = None
    verdict: str | None = None
    reason: str | None = None
    min_size_px: float | None = None
    min_score: float | None = None
    hour: int | None = None
    include_thinned: bool = False
    asked: bool = False


@dataclass(frozen=True, slots=True)
class BackgroundRow:
    """One median background as listed: pixels are fetched apart."""

    id: int
    camera_id: int
    hour: int | None
    version: int
    frame_count: int
    hours: tuple[int, ...]
    width: int
    height: int
    created_at: float
