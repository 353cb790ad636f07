"""Which people of a camera, and in which frames, tell of its calibration: chosen before a mask is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from core.records.boxes import Box
from core.records.detections import Category
from core.records.occlusion import OcclusionLabel

# a person's frames in order of time are cut into as many runs as they may give, and each gives its first
_CHOICE = f"""
WITH longest AS MATERIALIZED (
  SELECT id FROM track
  WHERE source_id IN ({{sources}}) AND state = 'live' AND category = '{Category.PERSON.value}'
    AND NOT stationary AND instance_count >= :least
  ORDER BY instance_count DESC, id LIMIT :people
),
seen AS MATERIALIZED (
  SELECT id, track_id, x, y, w, h,
    row_number() OVER (PARTITION BY track_id ORDER BY time_s, id) - 1 AS place,
    count(*) OVER (PARTITION BY track_id) AS frames
  FROM instance INDEXED BY ix_instance_track_id
  WHERE track_id IN (SELECT id FROM longest) AND state = 'live'
    AND label = '{OcclusionLabel.UNOCCLUDED.value}' AND category = '{Category.PERSON.value}'
    AND NOT stationary
),
cut AS (SELECT *, place * min(:each, frames) / frames AS run FROM seen WHERE frames >= :least),
ranked AS (SELECT *, row_number() OVER (PARTITION BY track_id, run ORDER BY place) AS turn FROM cut)
SELECT id, track_id, x, y, w, h FROM ranked WHERE turn = 1 ORDER BY track_id, run
"""


@dataclass(frozen=True, slots=True)
class ChosenPerson:
    """One person in one frame.

    Attributes:
        instance_id: which.
        person: the track.
        box: of what is seen, pixels.
    """

    instance_id: int
    person: int
    box: Box


def choose_people(
    connection: Connection, source_ids: Sequence[int], least: int, each: int, people: int
) -> list[ChosenPerson]:
    """Unoccluded people who move, each in frames spread over the time for which they are seen.

    Tracks are few, so that a project of a million objects is asked within a second.

    Args:
        connection: to read with.
        source_ids: of which sources.
        least: who is seen in fewer frames does not count.
        each: in how many frames each at most.
        people: how many people at most; whose tracks are longest come first.
    """
    if not source_ids:
        return []
    listed = ",".join(str(int(i)) for i in source_ids)
    rows = connection.execute(
        text(_CHOICE.format(sources=listed)), {"least": least, "each": each, "people": people}
    )
    return [ChosenPerson(r.id, r.track_id, Box(r.x, r.y, r.w, r.h)) for r in rows]
