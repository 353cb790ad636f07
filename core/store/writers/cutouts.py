"""Writes cut-outs and the pieces made of them; a new piece of an instance takes the old one's place."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from core.records.boxes import Box
from core.records.recipes import Cutout
from core.store import tables
from core.store.prepared import Prepared
from core.store.recipe_columns import Footprint, footprint_column

_cutout, _piece, _instance = tables.cutout, tables.piece, tables.instance


@dataclass(frozen=True, slots=True)
class FoundPiece:
    """A piece as a job gives it, with the versions that describe it.

    Attributes:
        instance_id: of what.
        cutout: new pixels, or the id of a cut-out that is there already.
        mask_id: by which mask it was cut.
        box, area: of that mask: whole pixels.
        standing: whether the object stands still in the background.
        keypoint_set_id, fit_id, calibration_id: in force when it was made.
        carries_fit: whether that fit labels it.
        footprint: its corners on the ground, or None.
        light_q8: how bright its frame was against its background, with 8 binary places.
    """

    instance_id: int
    cutout: Cutout | int
    mask_id: int
    box: Box
    area: int
    standing: bool
    keypoint_set_id: int | None
    fit_id: int | None
    calibration_id: int | None
    carries_fit: bool
    footprint: Footprint | None
    light_q8: int


def write_pieces(connection: Connection, found: Sequence[FoundPiece], *, job_id: int | None = None) -> int:
    """Add pieces, with their cut-outs where they are new, and put them in force; gives how many.

    Args:
        connection: of a write transaction; use `BulkWriter.each` for many.
        found: at most one of each instance.
        job_id: of the job that cuts.
    """
    now = time.time()
    written = 0
    for one in found:
        instance = _OF.run(connection, instance=one.instance_id).fetchone()
        if instance is None:
            continue
        cutout_id = one.cutout
        if not isinstance(cutout_id, int):
            cutout_id = _add_cutout(connection, cutout_id, job_id, now)
        _PUT_OUT.run(connection, instance=one.instance_id)
        _ADD.run(
            connection,
            cutout_id=cutout_id,
            instance_id=one.instance_id,
            **dict(zip(_FROM_INSTANCE, instance, strict=True)),
            standing=int(one.standing),
            **_whole(one.box),
            area=one.area,
            mask_id=one.mask_id,
            keypoint_set_id=one.keypoint_set_id,
            fit_id=one.fit_id,
            calibration_id=one.calibration_id,
            carries_fit=int(one.carries_fit),
            footprint=footprint_column(one.footprint),
            light_q8=one.light_q8,
            job_id=job_id,
            created_at=now,
            in_force=1,
        )
        written += 1
    return written


def _add_cutout(connection: Connection, cutout: Cutout, job_id: int | None, now: float) -> int:
    red, green, blue, pixels = (int(value) for value in cutout.light)
    below = [int(value) for value in cutout.background_light]
    [cutout_id] = _ADD_CUTOUT.run(
        connection,
        instance_id=cutout.instance_id,
        mask_id=cutout.mask_id,
        background_id=cutout.background_id,
        x=cutout.x,
        y=cutout.y,
        w=cutout.w,
        h=cutout.h,
        pixels=cutout.pixels,
        planes=cutout.planes,
        light_red=red,
        light_green=green,
        light_blue=blue,
        light_pixels=pixels,
        background_red=below[0],
        background_green=below[1],
        background_blue=below[2],
        job_id=job_id,
        created_at=now,
    ).fetchone()
    return int(cutout_id)


def _whole(box: Box) -> dict[str, int]:
    return {"x": round(box.x), "y": round(box.y), "w": round(box.w), "h": round(box.h)}


_FROM_INSTANCE = ("camera_id", "track_id", "category", "time_s", "captured_at")
_OF = Prepared(
    select(*(_instance.c[name] for name in _FROM_INSTANCE)).where(_instance.c.id == bindparam("instance"))
)
_PUT_OUT = Prepared(
    update(_piece)
    .where(_piece.c.instance_id == bindparam("instance"), _piece.c.in_force)
    .values(in_force=False)
)
_ADD_CUTOUT = Prepared(
    insert(_cutout).returning(_cutout.c.id),
    [
        *("instance_id", "mask_id", "background_id", "x", "y", "w", "h", "pixels", "planes"),
        *("light_red", "light_green", "light_blue", "light_pixels"),
        *("background_red", "background_green", "background_blue", "job_id", "created_at"),
    ],
)
_ADD = Prepared(
    insert(_piece),
    [
        *("cutout_id", "instance_id", *_FROM_INSTANCE, "standing", "x", "y", "w", "h", "area"),
        *("mask_id", "keypoint_set_id", "fit_id", "calibration_id", "carries_fit", "footprint"),
        *("light_q8", "job_id", "created_at", "in_force"),
    ],
)
