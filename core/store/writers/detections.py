"""Writes what a detector found, frame by frame, and finds the objects that were there before again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    Update,
    bindparam,
    exists,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import Crop, FoundFrame, FoundInstance
from core.records.masks import Rle
from core.records.occlusion import LabelOrigin
from core.store import tables
from core.store.derived import uncertainty, uncertainty_of
from core.store.prepared import Prepared
from core.store.writers.matching import match_boxes
from core.store.writers.whole_masks import put_wholes

_instance, _mask, _crop, _frame, _source = (
    tables.instance,
    tables.mask,
    tables.crop,
    tables.frame,
    tables.source,
)
_keypoint_set, _fit = tables.keypoint_set, tables.fit


class PresentRow(NamedTuple):
    """An instance that a frame has already; `touched`: whether a person has said anything of it.

    That is a review, a mask, a category, keypoints, or a fit that the person made or judged.
    """

    id: int
    x: float
    y: float
    w: float
    h: float
    category: str
    score: float
    state: str
    missing: bool
    origin: str
    mask_id: int | None
    find_margin: float | None
    touched: bool


def write_detections(
    connection: Connection,
    frame_id: int,
    found: Sequence[FoundInstance],
    *,
    detector: str,
    origin: LabelOrigin,
    job_id: int | None = None,
) -> list[int]:
    """Make one frame's live instances those that were found now; see `write_frames`.

    Returns:
        The id of each of found.
    """
    [ids] = write_frames(
        connection, [FoundFrame(frame_id, found)], detector=detector, origin=origin, job_id=job_id
    )
    return ids


def write_frames(
    connection: Connection,
    frames: Sequence[FoundFrame],
    *,
    detector: str,
    origin: LabelOrigin,
    job_id: int | None = None,
) -> list[list[int]]:
    """Make the frames' live instances those that were found now; written twice, it changes nothing more.

    An object that was there before (same frame, boxes that overlap by half, by more where the kinds differ)
    keeps its id. Its box, score and category follow the new detection, and a new mask becomes a new version
    (a whole one takes the place of the one before), unless a person has touched it (`PresentRow`) or it was
    imported: then it stays as it is. It keeps its keypoints and fits either way. What was there and is not
    found now is gone; what a person has touched is only marked as missing, and what a person made or imported
    stays as it is.

    Args:
        connection: of a write transaction.
        frames: different frames.
        detector: its name.
        origin: HEURISTIC for a detector by rule, NETWORK for a trained one.
        job_id: of the job that mines.

    Returns:
        For each frame, the id of each of found.
    """
    present = present_rows(connection, [one.frame_id for one in frames])
    ids: list[list[int]] = []
    fresh: list[tuple[int, FoundInstance]] = []
    places: list[tuple[int, int]] = []
    gone: list[int] = []
    missing: list[int] = []
    for number, frame in enumerate(frames):
        # of two rows that fit alike, the one that people know goes first
        old = sorted(
            present.get(frame.frame_id, []), key=lambda row: (not row.touched, row.state != "live", row.id)
        )
        matched = match_boxes(
            [(Box(row.x, row.y, row.w, row.h), Category(row.category)) for row in old],
            [(one.box, one.category) for one in frame.found],
        )
        ids.append([0] * len(frame.found))
        for index, one in enumerate(frame.found):
            if index in matched:
                row = old[matched[index]]
                replace = not row.touched and row.origin not in _MADE_BY_OTHERS
                renew_instance(connection, row, one, detector, origin, job_id, replace=replace)
                ids[number][index] = int(row.id)
            else:
                fresh.append((frame.frame_id, one))
                places.append((number, index))
        kept = {int(old[i].id) for i in matched.values()}
        for row in old:
            if row.id not in kept and row.state == "live" and row.origin not in _MADE_BY_OTHERS:
                (missing if row.touched else gone).append(row.id)
    for (number, index), new_id in zip(
        places, add_instances(connection, fresh, detector, origin, job_id), strict=True
    ):
        ids[number][index] = new_id
    _GONE.many(connection, [{"instance": row_id} for row_id in gone])
    _MISSING.many(connection, [{"instance": row_id} for row_id in missing])
    return ids


def drop_instances(connection: Connection, instance_ids: Sequence[int]) -> None:
    """Take back what a detector found; what a person has touched stays, and so does its track.

    Args:
        connection: of a write transaction.
        instance_ids: of which instances.
    """
    _DROP.many(connection, [{"instance": row_id} for row_id in instance_ids])
    _DROP_TRACK.many(connection, [{"instance": row_id} for row_id in instance_ids])


_MADE_BY_OTHERS = (LabelOrigin.HUMAN.value, LabelOrigin.IMPORT.value)


def present_rows(connection: Connection, frame_ids: Sequence[int]) -> dict[int, list[PresentRow]]:
    """frame id -> its rows by id, gone ones too."""
    present: dict[int, list[PresentRow]] = {}
    for frame_id in frame_ids:
        rows = [PresentRow(*row) for row in _PRESENT.run(connection, frame_id=frame_id)]
        if rows:
            present[frame_id] = rows
    return present


def add_instances(
    connection: Connection,
    fresh: Sequence[tuple[int, FoundInstance]],
    detector: str,
    origin: LabelOrigin,
    job_id: int | None,
) -> list[int]:
    """Insert (frame id, what was found) with masks and crops and give the new ids; one statement a table."""
    if not fresh:
        return []
    ids = _free_ids(connection, _instance.name, len(fresh))
    masked = [(i, one) for i, (_, one) in zip(ids, fresh, strict=True) if one.rle is not None]
    mask_ids = dict(zip((i for i, _ in masked), _free_ids(connection, _mask.name, len(masked)), strict=True))
    places = {frame_id: _place(connection, frame_id) for frame_id in {frame_id for frame_id, _ in fresh}}
    shared = {
        "origin": origin.value,
        "detector": detector,
        "job_id": job_id,
    }
    _ADD_INSTANCE.many(
        connection,
        [
            {
                "id": instance_id,
                **places[frame_id],
                **shared,
                "category": one.category.value,
                "score": one.score,
                "find_margin": one.find_margin,
                "uncertainty": uncertainty(None, one.find_margin),
                **_box_columns(one.box),
                "mask_id": mask_ids.get(instance_id),
            }
            for instance_id, (frame_id, one) in zip(ids, fresh, strict=True)
        ],
    )
    now = time.time()
    _ADD_MASK.many(
        connection,
        [
            _mask_columns(mask_ids[instance_id], instance_id, 1, one.rle, one.mask_area)
            | {"origin": origin.value, "job_id": job_id, "created_at": now}
            for instance_id, one in masked
            if one.rle is not None
        ],
    )
    put_wholes(connection, [(i, one.whole) for i, (_, one) in zip(ids, fresh, strict=True)], job_id)
    _put_crops(
        connection, [(i, one.crop) for i, (_, one) in zip(ids, fresh, strict=True) if one.crop is not None]
    )
    return ids


def _place(connection: Connection, frame_id: int) -> dict[str, Any]:
    """The columns that an instance takes from its frame."""
    row = _PLACE.run(connection, frame_id=frame_id).fetchone()
    if row is None:
        raise ValueError(f"there is no frame {frame_id}")
    return dict(zip(_FROM_FRAME, row, strict=True))


def _free_ids(connection: Connection, table: str, count: int) -> list[int]:
    """Ids that the table never used. Safe in a write transaction: nobody else can insert meanwhile."""
    last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).scalar()
    first = int(last or 0) + 1
    return list(range(first, first + count))


def renew_instance(
    connection: Connection,
    row: PresentRow,
    one: FoundInstance,
    detector: str,
    origin: LabelOrigin,
    job_id: int | None,
    *,
    replace: bool,
) -> None:
    """Note that an object is there again; with `replace`, it gets the new box, score, category and mask.

    Args:
        connection: of a write transaction.
        row: as `present_rows` gave it.
        one: as it was found now.
        detector, origin, job_id: what found it.
        replace: whether the new values go before those that are there.
    """
    values: dict[str, Any] = {}
    if row.state != "live" or row.missing:
        values |= {"state": "live", "missing": False}
    if replace:
        seen = {
            "category": one.category.value,
            "score": one.score,
            "find_margin": one.find_margin,
            **_box_columns(one.box),
        }
        if any(getattr(row, name) != value for name, value in seen.items() if name != "size"):
            values |= seen | {"detector": detector, "origin": origin.value, "job_id": job_id}
            values["uncertainty"] = uncertainty_of(find_margin=literal(one.find_margin, Float))
        if one.rle is not None and not _same_mask(connection, row.mask_id, one.rle):
            last = connection.scalar(
                select(_mask.c.version)
                .where(_mask.c.instance_id == row.id)
                .order_by(_mask.c.version.desc())
                .limit(1)
            )
            _add_mask(connection, row.id, (last or 0) + 1, one.rle, one.mask_area, origin, job_id)
        put_wholes(connection, [(row.id, one.whole)], job_id)
        if one.crop is not None:
            _put_crops(connection, [(row.id, one.crop)])
    if values:
        connection.execute(update(_instance).where(_instance.c.id == row.id).values(values))


def _box_columns(box: Box) -> dict[str, float]:
    return {"x": box.x, "y": box.y, "w": box.w, "h": box.h, "size": box.size}


def _mask_columns(mask_id: int | None, instance_id: int, version: int, rle: Rle, area: int) -> dict[str, Any]:
    return {
        "id": mask_id,
        "instance_id": instance_id,
        "version": version,
        "height": rle.height,
        "width": rle.width,
        "counts": rle.counts,
        "area": area,
    }


def _same_mask(connection: Connection, mask_id: int | None, rle: Rle) -> bool:
    if mask_id is None:
        return False
    row = _MASK_CODE.run(connection, mask_id=mask_id).fetchone()
    return row == (rle.height, rle.width, rle.counts)


def _add_mask(
    connection: Connection,
    instance_id: int,
    version: int,
    rle: Rle,
    area: int,
    origin: LabelOrigin,
    job_id: int | None,
) -> None:
    [mask_id] = _free_ids(connection, _mask.name, 1)
    _ADD_MASK.many(
        connection,
        [
            _mask_columns(mask_id, instance_id, version, rle, area)
            | {"origin": origin.value, "job_id": job_id, "created_at": time.time()}
        ],
    )
    connection.execute(update(_instance).where(_instance.c.id == instance_id).values(mask_id=mask_id))


def _put_crops(connection: Connection, crops: Sequence[tuple[int, Crop]]) -> None:
    _PUT_CROP.many(
        connection,
        [
            {"instance_id": i, "x": crop.x, "y": crop.y, "w": crop.w, "h": crop.h, "data": crop.data}
            for i, crop in crops
        ],
    )


def _touched() -> ColumnElement[bool]:
    i = _instance.c
    drawn = exists().where(_mask.c.instance_id == i.id, _mask.c.annotator_id.is_not(None))
    reviewed = exists().where(tables.review.c.instance_id == i.id)
    placed = exists().where(_keypoint_set.c.instance_id == i.id, _keypoint_set.c.annotator_id.is_not(None))
    fitted = exists().where(
        _fit.c.instance_id == i.id, _fit.c.annotator_id.is_not(None) | _fit.c.reviewer_id.is_not(None)
    )
    said = i.verdict.is_not(None) | i.category_annotator_id.is_not(None)
    return reviewed | drawn | placed | fitted | said


def _drop_track() -> Update:
    """Of an instance that was dropped: its track, where nothing live is left of it."""
    t, i = tables.track.c, _instance.alias().c
    of_it = select(_instance.c.track_id).where(_instance.c.id == bindparam("instance")).scalar_subquery()
    left = exists().where(i.track_id == t.id, i.state == "live")
    return update(tables.track).where(t.id == of_it, ~left).values(state="gone", instance_count=0)


def _present() -> Select[Any]:
    i = _instance.c
    touched = _touched()
    columns = [i[name] for name in PresentRow._fields if name != "touched"]
    return (
        select(*columns, touched.label("touched")).where(i.frame_id == bindparam("frame_id")).order_by(i.id)
    )


def _put_crop() -> Any:
    statement = upsert(_crop)
    return statement.on_conflict_do_update(
        index_elements=["instance_id"],
        set_={name: statement.excluded[name] for name in ("x", "y", "w", "h", "data")},
    )


_FROM_FRAME = ("frame_id", "source_id", "time_s", "captured_at", "camera_id")
_PLACE = Prepared(
    select(_frame.c.id, _frame.c.source_id, _frame.c.time_s, _frame.c.captured_at, _source.c.camera_id)
    .join(_source, _source.c.id == _frame.c.source_id)
    .where(_frame.c.id == bindparam("frame_id"))
)
_PRESENT = Prepared(_present())
_MASK_CODE = Prepared(
    select(_mask.c.height, _mask.c.width, _mask.c.counts).where(_mask.c.id == bindparam("mask_id"))
)
_ADD_INSTANCE = Prepared(
    insert(_instance),
    [
        "id",
        *_FROM_FRAME,
        *("category", "score", "x", "y", "w", "h", "size"),
        *("find_margin", "uncertainty", "origin", "detector", "mask_id", "job_id"),
    ],
)
_ADD_MASK = Prepared(
    insert(_mask),
    [
        *("id", "instance_id", "version", "height", "width", "counts", "area"),
        *("origin", "job_id", "created_at"),
    ],
)
_GONE = Prepared(update(_instance).where(_instance.c.id == bindparam("instance")).values(state="gone"))
_DROP = Prepared(
    update(_instance)
    .where(_instance.c.id == bindparam("instance"), ~_touched())
    .where(*(_instance.c.origin != origin for origin in _MADE_BY_OTHERS))
    .values(state="gone")
)
_DROP_TRACK = Prepared(_drop_track())
_MISSING = Prepared(update(_instance).where(_instance.c.id == bindparam("instance")).values(missing=True))
_PUT_CROP = Prepared(_put_crop(), ["instance_id", "x", "y", "w", "h", "data"])
