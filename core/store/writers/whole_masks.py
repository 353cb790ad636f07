"""Writes the whole extent of objects, hidden part and all, as a network says that finds them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert

from core.records.masks import Rle
from core.store import tables
from core.store.prepared import Prepared

_whole = tables.whole_mask


def put_wholes(
    connection: Connection, wholes: Sequence[tuple[int, Rle | None]], job_id: int | None = None
) -> None:
    """Make (instance id, mask) what is said of instances; None takes away what was said before.

    Args:
        connection: of a write transaction.
        wholes: masks over the whole picture.
        job_id: of the job that found them.
    """
    _FORGET.many(connection, [{"instance": instance_id} for instance_id, _ in wholes])
    _ADD.many(
        connection,
        [
            {
                "instance_id": instance_id,
                "height": rle.height,
                "width": rle.width,
                "counts": rle.counts,
                "job_id": job_id,
            }
            for instance_id, rle in wholes
            if rle is not None
        ],
    )


_FORGET = Prepared(delete(_whole).where(_whole.c.instance_id == bindparam("instance")))
_ADD = Prepared(insert(_whole), ["instance_id", "height", "width", "counts", "job_id"])
