"""The objects that a job may cut out: what is in force of each, and the piece that it has already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, literal_column, or_, select

from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import FitMethod, FitReview, FitVerdict
from core.records.masks import Rle
from core.records.occlusion import OcclusionLabel, Verdict
from core.store import tables
from core.store.derived import stale_fit

_instance, _camera, _fit, _mask = tables.instance, tables.camera, tables.fit, tables.mask
_piece, _cutout, _track, _frame = tables.piece, tables.cutout, tables.track, tables.frame
_i, _f, _p, _c = _instance.c, _fit.c, _piece.c, _cutout.c
_CHUNK = 500
_WANTED = and_(
    _i.state == "live", _i.verdict.is_distinct_from(Verdict.REJECTED.value), _i.mask_id.is_not(None)
)


@dataclass(frozen=True, slots=True)
class PresentPiece:
    """The piece that an object has.

    Attributes:
        cutout_id, mask_id, background_id: its cut-out, and the mask and background by which that was cut.
        category, keypoint_set_id, fit_id, calibration_id, carries_fit, standing, light_q8: as of the piece.
        has_footprint: whether its place on the ground is known.
    """

    cutout_id: int
    mask_id: int
    background_id: int | None
    category: Category
    keypoint_set_id: int | None
    fit_id: int | None
    calibration_id: int | None
    carries_fit: bool
    standing: bool
    has_footprint: bool
    light_q8: int


@dataclass(frozen=True, slots=True)
class CutCandidate:
    """One object in one frame, as a job sees it before it cuts.

    Attributes:
        instance_id, frame_id, pts, time_s, captured_at, track_id, category, box, score: which.
        label: the occlusion label in force.
        mask_id, keypoint_set_id, fit_id, calibration_id: the versions in force.
        verdict, method, review: of that fit; None without one.
        stale_fit: whether that fit was made from what is no longer in force.
        piece: the piece in force that it has, or None.
    """

    instance_id: int
    frame_id: int
    pts: int
    time_s: float
    captured_at: float | None
    track_id: int | None
    category: Category
    box: Box
    score: float
    label: OcclusionLabel | None
    mask_id: int
    keypoint_set_id: int | None
    fit_id: int | None
    calibration_id: int | None
    verdict: FitVerdict | None
    method: FitMethod | None
    review: FitReview | None
    stale_fit: bool
    piece: PresentPiece | None


@dataclass(frozen=True, slots=True)
class TrackBox:
    """Where an object of a track is in one frame, and whether mining found that it stands still there."""

    instance_id: int
    time_s: float
    box: Box
    category: Category
    score: float
    stationary: bool


def moving_candidates(
    connection: Connection,
    source_id: int,
    *,
    min_size_px: float,
    min_score: float,
    include_thinned: bool,
    reviewed_only: bool,
) -> list[CutCandidate]:
    """A source's unoccluded objects with masks, in order of their frames."""
    query = _query().where(
        _i.source_id == source_id,
        _WANTED,
        _i.label == OcclusionLabel.UNOCCLUDED.value,
        _i.size >= min_size_px,
        _i.score >= min_score,
    )
    if not include_thinned:
        query = query.where(_i.thinned.is_(False))
    if reviewed_only:
        query = query.where(_i.verdict.is_not(None))
    return _found(connection, query.order_by(_frame.c.pts, _i.id))


def candidates_by_ids(connection: Connection, instance_ids: Sequence[int]) -> list[CutCandidate]:
    """Some objects with masks, in order of their frames."""
    found: list[CutCandidate] = []
    for start in range(0, len(instance_ids), _CHUNK):
        found += _found(connection, _query().where(_i.id.in_(instance_ids[start : start + _CHUNK]), _WANTED))
    return sorted(found, key=lambda one: (one.pts, one.instance_id))


def flagged_still_tracks(connection: Connection, source_id: int) -> list[int]:
    """The tracks of a source that mining found to stand still."""
    t = _track.c
    query = select(t.id).where(t.source_id == source_id, t.state == "live", t.stationary).order_by(t.id)
    return [int(track_id) for track_id in connection.scalars(query)]


def unjudged_tracks(connection: Connection, source_id: int) -> list[int]:
    """The tracks of a source that no mining has looked at, such as those of an import."""
    t = _track.c
    query = select(t.id).where(t.source_id == source_id, t.state == "live", t.job_id.is_(None)).order_by(t.id)
    return [int(track_id) for track_id in connection.scalars(query)]


def boxes_of_track(connection: Connection, track_id: int) -> list[TrackBox]:
    """A track's boxes in order of time."""
    query = select(*(_i.id, _i.time_s, _i.x, _i.y, _i.w, _i.h, _i.category, _i.score, _i.stationary)).where(
        _i.track_id == track_id, _i.state == "live"
    )
    return [
        TrackBox(r.id, r.time_s, Box(r.x, r.y, r.w, r.h), Category(r.category), r.score, bool(r.stationary))
        for r in connection.execute(query.order_by(_i.time_s, _i.id))
    ]


def best_of(connection: Connection, instance_ids: Sequence[int], *, coarse: bool) -> int | None:
    """Of several views of one object, the id of the one that shows it best.

    That is one that is unoccluded, then one with a fit to label with, then one that has a piece already, so
    that composites are not made anew for nothing; then the one seen surest.
    """
    best: tuple[tuple[float, ...], int] | None = None
    for start in range(0, len(instance_ids), _CHUNK):
        query = (
            select(
                _i.id,
                (_i.label == OcclusionLabel.UNOCCLUDED.value).is_(True).label("clear"),
                good_fit(coarse).is_(True).label("fitted"),
                _p.id.is_not(None).label("cut"),
                _i.score,
            )
            .select_from(_joined())
            .where(_i.id.in_(instance_ids[start : start + _CHUNK]), _WANTED)
        )
        for r in connection.execute(query):
            key = (-int(r.clear), -int(r.fitted), -int(r.cut), -float(r.score), float(r.id))
            if best is None or key < best[0]:
                best = key, int(r.id)
    return None if best is None else best[1]


def untracked_still(connection: Connection, source_id: int) -> list[int]:
    """Objects of a source that stand still and are in no track, those that only repeat a view left out."""
    query = select(_i.id).where(
        _i.source_id == source_id,
        _i.track_id.is_(None),
        _i.stationary,
        _i.thinned.is_(False),
        _WANTED,
    )
    return [int(i) for i in connection.scalars(query.order_by(_i.id))]


def good_fit(coarse: bool) -> ColumnElement[bool]:
    """SQL for whether the fit in force is good enough to label with; see `CutCandidate`."""
    verdict = or_(_f.verdict == FitVerdict.GOOD.value, _f.review == FitReview.ACCEPTED.value)
    good = and_(verdict, _f.review.is_distinct_from(FitReview.REJECTED.value), ~stale_fit())
    if not coarse:
        good = and_(good, or_(_f.method != FitMethod.COARSE.value, _f.review == FitReview.ACCEPTED.value))
    return and_(_f.id.is_not(None), good)


def masks_in_frames(
    connection: Connection, frame_ids: Sequence[int]
) -> dict[int, list[tuple[int, Rle | Box]]]:
    """Of each frame, the ids of what is in it with the mask in force, or the box where there is none."""
    found: dict[int, list[tuple[int, Rle | Box]]] = {}
    m = _mask.c
    for start in range(0, len(frame_ids), _CHUNK):
        query = (
            select(_i.frame_id, _i.id, _i.x, _i.y, _i.w, _i.h, m.height, m.width, m.counts)
            .select_from(_instance.outerjoin(_mask, m.id == _i.mask_id))
            .where(
                _i.frame_id.in_(frame_ids[start : start + _CHUNK]),
                # the + keeps SQLite from taking the index of all that is live instead of the frames'
                literal_column("+instance.state") == "live",
                _i.verdict.is_distinct_from(Verdict.REJECTED.value),
            )
        )
        for r in connection.execute(query.order_by(_i.id)):
            shape = Box(r.x, r.y, r.w, r.h) if r.counts is None else Rle(r.height, r.width, bytes(r.counts))
            found.setdefault(r.frame_id, []).append((r.id, shape))
    return found


def _joined() -> Any:
    return (
        _instance.join(_camera, _camera.c.id == _i.camera_id)
        .join(_frame, _frame.c.id == _i.frame_id)
        .outerjoin(_fit, _f.id == _i.fit_id)
        .outerjoin(_piece, and_(_p.instance_id == _i.id, _p.in_force))
        .outerjoin(_cutout, _c.id == _p.cutout_id)
    )


def _query() -> Select[Any]:
    return select(
        *(_i.id, _i.frame_id, _frame.c.pts, _i.time_s, _i.captured_at, _i.track_id, _i.category),
        *(_i.x, _i.y, _i.w, _i.h, _i.score, _i.label, _i.mask_id, _i.keypoint_set_id, _i.fit_id),
        *(_camera.c.calibration_id, _f.verdict, _f.method, _f.review, stale_fit().label("stale_fit")),
        *(_p.cutout_id, _c.mask_id.label("cut_mask_id"), _c.background_id.label("cut_background_id")),
        _p.category.label("piece_category"),
        *(_p.keypoint_set_id.label("piece_keypoints"), _p.fit_id.label("piece_fit")),
        *(_p.calibration_id.label("piece_calibration"), _p.carries_fit, _p.standing, _p.light_q8),
        _p.footprint.is_not(None).label("has_footprint"),
    ).select_from(_joined())


def _found(connection: Connection, query: Select[Any]) -> list[CutCandidate]:
    return [
        CutCandidate(
            instance_id=r.id,
            frame_id=r.frame_id,
            pts=r.pts,
            time_s=r.time_s,
            captured_at=r.captured_at,
            track_id=r.track_id,
            category=Category(r.category),
            box=Box(r.x, r.y, r.w, r.h),
            score=r.score,
            label=None if r.label is None else OcclusionLabel(r.label),
            mask_id=r.mask_id,
            keypoint_set_id=r.keypoint_set_id,
            fit_id=r.fit_id,
            calibration_id=r.calibration_id,
            verdict=None if r.verdict is None else FitVerdict(r.verdict),
            method=None if r.method is None else FitMethod(r.method),
            review=None if r.review is None else FitReview(r.review),
            stale_fit=bool(r.stale_fit),
            piece=None if r.cutout_id is None else _present(r),
        )
        for r in connection.execute(query)
    ]


def _present(r: Any) -> PresentPiece:
    return PresentPiece(
        cutout_id=r.cutout_id,
        mask_id=r.cut_mask_id,
        background_id=r.cut_background_id,
        category=Category(r.piece_category),
        keypoint_set_id=r.piece_keypoints,
        fit_id=r.piece_fit,
        calibration_id=r.piece_calibration,
        carries_fit=bool(r.carries_fit),
        standing=bool(r.standing),
        has_footprint=bool(r.has_footprint),
        light_q8=r.light_q8,
    )
