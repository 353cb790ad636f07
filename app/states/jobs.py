"""Jobs and the edit history as the docks show them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from core.records.history import EditRow
from core.records.jobs import JobRow, JobState

_LIVE = (JobState.QUEUED, JobState.RUNNING)
_CAN_RESUME = (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)


def job_title(row: JobRow) -> str:
    """A job's title and what it is about, such as "Add footage: morning.mp4"."""
    settings = row.settings
    path = settings.get("path") or settings.get("folder")
    about = PurePath(str(path)).name if path else str(settings.get("camera") or settings.get("name") or "")
    title = f"{row.title}, estimate" if settings.get("estimate") else row.title
    return f"{title}: {about}" if about else title


@dataclass(frozen=True, slots=True)
class JobCard:
    """One job.

    Attributes:
        row: as the store has it.
        stopping: whether it was asked to stop and has not yet.
    """

    row: JobRow
    stopping: bool = False

    @property
    def title(self) -> str:
        """The job's title and what it is about, such as "Add footage: morning.mp4"."""
        return job_title(self.row)

    @property
    def is_live(self) -> bool:
        """Whether it waits or runs."""
        return self.row.state in _LIVE

    @property
    def can_resume(self) -> bool:
        """Whether it can be carried on."""
        return self.row.state in _CAN_RESUME

    def remaining_s(self, now: float) -> float | None:
        """How long it may still take, from its pace so far; None where that would be a guess."""
        row = self.row
        if row.state is not JobState.RUNNING or row.started_at is None or row.progress < 0.03:
            return None
        return (now - row.started_at) * (1 - row.progress) / row.progress


@dataclass(frozen=True, slots=True)
class JobsState:
    """All jobs, newest first."""

    cards: tuple[JobCard, ...] = ()

    @property
    def live_count(self) -> int:
        """How many wait or run."""
        return sum(card.is_live for card in self.cards)


@dataclass(frozen=True, slots=True)
class HistoryState:
    """The edit history, newest first.

    Attributes:
        rows: those that were read so far.
        more: whether there are older ones.
        annotator: whose edits undo takes back here.
    """

    rows: tuple[EditRow, ...] = ()
    more: bool = False
    annotator: str = ""
