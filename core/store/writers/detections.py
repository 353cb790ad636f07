"""Writes what a detector found, frame by frame, and finds the objects that were there before again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.records.occlusion import LabelOrigin
from core.store import tables
from core.store.derived import NO_TEST_UNCERTAINTY
from core.store.writers.matching import match_boxes

_instance, _mask, _crop, _frame, _source = (
    tables.instance,
    tables.mask,
    tables.crop,
    tables.frame,
    tables.source,
)


@dataclass(frozen=True, slots=True)
class Crop:
    """A picture of an instance with some margin.

    Attributes:
        x, y, w, h: its place in the picture, whole pixels.
        data: JPEG, RGB.
    """

    x: int
    y: int
    w: int
    h: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FoundInstance:
    """One detection as it is kept.

    Attributes:
        box, category, score: as detected.
        rle: its mask over the whole picture, or None.
        mask_area: pixels in the mask.
        crop: its picture, or None.
    """

    box: Box
    category: Category
    score: float
    rle: Rle | None = None
    mask_area: int = 0
    crop: Crop | None = None


def write_detections(
    connection: Connection,
    frame_id: int,
    found: Sequence[FoundInstance],
    *,
    detector: str,
    origin: LabelOrigin,
    job_id: int | None = None,
) -> list[int]:
    """Make a frame's live instances those that were found now; written twice, it changes nothing more.

    An object that was there before (same frame, same kind, boxes that overlap by half) keeps its id. Its
    box, score and category follow the new detection, and a new mask becomes a new version, unless a person
    has touched it (a review, a mask, a category) or it was imported: then it stays as it is. What was
    there and is not found now is marked as gone, unless a person made it or it was imported.

    Args:
        connection: of a write transaction.
        frame_id: which frame.
        found: every detection in it.
        detector: its name.
        origin: HEURISTIC for a detector by rule, NETWORK for a trained one.
        job_id: of the job that mines.

    Returns:
        The id of each of found.
    """
    old = _present(connection, frame_id)
    matched = match_boxes(
        [(Box(row.x, row.y, row.w, row.h), Category(row.category)) for row in old],
        [(one.box, one.category) for one in found],
    )
    fresh = [one for index, one in enumerate(found) if index not in matched]
    new_ids = iter(_insert(connection, frame_id, fresh, detector, origin, job_id))
    ids: list[int] = []
    for index, one in enumerate(found):
        if index in matched:
            row = old[matched[index]]
            _update(connection, row, one, detector, origin, job_id)
            ids.append(int(row.id))
        else:
            ids.append(next(new_ids))
    kept = {int(old[i].id) for i in matched.values()}
    lost = [
        int(r.id) for r in old if r.id not in kept and r.state == "live" and r.origin not in _MADE_BY_OTHERS
    ]
    if lost:
        connection.execute(update(_instance).where(_instance.c.id.in_(lost)).values(state="gone"))
    return ids


_MADE_BY_OTHERS = (LabelOrigin.HUMAN.value, LabelOrigin.IMPORT.value)


def _present(connection: Connection, frame_id: int) -> Sequence[Any]:
    i = _instance.c
    drawn = exists().where(_mask.c.instance_id == i.id, _mask.c.annotator_id.is_not(None))
    reviewed = exists().where(tables.review.c.instance_id == i.id)
    query = (
        select(
            i.id,
            i.x,
            i.y,
            i.w,
            i.h,
            i.category,
            i.score,
            i.state,
            i.origin,
            i.mask_id,
            (reviewed | drawn | i.verdict.is_not(None) | i.category_annotator_id.is_not(None)).label(
                "touched"
            ),
        )
        .where(i.frame_id == frame_id)
        .order_by(i.id)
    )
    return connection.execute(query).all()


def _insert(
    connection: Connection,
    frame_id: int,
    found: Sequence[FoundInstance],
    detector: str,
    origin: LabelOrigin,
    job_id: int | None,
) -> list[int]:
    if not found:
        return []
    f = _frame.c
    place = connection.execute(
        select(f.source_id, f.time_s, f.captured_at, _source.c.camera_id)
        .join(_source, _source.c.id == f.source_id)
        .where(f.id == frame_id)
    ).one()
    rows = [
        {
            "camera_id": place.camera_id,
            "source_id": place.source_id,
            "frame_id": frame_id,
            "time_s": place.time_s,
            "captured_at": place.captured_at,
            "category": one.category.value,
            "score": one.score,
            **_box_columns(one.box),
            "uncertainty": NO_TEST_UNCERTAINTY,
            "origin": origin.value,
            "detector": detector,
            "job_id": job_id,
        }
        for one in found
    ]
    statement = insert(_instance).returning(_instance.c.id, sort_by_parameter_order=True)
    ids = [int(row[0]) for row in connection.execute(statement, rows)]
    for instance_id, one in zip(ids, found, strict=True):
        if one.rle is not None:
            _add_mask(connection, instance_id, 1, one.rle, one.mask_area, origin, job_id)
    _put_crops(connection, [(i, one.crop) for i, one in zip(ids, found, strict=True) if one.crop is not None])
    return ids


def _update(
    connection: Connection,
    row: Any,
    one: FoundInstance,
    detector: str,
    origin: LabelOrigin,
    job_id: int | None,
) -> None:
    values: dict[str, Any] = {}
    if row.state != "live":
        values["state"] = "live"
    if not row.touched and row.origin not in _MADE_BY_OTHERS:
        seen = {"category": one.category.value, "score": one.score, **_box_columns(one.box)}
        if any(getattr(row, name) != value for name, value in seen.items() if name != "size"):
            values |= seen | {"detector": detector, "origin": origin.value, "job_id": job_id}
        if one.rle is not None and not _same_mask(connection, row.mask_id, one.rle):
            last = connection.scalar(
                select(_mask.c.version)
                .where(_mask.c.instance_id == row.id)
                .order_by(_mask.c.version.desc())
                .limit(1)
            )
            _add_mask(connection, row.id, (last or 0) + 1, one.rle, one.mask_area, origin, job_id)
        if one.crop is not None:
            _put_crops(connection, [(row.id, one.crop)])
    if values:
        connection.execute(update(_instance).where(_instance.c.id == row.id).values(values))


def _box_columns(box: Box) -> dict[str, float]:
    return {"x": box.x, "y": box.y, "w": box.w, "h": box.h, "size": box.size}


def _same_mask(connection: Connection, mask_id: int | None, rle: Rle) -> bool:
    if mask_id is None:
        return False
    m = _mask.c
    row = connection.execute(select(m.height, m.width, m.counts).where(m.id == mask_id)).first()
    return row is not None and (row.height, row.width, bytes(row.counts)) == (
        rle.height,
        rle.width,
        rle.counts,
    )


def _add_mask(
    connection: Connection,
    instance_id: int,
    version: int,
    rle: Rle,
    area: int,
    origin: LabelOrigin,
    job_id: int | None,
) -> None:
    result = connection.execute(
        insert(_mask).values(
            instance_id=instance_id,
            version=version,
            height=rle.height,
            width=rle.width,
            counts=rle.counts,
            area=area,
            origin=origin.value,
            job_id=job_id,
            created_at=time.time(),
        )
    )
    assert result.inserted_primary_key is not None
    connection.execute(
        update(_instance).where(_instance.c.id == instance_id).values(mask_id=result.inserted_primary_key[0])
    )


def _put_crops(connection: Connection, crops: Sequence[tuple[int, Crop]]) -> None:
    if not crops:
        return
    statement = upsert(_crop)
    statement = statement.on_conflict_do_update(
        index_elements=["instance_id"],
        set_={name: statement.excluded[name] for name in ("x", "y", "w", "h", "data")},
    )
    connection.execute(
        statement,
        [
            {"instance_id": i, "x": crop.x, "y": crop.y, "w": crop.w, "h": crop.h, "data": crop.data}
            for i, crop in crops
        ],
    )
