"""Everything about chosen instances, frame after frame, for exports: streamed, never all in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import FitRow
from core.records.keypoints import KeypointRow
from core.records.masks import Rle
from core.records.occlusion import LabelOrigin, OcclusionLabel, OcclusionTest, TestOutcome, Verdict
from core.records.project import QueueFilter
from core.records.runs import ModelUsed, Purpose
from core.store import tables
from core.store.queries.fits import fits_in_force
from core.store.queries.keypoints import keypoints_in_force
from core.store.queries.queue import where_clause
from core.store.queries.runs import models_of_jobs

_BATCH = 500


@dataclass(frozen=True, slots=True)
class ExportFrame:
    """A frame with what is known of its source and camera."""

    id: int
    camera: str
    source_hash: bytes
    source_path: str
    width: int
    height: int
    pts: int
    time_s: float
    captured_at: float | None
    content_hash: bytes
    name: str | None


@dataclass(frozen=True, slots=True)
class Review:
    """What one annotator said."""

    annotator: str
    verdict: Verdict
    reason: str | None
    decided_at: float


@dataclass(frozen=True, slots=True)
class ExportInstance:
    """An instance with all that belongs to it.

    found_by and judged_by are the models that found it, and that the classifier's test went by; None where no
    model of the project or of the program did.
    """

    id: int
    frame_id: int
    track_id: int | None
    category: Category
    score: float
    box: Box
    origin: LabelOrigin
    detector: str
    label: OcclusionLabel | None
    label_origin: LabelOrigin | None
    machine_label: OcclusionLabel | None
    machine_origin: LabelOrigin | None
    margin: float | None
    verdict: Verdict | None
    annotator: str | None
    rle: Rle | None
    area: int | None
    outcomes: tuple[TestOutcome, ...]
    reviews: tuple[Review, ...]
    keypoints: KeypointRow | None
    fit: FitRow | None
    found_by: ModelUsed | None = None
    judged_by: ModelUsed | None = None


def count_with(connection: Connection, filter: QueueFilter, *, rejected: bool) -> int:
    """How many instances of the filter there are; without the rejected ones where they are not wanted."""
    condition, parameters = where_clause(connection, filter, rejected=rejected)
    return int(
        connection.execute(text(f"SELECT count(*) FROM instance WHERE {condition}"), parameters).scalar_one()
    )


def categories_with_keypoints(connection: Connection) -> set[Category]:
    """The categories of which some instance has keypoints."""
    i = tables.instance.c
    query = select(i.category).where(i.keypoint_set_id.is_not(None)).distinct()
    return {Category(name) for name in connection.scalars(query)}


def frames_with(connection: Connection, filter: QueueFilter, *, rejected: bool) -> Iterator[ExportFrame]:
    """The frames that hold such an instance, by id."""
    condition, parameters = where_clause(connection, filter, rejected=rejected)
    query = text(
        "SELECT f.id, c.name AS camera, s.content_hash AS source_hash, s.absolute_path AS source_path,"
        " s.width, s.height, f.pts, f.time_s, f.captured_at, f.content_hash, f.name"
        " FROM frame f JOIN source s ON s.id = f.source_id JOIN camera c ON c.id = s.camera_id"
        " WHERE EXISTS (SELECT 1 FROM instance INDEXED BY ix_instance_frame_id"
        f" WHERE instance.frame_id = f.id AND {condition}) ORDER BY f.id"
    )
    for row in connection.execute(query, parameters):
        yield ExportFrame(**row._mapping)


def instances_with(
    connection: Connection, filter: QueueFilter, *, rejected: bool
) -> Iterator[ExportInstance]:
    """Such instances, by frame and id."""
    condition, parameters = where_clause(connection, filter, rejected=rejected)
    query = text(
        "SELECT id FROM instance INDEXED BY ix_instance_frame_id"
        f" WHERE frame_id > 0 AND {condition} ORDER BY frame_id, id"
    )
    for part in connection.execute(query, parameters).scalars().partitions(_BATCH):
        yield from _whole(connection, part)


def _whole(connection: Connection, ids: Sequence[int]) -> Iterator[ExportInstance]:
    i, m, a = tables.instance.c, tables.mask.c, tables.annotator.c
    query = (
        select(tables.instance, m.height, m.width, m.counts, m.area, a.name.label("annotator"))
        .select_from(
            tables.instance.outerjoin(tables.mask, m.id == i.mask_id).outerjoin(
                tables.annotator, a.id == i.verdict_annotator_id
            )
        )
        .where(i.id.in_(ids))
    )
    rows = {row.id: row for row in connection.execute(query)}
    outcomes, reviews = _outcomes(connection, ids), _reviews(connection, ids)
    keypoints, fits = keypoints_in_force(connection, ids), fits_in_force(connection, ids)
    finders, judges = _finders(connection, rows), _judges(connection, ids)
    for instance_id in ids:
        r = rows[instance_id]
        yield ExportInstance(
            id=r.id,
            frame_id=r.frame_id,
            track_id=r.track_id,
            category=Category(r.category),
            score=r.score,
            box=Box(r.x, r.y, r.w, r.h),
            origin=LabelOrigin(r.origin),
            detector=r.detector,
            label=None if r.label is None else OcclusionLabel(r.label),
            label_origin=None if r.label_origin is None else LabelOrigin(r.label_origin),
            machine_label=None if r.machine_label is None else OcclusionLabel(r.machine_label),
            machine_origin=None if r.machine_origin is None else LabelOrigin(r.machine_origin),
            margin=r.margin,
            verdict=None if r.verdict is None else Verdict(r.verdict),
            annotator=r.annotator,
            rle=None if r.counts is None else Rle(r.height, r.width, bytes(r.counts)),
            area=r.area,
            outcomes=tuple(outcomes[instance_id]),
            reviews=tuple(reviews[instance_id]),
            keypoints=keypoints.get(instance_id),
            fit=fits.get(instance_id),
            found_by=finders.get(instance_id),
            judged_by=judges.get(instance_id),
        )


def _finders(connection: Connection, rows: Mapping[int, Any]) -> Mapping[int, ModelUsed]:
    """Instance id -> the detector that found it."""
    jobs = sorted({row.job_id for row in rows.values() if row.job_id is not None})
    models = models_of_jobs(connection, jobs, Purpose.DETECTOR)
    return {i: models[row.job_id] for i, row in rows.items() if row.job_id in models}


def _judges(connection: Connection, ids: Sequence[int]) -> Mapping[int, ModelUsed]:
    """Instance id -> the classifier that its test went by."""
    t = tables.occlusion_test.c
    query = select(t.instance_id, t.job_id).where(
        t.instance_id.in_(ids), t.test == OcclusionTest.CLASSIFIER.value, t.job_id.is_not(None)
    )
    jobs = {row.instance_id: row.job_id for row in connection.execute(query)}
    models = models_of_jobs(connection, sorted(set(jobs.values())), Purpose.CLASSIFIER)
    return {instance_id: models[job_id] for instance_id, job_id in jobs.items() if job_id in models}


def _outcomes(connection: Connection, ids: Sequence[int]) -> dict[int, list[TestOutcome]]:
    t = tables.occlusion_test.c
    found: dict[int, list[TestOutcome]] = defaultdict(list)
    query = select(tables.occlusion_test).where(t.instance_id.in_(ids)).order_by(t.instance_id, t.test)
    for r in connection.execute(query):
        outcome = TestOutcome(
            OcclusionTest(r.test), r.value, r.threshold, r.occluded, r.margin, r.by_instance_id, r.detail
        )
        found[r.instance_id].append(outcome)
    return found


def _reviews(connection: Connection, ids: Sequence[int]) -> dict[int, list[Review]]:
    r, a = tables.review.c, tables.annotator.c
    found: dict[int, list[Review]] = defaultdict(list)
    query = (
        select(r.instance_id, a.name, r.verdict, r.reason, r.decided_at)
        .join(tables.annotator, a.id == r.annotator_id)
        .where(r.instance_id.in_(ids))
        .order_by(r.instance_id, r.id)
    )
    for instance_id, name, verdict, reason, at in connection.execute(query):
        found[instance_id].append(Review(name, Verdict(verdict), reason, at))
    return found
