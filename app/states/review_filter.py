"""The queue's filter as data: its conditions, what can be chosen, and how many instances meet it."""

from __future__ import annotations

from dataclasses import dataclass

from core.records.project import QueueFilter

NOBODY_LOOKED = QueueFilter(verdict="none")
"""What the queue shows at first: everything that waits for a person."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: a value for the filter and its words."""

    value: object
    text: str


@dataclass(frozen=True, slots=True)
class FilterState:
    """What the row of filters shows.

    Attributes:
        filter: the conditions in force.
        cameras, sources: what there is to choose from; sources of the chosen camera only.
        hours: hours of day that occur.
        shown: how many rows of the queue are known so far.
        total: how many instances meet the conditions, or None while they are counted.
    """

    filter: QueueFilter = NOBODY_LOOKED
    cameras: tuple[Choice, ...] = ()
    sources: tuple[Choice, ...] = ()
    hours: tuple[int, ...] = ()
    shown: int = 0
    total: int | None = None

    @property
    def count_text(self) -> str:
        """How many there are, in words that are true while the counting still runs."""
        if self.total is None:
            return f"{self.shown:,}, counting…"
        return f"{self.total:,}" + (" instance" if self.total == 1 else " instances")


def is_narrowed(state: QueueFilter) -> bool:
    """Whether a condition holds beyond the queue's own: what nobody has looked at yet."""
    return state != NOBODY_LOOKED


def empty_text(conditions: QueueFilter, any_instances: bool) -> str:
    """What an empty queue says, and what to do about it."""
    if not any_instances:
        return "Nothing mined yet.\nAdd footage and mine it in Sources: what is found waits here for you."
    if conditions == QueueFilter(asked=True):
        return "Nobody asks for a review now.\nEvaluate sends objects here, such as those that are missed."
    if conditions == NOBODY_LOOKED:
        return "The queue is empty: everything is reviewed.\nChoose “Reviewed: any” above to look again."
    return "Nothing meets these conditions.\nWiden the filter above, or clear it."
