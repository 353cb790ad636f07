"""Marks on a source's timeline: how many instances, labels and verdicts there are in each bin of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class TimelineBin:
    """One bin of a timeline.

    Attributes:
        start_s, end_s: seconds from the source's start.
        instances: live instances in it.
        unoccluded: those whose label in force is unoccluded.
        reviewed: those a person gave a verdict on.
    """

    start_s: float
    end_s: float
    instances: int
    unoccluded: int
    reviewed: int


def timeline_bins(connection: Connection, source_id: int, bins: int = 300) -> list[TimelineBin]:
    """A source's timeline in equal bins, the empty ones left out.

    Args:
        connection: to read with.
        source_id: of which source.
        bins: how many bins its duration is cut into.
    """
    duration = connection.execute(
        text("SELECT duration_s FROM source WHERE id = :source"), {"source": source_id}
    ).scalar()
    if duration is None:
        return []
    width = max(float(duration), 1e-9) / bins
    rows = connection.execute(
        text(
            "SELECT min(CAST(time_s / :width AS INTEGER), :last) AS bin, count(*), "
            "sum(label = 'unoccluded'), sum(verdict IS NOT NULL) "
            "FROM instance INDEXED BY ix_instance_timeline "
            "WHERE source_id = :source AND state = 'live' GROUP BY bin ORDER BY bin"
        ),
        {"width": width, "last": bins - 1, "source": source_id},
    )
    return [
        TimelineBin(b * width, (b + 1) * width, int(n), int(unoccluded or 0), int(reviewed or 0))
        for b, n, unoccluded, reviewed in rows
    ]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a source's time without a pause in it: a burst, or all of a video.

    Attributes:
        first_s, last_s: times of its first and its last frame, seconds from the source's start.
        frames: how many it has.
    """

    first_s: float
    last_s: float
    frames: int


def footage_stretches(connection: Connection, source_id: int) -> list[Stretch]:
    """Where a source has footage, in order of time: between the stretches there is none."""
    rows = connection.execute(
        text(
            "SELECT first.time_s, last.time_s, sequence.frame_count FROM sequence "
            "JOIN frame AS first ON first.source_id = sequence.source_id AND first.pts = sequence.first_pts "
            "JOIN frame AS last ON last.source_id = sequence.source_id AND last.pts = sequence.last_pts "
            "WHERE sequence.source_id = :source ORDER BY sequence.ordinal"
        ),
        {"source": source_id},
    )
    return [Stretch(float(first), float(last), int(count)) for first, last, count in rows]


def frame_step_s(stretches: Sequence[Stretch]) -> float | None:
    """The mean time from a frame to the next, pauses left out; None where no stretch has two frames."""
    steps = sum(stretch.frames - 1 for stretch in stretches)
    passed_s = sum(stretch.last_s - stretch.first_s for stretch in stretches)
    return passed_s / steps if steps and passed_s > 0 else None
