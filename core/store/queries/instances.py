"""Instances by id and by frame; their crops, masks and the tests behind their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.records.occlusion import LabelOrigin, OcclusionLabel, OcclusionTest, TestOutcome, Verdict
from core.records.project import InstanceRow
from core.store import tables

_instance, _crop, _mask, _annotator = tables.instance, tables.crop, tables.mask, tables.annotator
_CHUNK = 500
_CATEGORIES = {category.value: category for category in Category}
_LABELS: dict[str | None, OcclusionLabel | None] = {
    None: None,
    **{label.value: label for label in OcclusionLabel},
}
_ORIGINS: dict[str | None, LabelOrigin | None] = {
    None: None,
    **{origin.value: origin for origin in LabelOrigin},
}
_VERDICTS: dict[str | None, Verdict | None] = {None: None, **{verdict.value: verdict for verdict in Verdict}}
_i = _instance.c
_columns = (
    _i.id,
    _i.source_id,
    _i.frame_id,
    _i.track_id,
    _i.category,
    _i.score,
    _i.x,
    _i.y,
    _i.w,
    _i.h,
    _i.mask_id,
    _i.label,
    _i.label_origin,
    _i.margin,
    _i.verdict,
    _annotator.c.name.label("annotator"),
    _i.stationary,
    _i.thinned,
    _i.missing,
    _i.time_s,
    _i.find_margin,
)
_rows = select(*_columns).select_from(
    _instance.outerjoin(_annotator, _annotator.c.id == _i.verdict_annotator_id)
)


def by_ids(connection: Connection, ids: Sequence[int]) -> list[InstanceRow]:
    """Instances in the order asked for; ids that are not there are left out."""
    found: dict[int, InstanceRow] = {}
    for chunk in _chunks(ids):
        for row in connection.execute(_rows.where(_i.id.in_(chunk))).all():
            found[row[0]] = _record(row)
    return [found[i] for i in ids if i in found]


def by_id(connection: Connection, instance_id: int) -> InstanceRow | None:
    """One instance, or None."""
    return next(iter(by_ids(connection, [instance_id])), None)


def of_frame(connection: Connection, frame_id: int, *, gone: bool = False) -> list[InstanceRow]:
    """The instances of a frame by id; with gone=True, those too that are no longer detected."""
    query = _rows.where(_i.frame_id == frame_id).order_by(_i.id)
    if not gone:
        query = query.where(_i.state == "live")
    return [_record(row) for row in connection.execute(query).all()]


def of_track(connection: Connection, track_id: int) -> list[InstanceRow]:
    """The instances of a track in order of time."""
    query = _rows.where(_i.track_id == track_id, _i.state == "live").order_by(_i.time_s, _i.id)
    return [_record(row) for row in connection.execute(query).all()]


def track_ids(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """id -> the track that it is on; those on none are left out."""
    found: dict[int, int] = {}
    for chunk in _chunks(ids):
        query = select(_i.id, _i.track_id).where(_i.id.in_(chunk), _i.track_id.is_not(None))
        found.update((int(row.id), int(row.track_id)) for row in connection.execute(query))
    return found


def crops(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """id -> JPEG of the instance with some margin around; those without one are left out."""
    found: dict[int, bytes] = {}
    for chunk in _chunks(ids):
        query = select(_crop.c.instance_id, _crop.c.data).where(_crop.c.instance_id.in_(chunk))
        found.update((int(i), bytes(data)) for i, data in connection.execute(query))
    return found


def crop_boxes(connection: Connection, ids: Sequence[int]) -> dict[int, Box]:
    """id -> the crop's place in the picture, pixels on pixel edges."""
    found: dict[int, Box] = {}
    c = _crop.c
    for chunk in _chunks(ids):
        query = select(c.instance_id, c.x, c.y, c.w, c.h).where(c.instance_id.in_(chunk))
        found.update((int(r.instance_id), Box(r.x, r.y, r.w, r.h)) for r in connection.execute(query))
    return found


def masks(connection: Connection, ids: Sequence[int]) -> dict[int, Rle]:
    """id -> the mask in force; those without one are left out."""
    found: dict[int, Rle] = {}
    for chunk in _chunks(ids):
        query = (
            select(_i.id, _mask.c.height, _mask.c.width, _mask.c.counts)
            .join(_mask, _mask.c.id == _i.mask_id)
            .where(_i.id.in_(chunk))
        )
        found.update((int(r.id), Rle(r.height, r.width, bytes(r.counts))) for r in connection.execute(query))
    return found


def outcomes(connection: Connection, instance_id: int) -> list[TestOutcome]:
    """What each test found for an instance, the decisive one (the smallest margin) first."""
    t = tables.occlusion_test.c
    query = select(t.test, t.value, t.threshold, t.occluded, t.margin, t.by_instance_id, t.detail).where(
        t.instance_id == instance_id
    )
    return [
        TestOutcome(
            OcclusionTest(r.test), r.value, r.threshold, r.occluded, r.margin, r.by_instance_id, r.detail
        )
        for r in connection.execute(query.order_by(t.margin, t.test))
    ]


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]


def _record(row: Any) -> InstanceRow:
    # by place and from tables: a page of rows is read while a person scrolls
    (
        instance_id,
        source_id,
        frame_id,
        track_id,
        category,
        score,
        x,
        y,
        w,
        h,
        mask_id,
        label,
        origin,
        margin,
        verdict,
        annotator,
        stationary,
        thinned,
        missing,
        time_s,
        find_margin,
    ) = row
    return InstanceRow(
        instance_id,
        source_id,
        frame_id,
        track_id,
        _CATEGORIES[category],
        score,
        Box(x, y, w, h),
        mask_id,
        _LABELS[label],
        _ORIGINS[origin],
        margin,
        _VERDICTS[verdict],
        annotator,
        stationary,
        thinned,
        missing,
        time_s,
        find_margin,
    )
