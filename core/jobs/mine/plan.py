"""Which frames a mining job looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.jobs.settings import MineSettings
from core.records.project import FrameRow, SourceRow
from core.store.project import Project
from core.store.queries.frames import frames_of


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One source's part of a mining job.

    Attributes:
        source: which.
        frames: those to look at, in order of time.
    """

    source: SourceRow
    frames: tuple[FrameRow, ...]


def plan_source(project: Project, source: SourceRow, settings: MineSettings) -> SourcePlan:
    """Every n-th frame of each burst, between the settings' times.

    Each burst starts with its first frame, so that how long another one is changes nothing.
    """
    with project.read() as connection:
        rows = frames_of(connection, source.id)
    return SourcePlan(source, tuple(chosen_frames(rows, settings)))


def chosen_frames(rows: Sequence[FrameRow], settings: MineSettings) -> list[FrameRow]:
    """The frames of one source that the settings choose, in order."""
    chosen: list[FrameRow] = []
    sequence_id, place = None, 0
    for row in rows:
        place = place + 1 if row.sequence_id == sequence_id else 0
        sequence_id = row.sequence_id
        too_early = settings.start_s is not None and row.time_s < settings.start_s
        too_late = settings.end_s is not None and row.time_s > settings.end_s
        if place % settings.every == 0 and not too_early and not too_late:
            chosen.append(row)
    return chosen
