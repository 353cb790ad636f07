"""When the frames of a source are, lean enough for a player to hold a long one whole; and its warnings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from core.store import tables

_frame, _source = tables.frame.c, tables.source.c


@dataclass(frozen=True, slots=True, eq=False)
class FrameTimes:
    """The frames of a source in order of time, one entry each.

    Attributes:
        pts: (n,) int64 presentation times in the source's time base.
        time_s: (n,) float64 seconds from its first frame.
        captured_at: (n,) float64 seconds UTC epoch; NaN where nothing says.
    """

    pts: NDArray[np.int64]
    time_s: NDArray[np.float64]
    captured_at: NDArray[np.float64]


def frame_times(connection: Connection, source_id: int) -> FrameTimes:
    """The times of all frames of a source; empty arrays for a source that is not there."""
    rows = connection.execute(
        select(_frame.pts, _frame.time_s, _frame.captured_at)
        .where(_frame.source_id == source_id)
        .order_by(_frame.pts)
    ).all()
    return FrameTimes(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([np.nan if row[2] is None else row[2] for row in rows], dtype=np.float64),
    )


def source_warnings(connection: Connection, source_id: int) -> tuple[str, ...]:
    """What was odd about a source when it was indexed, as plain sentences."""
    found = connection.scalar(select(_source.warnings).where(_source.id == source_id))
    return tuple(str(entry) for entry in found or ())
