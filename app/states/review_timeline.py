"""The marked timeline as data: how many instances, with which labels, over a source's time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimelineBucket:
    """What lies in one slice of time.

    Attributes:
        instances: how many there are.
        unoccluded: how many of them have that label in force.
        reviewed: how many of them a person has looked at.
    """

    instances: int = 0
    unoccluded: int = 0
    reviewed: int = 0


@dataclass(frozen=True, slots=True)
class TimelineState:
    """What the timeline shows.

    Attributes:
        source: name of the footage.
        duration_s: from its first frame to its last.
        buckets: equal slices of that time, in order.
        position_s: where the frame on the canvas is, or None.
        selected_s: where the selected instance is, or None.
        track_s: first and last time of the selected track, or None.
        stretches: (first, last) times between which there is footage; recorded bursts leave pauses.
        captured_from: seconds UTC epoch of the first frame with the camera's offset added, or None.
    """

    source: str = ""
    duration_s: float = 0.0
    buckets: tuple[TimelineBucket, ...] = ()
    position_s: float | None = None
    selected_s: float | None = None
    track_s: tuple[float, float] | None = None
    captured_from: float | None = None
    stretches: tuple[tuple[float, float], ...] = ()

    def has_footage(self, time_s: float, slack_s: float = 0.0) -> bool:
        """Whether there is footage at a time, or within so many seconds of it."""
        return any(first - slack_s <= time_s <= last + slack_s for first, last in self.stretches)


def time_text(time_s: float) -> str:
    """Time from the start as m:ss.hh, or h:mm:ss.hh from an hour on."""
    hundredths = max(0, round(time_s * 100))
    seconds, rest = divmod(hundredths, 100)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{seconds:02d}.{rest:02d}"
