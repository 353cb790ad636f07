"""Frames that people have reviewed: which there are, and what stands in each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, literal_column, select

from core.records.boxes import Box
from core.records.detections import Category
from core.records.occlusion import Verdict
from core.store import tables

_instance, _frame, _source, _review = tables.instance, tables.frame, tables.source, tables.review
_WRONG = "wrong detection"  # why a person rejected it; the other reason is a bad picture
_i, _f, _s, _v = _instance.c, _frame.c, _source.c, _review.c


@dataclass(frozen=True, slots=True)
class ReviewedObject:
    """One that a person found unoccluded, and where it is in time.

    Attributes:
        instance_id, track_id: which.
        frame_id, pts, source_id, camera_id, time_s, captured_at: of its frame.
        outlined: whether it has a mask.
    """

    instance_id: int
    track_id: int | None
    frame_id: int
    pts: int
    source_id: int
    camera_id: int
    time_s: float
    captured_at: float | None
    outlined: bool


@dataclass(frozen=True, slots=True)
class StandingThere:
    """An object of a frame.

    Attributes:
        instance_id, category, box: which, what and where.
        verdict: of a person, or None.
        wrong: whether a person said that nothing is there: a wrong detection.
    """

    instance_id: int
    category: Category
    box: Box
    verdict: Verdict | None
    wrong: bool


def unoccluded_by_people(connection: Connection) -> list[ReviewedObject]:
    """All objects that people found unoccluded, frame after frame; those of hidden sources are left out."""
    query = (
        select(
            *(_i.id, _i.track_id, _i.frame_id, _f.pts, _i.source_id, _i.camera_id, _i.time_s),
            *(_i.captured_at, _i.mask_id.is_not(None)),
        )
        .join(_frame, _f.id == _i.frame_id)
        .join(_source, _s.id == _i.source_id)
        .where(
            # over thinned ones too, in words that let the queue's index answer
            *(_i.state == "live", _i.thinned.in_((False, True))),
            *(_i.verdict == Verdict.UNOCCLUDED.value, _s.state == "live"),
        )
        .order_by(_i.frame_id, _i.id)
    )
    return [ReviewedObject(*row) for row in connection.execute(query)]


def standing_in(connection: Connection, frame_id: int) -> list[StandingThere]:
    """Everything that was found in a frame, by id."""
    wrong = and_(
        _v.instance_id == _i.id,
        _v.annotator_id == _i.verdict_annotator_id,
        _v.reason == _WRONG,
    )
    query = (
        select(*(_i.id, _i.category, _i.x, _i.y, _i.w, _i.h, _i.verdict), func.count(_v.id).label("wrong"))
        .select_from(_instance.outerjoin(_review, wrong))
        .where(_i.frame_id == frame_id, literal_column("+instance.state") == "live")
        .group_by(_i.id)
        .order_by(_i.id)
    )
    return [
        StandingThere(
            row.id,
            Category(row.category),
            Box(row.x, row.y, row.w, row.h),
            None if row.verdict is None else Verdict(row.verdict),
            row.verdict == Verdict.REJECTED.value and bool(row.wrong),
        )
        for row in connection.execute(query)
    ]
