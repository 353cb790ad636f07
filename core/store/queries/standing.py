"""What stands still at a camera, one view of each: whatever else a picture shows, this may be in it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, text

from core.records.boxes import Box
from core.records.detections import Category
from core.store import tables

_mask, _instance = tables.mask.c, tables.instance.c


@dataclass(frozen=True, slots=True)
class StandingObject:
    """One object that mining found to stand still.

    Attributes:
        instance_id: its best view: one with a fit, then the largest. track_id: of its track, or None.
        source_id: where it was seen. first_s, last_s: when, seconds from the source's first frame.
        category, box: of that view.
    """

    instance_id: int
    track_id: int | None
    source_id: int
    first_s: float
    last_s: float
    category: Category
    box: Box


_STANDING = text(
    "SELECT i.id, i.track_id, i.source_id, i.category, i.x, i.y, i.w, i.h,"
    " coalesce(t.first_time_s, i.time_s) AS first_s, coalesce(t.last_time_s, i.time_s) AS last_s,"
    " max((i.fit_id IS NOT NULL) * 1e12 + i.w * i.h) AS best"
    " FROM instance i LEFT JOIN track t ON t.id = i.track_id"
    " WHERE i.camera_id = :camera AND i.stationary = 1 AND i.state = 'live'"
    " GROUP BY coalesce(i.track_id, -i.id) ORDER BY i.id"
)


def standing_objects(connection: Connection, camera_id: int) -> list[StandingObject]:
    """What stands still at a camera, by id."""
    return [
        StandingObject(
            r.id,
            r.track_id,
            r.source_id,
            r.first_s,
            r.last_s,
            Category(r.category),
            Box(r.x, r.y, r.w, r.h),
        )
        for r in connection.execute(_STANDING, {"camera": camera_id})
    ]


_DRIVEN_OFF = text(
    "SELECT p.track_id, p.instance_id, p.x, p.y, p.w, p.h FROM piece p"
    " JOIN instance i ON i.id = p.instance_id JOIN cutout c ON c.id = p.cutout_id"
    " WHERE p.camera_id = :camera AND p.in_force = 1 AND p.standing = 0 AND i.stationary = 1"
    " AND c.background_id = :background ORDER BY p.id"
)


def driven_off(
    connection: Connection, camera_id: int, background_id: int
) -> list[tuple[int | None, int, Box]]:
    """What stood still for a while, as at a red light, and is not in a background.

    Its pixels were compared with this very background when it was cut out, and they differ.

    Returns:
        (track or None, instance, box of its mask).
    """
    known = {"camera": camera_id, "background": background_id}
    return [
        (r.track_id, r.instance_id, Box(r.x, r.y, r.w, r.h)) for r in connection.execute(_DRIVEN_OFF, known)
    ]


_BETWEEN = text(
    "SELECT i.track_id, i.category, min(i.x) AS x, min(i.y) AS y, max(i.x + i.w) AS r, max(i.y + i.h) AS b,"
    " min(i.time_s) AS first, max(i.time_s) AS last, max(i.frame_id = :frame) AS here"
    " FROM instance i WHERE i.source_id = :source AND i.state = 'live' AND i.track_id IS NOT NULL"
    " AND i.time_s BETWEEN :since AND :until GROUP BY i.track_id"
    " HAVING first < :time AND last > :time AND here = 0"
)


def passing_unseen(
    connection: Connection, source_id: int, frame_id: int, time_s: float, *, within_s: float
) -> list[tuple[int, Category, Box]]:
    """Tracks that a frame shows without a find of theirs, as they have finds before and after it.

    Args:
        connection: to read with.
        source_id, frame_id, time_s: which frame.
        within_s: how long before and after.

    Returns:
        (track, category, box around all its finds of that time).
    """
    known = {
        "source": source_id,
        "frame": frame_id,
        "time": time_s,
        "since": time_s - within_s,
        "until": time_s + within_s,
    }
    return [
        (r.track_id, Category(r.category), Box(r.x, r.y, r.r - r.x, r.b - r.y))
        for r in connection.execute(_BETWEEN, known)
    ]


def objects_of_masks(
    connection: Connection, mask_ids: list[int]
) -> dict[int, tuple[int, int | None, Category]]:
    """Mask -> (instance, its track or None, category)."""
    found: dict[int, tuple[int, int | None, Category]] = {}
    for start in range(0, len(mask_ids), 500):
        query = (
            select(_mask.id, _mask.instance_id, _instance.category, _instance.track_id)
            .join(tables.instance, _instance.id == _mask.instance_id)
            .where(_mask.id.in_(mask_ids[start : start + 500]))
        )
        for r in connection.execute(query):
            found[r.id] = (r.instance_id, r.track_id, Category(r.category))
    return found
