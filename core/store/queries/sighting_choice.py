"""Which of a camera's very many cars with keypoints say most of the camera: chosen before any is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from core.records.detections import Category
from core.records.occlusion import Verdict

# 2^32 over the golden ratio: multiplied with it, numbers in a row are scattered evenly
_SCATTER = 2654435769

_MASK = (1 << 32) - 1

# a car's frames in order of time are cut into as many runs as it may give; the best of each run comes first
_CHOICE = f"""
WITH seen AS MATERIALIZED (
  SELECT id, coalesce(track_id, -id) AS car, size, points_placed, time_s, (id * {_SCATTER}) & {_MASK} AS lot
  FROM instance INDEXED BY ix_instance_with_keypoints
  WHERE source_id IN ({{sources}}) AND keypoint_set_id IS NOT NULL AND category <> '{Category.PERSON.value}'
    AND points_placed >= :least AND state = 'live' AND verdict IS NOT '{Verdict.REJECTED.value}'
),
share AS (SELECT 1 + (:most - 1) / max(1, count(DISTINCT car)) AS runs FROM seen),
cut AS (
  SELECT id, car, size, points_placed, lot,
    (row_number() OVER (PARTITION BY car ORDER BY time_s, id) - 1) * runs / count(*) OVER (PARTITION BY car)
    AS run
  FROM seen, share
),
ranked AS (
  SELECT id, car, size, points_placed, lot, run,
    row_number() OVER (PARTITION BY car, run ORDER BY points_placed DESC, lot) AS rank
  FROM cut
),
dealt AS (
  SELECT id, car, size, points_placed, lot,
    row_number() OVER (PARTITION BY car ORDER BY rank, (run * {_SCATTER}) & {_MASK}) AS round
  FROM ranked
)
SELECT id, car, size FROM dealt ORDER BY round, points_placed DESC, lot LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class ChosenSighting:
    """One car in one frame.

    Attributes:
        instance_id: which.
        car: its track; what was not tracked is a car of its own, and has minus its id.
        size_px: L of its box.
    """

    instance_id: int
    car: int
    size_px: float


def choose_sightings(
    connection: Connection, source_ids: Sequence[int], least_points: int, most: int
) -> list[ChosenSighting]:
    """Cars with keypoints, rejected ones left out, the ones that say most first, and no more than so many.

    Every car gives as many frames as another, spread over the time for which it is seen, of neighbours the
    ones with the most points; what some lack, others give. Between equals a scattering of their ids decides,
    so that neither early nor late ones are preferred. The same rows always give the same choice. All of it
    happens in SQLite, and no keypoints are read.

    Args:
        connection: to read with.
        source_ids: of which sources.
        least_points: fewer points placed than this do not count.
        most: how many.
    """
    if not source_ids:
        return []
    listed = ",".join(str(int(i)) for i in source_ids)
    query = text(_CHOICE.format(sources=listed))
    rows = connection.execute(query, {"least": least_points, "most": most})
    return [ChosenSighting(r.id, r.car, r.size) for r in rows]
