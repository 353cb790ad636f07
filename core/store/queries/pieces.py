"""Pieces and cut-outs by id, and which pieces there are to compose from or to swap one for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal_column, or_, select

from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.records.occlusion import Verdict
from core.records.recipes import Cutout, Piece, PieceCounts, PieceRow
from core.store import tables
from core.store.derived import stale_piece
from core.store.fit_columns import from_columns as fit_from_columns
from core.store.keypoint_columns import from_columns as keypoints_from_columns
from core.store.queries.hours import hour_of
from core.store.recipe_columns import Footprint, footprint_of

_piece, _cutout, _mask = tables.piece, tables.cutout, tables.mask
_instance, _camera, _source = tables.instance, tables.camera, tables.source
_fit, _keypoint_set, _track, _calibration = (
    tables.fit,
    tables.keypoint_set,
    tables.track,
    tables.calibration,
)
_p, _i = _piece.c, _instance.c
_CHUNK = 500

_FIT_COLUMNS = (
    *("method", "verdict", "reason", "rotation", "translation", "place", "heading_rad", "shape"),
    *("length_m", "width_m", "height_m", "rms_px", "noise_px", "residuals", "outliers", "used"),
    *("swapped", "sigmas", "body"),
)


@dataclass(frozen=True, slots=True)
class StockRow:
    """A piece as samplers need it, without pixels.

    Attributes:
        id, mask_id, mask, source_id: which.
        track_id: that the object has now, or None.
        track_s: when that track is first and last seen, seconds from the start of the source; None without.
        hour, captured_at, time_s, standing, footprint, light_q8: as in `PieceRow`.
        box: x, y, w, h of its mask, whole pixels.
    """

    id: int
    mask_id: int
    mask: Rle
    track_id: int | None
    source_id: int
    track_s: tuple[float, float] | None
    hour: int | None
    captured_at: float | None
    time_s: float
    standing: bool
    box: tuple[int, int, int, int]
    footprint: Footprint | None
    light_q8: int


@dataclass(frozen=True, slots=True)
class PieceLife:
    """When a piece's object is seen.

    Attributes:
        id, instance_id, camera_id, source_id, track_id, track_s: as `StockRow`.
        captured_at, time_s, standing: likewise.
    """

    id: int
    instance_id: int
    camera_id: int
    source_id: int
    track_id: int | None
    track_s: tuple[float, float] | None
    captured_at: float | None
    time_s: float
    standing: bool


def pieces_by_ids(connection: Connection, piece_ids: Sequence[int]) -> dict[int, Piece]:
    """id -> piece with all that describes it; what an undo has taken back since is None in it.

    Ids that are not there are left out, and so are pieces whose mask is gone.
    """
    found: dict[int, Piece] = {}
    for chunk in _chunks(piece_ids):
        for row in connection.execute(_whole_pieces().where(_p.id.in_(chunk))):
            found[row.id] = _piece_record(row)
    return found


def cutouts_by_ids(connection: Connection, cutout_ids: Sequence[int]) -> dict[int, Cutout]:
    """id -> cut-out with its pixels; ids that are not there are left out."""
    c = _cutout.c
    found: dict[int, Cutout] = {}
    for chunk in _chunks(cutout_ids):
        query = select(_cutout, _i.frame_id).join(_instance, _i.id == c.instance_id).where(c.id.in_(chunk))
        for r in connection.execute(query):
            found[r.id] = Cutout(
                instance_id=r.instance_id,
                mask_id=r.mask_id,
                frame_id=r.frame_id,
                background_id=r.background_id,
                x=r.x,
                y=r.y,
                w=r.w,
                h=r.h,
                pixels=bytes(r.pixels),
                planes=bytes(r.planes),
                light=(r.light_red, r.light_green, r.light_blue, r.light_pixels),
                background_light=(r.background_red, r.background_green, r.background_blue),
            )
    return found


def masks_by_ids(connection: Connection, mask_ids: Sequence[int]) -> dict[int, Rle]:
    """id of a mask -> its code; ids that are not there are left out."""
    m = _mask.c
    found: dict[int, Rle] = {}
    for chunk in _chunks(mask_ids):
        query = select(m.id, m.height, m.width, m.counts).where(m.id.in_(chunk))
        found.update((int(r.id), Rle(r.height, r.width, bytes(r.counts))) for r in connection.execute(query))
    return found


def piece_rows(connection: Connection, piece_ids: Sequence[int]) -> list[PieceRow]:
    """Pieces as they are listed, in the order asked for; ids that are not there are left out."""
    found: dict[int, PieceRow] = {}
    for chunk in _chunks(piece_ids):
        found.update((row.id, _row(row)) for row in connection.execute(_rows().where(_p.id.in_(chunk))))
    return [found[i] for i in piece_ids if i in found]


def stock_rows(connection: Connection, camera_id: int) -> Iterator[StockRow]:
    """Every piece of a camera that may be pasted or stands, by id: those in force that are up to date.

    Reads row by row: of 100,000 pieces, no pixel is loaded.
    """
    query = _stock_query(camera_id).where(~stale_piece()).order_by(_p.id)
    # by place, without names: 100,000 are read before the first composite is drawn
    for row in connection.execution_options(yield_per=2000).execute(query):
        yield _stock_row(row)


def stock_lives(connection: Connection, camera_id: int) -> Iterator[PieceLife]:
    """When the objects of `stock_rows` are seen, without masks: 100,000 in a moment."""
    query = _lives().where(_p.camera_id == camera_id, *_in_stock(), ~stale_piece()).order_by(_p.id)
    for row in connection.execution_options(yield_per=2000).execute(query):
        yield _life(row)


def piece_lives(connection: Connection, piece_ids: Sequence[int]) -> Iterator[PieceLife]:
    """When the objects of some pieces are seen, in force or not; ids that are not there are left out."""
    for chunk in _chunks(piece_ids):
        for row in connection.execute(_lives().where(_p.id.in_(chunk))):
            yield _life(row)


def unsettled_rows(connection: Connection, camera_id: int) -> list[StockRow]:
    """Pieces of what stands still that `stock_rows` does not say stand, by id, one of each track.

    They are those that are out of date, and those that stood still but not in the background that they were
    cut by: another background may show them. What a person rejected is none. They are given without a place.
    """
    settled = and_(_p.standing, ~stale_piece())
    query = _stock_query(camera_id).where(
        or_(_p.standing, _i.stationary), ~settled, _i.verdict.is_distinct_from(Verdict.REJECTED.value)
    )
    found: dict[int, StockRow] = {}
    for row in connection.execute(query.order_by(_p.area.desc(), _p.id)):
        one = replace(_stock_row(row), standing=True, footprint=None)
        found.setdefault(one.track_id if one.track_id is not None else -one.id, one)
    return sorted(found.values(), key=lambda one: one.id)


def piece_counts(connection: Connection, camera_id: int) -> PieceCounts:
    """What there is to compose from at a camera."""
    ready = ~stale_piece()

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    query = (
        select(
            count(ready),
            count(and_(ready, _p.footprint.is_not(None))),
            count(and_(ready, _p.standing)),
            count(stale_piece()),
        )
        .select_from(_joined())
        .where(_p.camera_id == camera_id, *_in_stock())
    )
    return PieceCounts(*connection.execute(query).one())


def cut_without_background(connection: Connection, camera_id: int) -> int:
    """How many pieces that are up to date come from cut-outs that no background was compared with."""
    query = (
        select(func.count())
        .select_from(_joined().join(_cutout, _cutout.c.id == _p.cutout_id))
        .where(_p.camera_id == camera_id, *_in_stock(), ~stale_piece(), _cutout.c.background_id.is_(None))
    )
    return int(connection.scalar(query) or 0)


def swap_candidates(connection: Connection, piece_id: int, *, limit: int = 50) -> list[PieceRow]:
    """Other pieces that could stand in a piece's place, the best first.

    They are of the same camera and category, up to date, and of another track. Best is whose foot (the
    middle of its mask's lower edge) is nearest, in parts of the piece's own size.
    """
    piece = connection.execute(
        select(_p.camera_id, _p.category, _p.standing, _p.x, _p.y, _p.w, _p.h, _p.instance_id, _i.track_id)
        .join(_instance, _i.id == _p.instance_id)
        .where(_p.id == piece_id)
    ).first()
    if piece is None:
        return []
    foot_x, foot_y = piece.x + piece.w / 2, piece.y + piece.h
    away = func.abs(_p.x + _p.w / 2.0 - foot_x) + func.abs(_p.y + _p.h - foot_y)
    query = _rows().where(
        _p.camera_id == piece.camera_id,
        _p.category == piece.category,
        _p.instance_id != piece.instance_id,
        _p.standing.is_(False),
        *_in_stock(),
        ~stale_piece(),
    )
    if piece.track_id is not None:
        query = query.where(_i.track_id.is_distinct_from(piece.track_id))
    return [_row(row) for row in connection.execute(query.order_by(away, _p.id).limit(limit))]


def stale_pieces(connection: Connection, piece_ids: Sequence[int]) -> set[int]:
    """Those of some pieces of whose objects something newer is known."""
    found: set[int] = set()
    for chunk in _chunks(piece_ids):
        query = select(_p.id).select_from(_joined()).where(_p.id.in_(chunk), stale_piece())
        found.update(int(i) for i in connection.scalars(query))
    return found


@dataclass(frozen=True, slots=True)
class FitsOfSpace:
    """How many pieces in force carry fits of one shape space or body model.

    Attributes:
        label: its name and hash. of_people: whether it is a body model. count: of the pieces.
    """

    label: str
    of_people: bool
    count: int


def fits_by_space(connection: Connection) -> list[FitsOfSpace]:
    """What the fits of all pieces in force were made with."""
    of_people = _fit.c.body.is_not(None).label("of_people")
    query = (
        select(_fit.c.shape_space, of_people, func.count().label("pieces"))
        .select_from(_piece.join(_fit, _fit.c.id == _p.fit_id))
        .where(_p.in_force, _p.carries_fit)
        .group_by(_fit.c.shape_space, of_people)
        .order_by(_fit.c.shape_space)
    )
    rows = connection.execute(query)
    return [FitsOfSpace(row.shape_space, bool(row.of_people), row.pieces) for row in rows]


def _stock_query(camera_id: int) -> Select[Any]:
    return (
        select(
            *(_p.id, _p.mask_id, _mask.c.height, _mask.c.width, _mask.c.counts, _i.track_id, _i.source_id),
            *(_track.c.first_time_s, _track.c.last_time_s, _p.captured_at, _p.time_s, _p.standing),
            *(_p.x, _p.y, _p.w, _p.h, _p.footprint, _p.light_q8),
            hour_of(_p.captured_at, _camera.c.utc_offset_s).label("hour"),
        )
        .select_from(
            _joined().join(_mask, _mask.c.id == _p.mask_id).outerjoin(_track, _track.c.id == _i.track_id)
        )
        .where(_p.camera_id == camera_id, *_in_stock())
    )


def _lives() -> Select[Any]:
    return select(
        *(_p.id, _p.instance_id, _p.camera_id, _i.source_id, _i.track_id),
        *(_track.c.first_time_s, _track.c.last_time_s, _p.captured_at, _p.time_s, _p.standing),
    ).select_from(_joined().outerjoin(_track, _track.c.id == _i.track_id))


def _life(row: Any) -> PieceLife:
    piece_id, instance_id, camera_id, source_id, track_id, first_s, last_s, captured_at, time_s, standing = (
        row
    )
    lived = None if first_s is None else (first_s, last_s)
    return PieceLife(
        *(piece_id, instance_id, camera_id, source_id, track_id, lived, captured_at, time_s),
        standing=bool(standing),
    )


def _stock_row(row: Any) -> StockRow:
    piece_id, mask_id, height, width, counts, track_id, source_id, first_s, last_s, *rest = row
    captured_at, time_s, standing, x, y, w, h, footprint, light_q8, hour = rest
    return StockRow(
        piece_id,
        mask_id,
        Rle(height, width, counts),
        track_id,
        source_id,
        None if first_s is None else (first_s, last_s),
        hour,
        captured_at,
        time_s,
        bool(standing),
        (x, y, w, h),
        footprint_of(footprint),
        light_q8,
    )


def _in_stock() -> tuple[ColumnElement[bool], ...]:
    live = select(_source.c.id).where(_source.c.state == "live")
    # the literal, so that SQLite takes the partial index
    return literal_column("piece.in_force = 1"), _i.state == "live", _i.source_id.in_(live)


def _joined() -> Any:
    return _piece.join(_instance, _i.id == _p.instance_id).join(_camera, _camera.c.id == _p.camera_id)


def _rows() -> Select[Any]:
    return select(
        *(_p.id, _p.cutout_id, _p.instance_id, _i.track_id, _p.camera_id, _p.category, _p.captured_at),
        *(_p.time_s, _p.standing, _p.x, _p.y, _p.w, _p.h, _p.area, _p.footprint, _p.light_q8),
        _p.carries_fit,
        _p.keypoint_set_id.is_not(None).label("has_keypoints"),
        hour_of(_p.captured_at, _camera.c.utc_offset_s).label("hour"),
        stale_piece().label("stale"),
    ).select_from(_joined())


def _row(r: Any) -> PieceRow:
    return PieceRow(
        id=r.id,
        cutout_id=r.cutout_id,
        instance_id=r.instance_id,
        track_id=r.track_id,
        camera_id=r.camera_id,
        category=_CATEGORIES[r.category],
        hour=r.hour,
        captured_at=r.captured_at,
        time_s=r.time_s,
        standing=bool(r.standing),
        box=Box(r.x, r.y, r.w, r.h),
        area=r.area,
        footprint=footprint_of(r.footprint),
        light_q8=r.light_q8,
        has_keypoints=bool(r.has_keypoints),
        has_fit=bool(r.carries_fit),
        stale=bool(r.stale),
    )


def _whole_pieces() -> Select[Any]:
    fit = [_fit.c[name] for name in _FIT_COLUMNS]
    return select(
        *(_p.id, _p.cutout_id, _p.instance_id, _p.track_id, _p.camera_id, _p.category, _p.captured_at),
        *(_p.time_s, _p.standing, _p.mask_id, _p.calibration_id, _mask.c.width, _mask.c.counts),
        _mask.c.height,
        hour_of(_p.captured_at, _camera.c.utc_offset_s).label("hour"),
        *(_keypoint_set.c.id.label("keypoint_set_id"), _keypoint_set.c.template, _keypoint_set.c.points),
        _fit.c.id.label("fit_id"),
        *fit,
        _fit.c.shape_space,
        _calibration.c.normal,
    ).select_from(
        _piece.join(_camera, _camera.c.id == _p.camera_id)
        .join(_mask, _mask.c.id == _p.mask_id)
        .outerjoin(_keypoint_set, _keypoint_set.c.id == _p.keypoint_set_id)
        .outerjoin(_fit, and_(_fit.c.id == _p.fit_id, _p.carries_fit))
        .outerjoin(_calibration, _calibration.c.id == _p.calibration_id)
    )


def _piece_record(r: Any) -> Piece:
    return Piece(
        id=r.id,
        cutout_id=r.cutout_id,
        instance_id=r.instance_id,
        track_id=r.track_id,
        camera_id=r.camera_id,
        category=_CATEGORIES[r.category],
        hour=r.hour,
        captured_at=r.captured_at,
        time_s=r.time_s,
        standing=bool(r.standing),
        mask_id=r.mask_id,
        mask=Rle(r.height, r.width, bytes(r.counts)),
        keypoint_set_id=r.keypoint_set_id,
        keypoints=None if r.template is None else keypoints_from_columns(r.template, r.points),
        fit_id=r.fit_id,
        fit=None if r.fit_id is None else fit_from_columns(r),
        calibration_id=r.calibration_id,
        shape_space=r.shape_space,
        up=None if r.normal is None else (r.normal[0], r.normal[1], r.normal[2]),
    )


_CATEGORIES = {category.value: category for category in Category}


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
