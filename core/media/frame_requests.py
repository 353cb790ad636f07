"""What the frame service keeps of sources and of requests for their frames."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from core.errors import AmodalError, DecoderCrashedError
from core.records.media import DecodedFrame, FrameStamp, SourceKind

_CRASHES_PER_FRAME: Final = 2
_CRASHES_PER_SOURCE: Final = 6
_NEIGHBOURS: Final = 8  # a step of so many rows is a step, a longer one is a jump
_ROWS_AHEAD: Final = 32
_CACHE_SHARE_AHEAD: Final = 0.25

OnFrame = Callable[[DecodedFrame], None]
OnError = Callable[[AmodalError], None]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One wish for a frame: whose, who hears of it, and its place among all requests."""

    key: int
    pts: int
    on_frame: OnFrame
    on_error: OnError
    tag: str
    serial: int


@dataclass(slots=True, eq=False)
class Flight:
    """What the decoding process works on now.

    Attributes:
        number: of the message that asked.
        source, pts: the frame.
        request: who waits for it; None where it is decoded ahead, or not wanted any more.
        deadline: when to give up, on the monotonic clock.
        stopping: whether the process was told to stop.
    """

    number: int
    source: OpenedSource
    pts: int
    request: Request | None
    deadline: float
    stopping: bool = False


@dataclass(eq=False)
class OpenedSource:
    """A source that frames may be asked of, with where the person is in it and how it behaved.

    Attributes:
        key, kind, path, frames: as it was opened.
        row, direction: what was looked at last, and whether rows go up (+1) or down (-1).
        frame_bytes: of one decoded frame, once one is known.
        decode_ahead: off once decoding ahead has crashed the process.
        tried: rows decoded ahead since a person last asked.
    """

    key: int
    kind: SourceKind
    path: Path
    frames: Sequence[FrameStamp]
    row: int | None = None
    direction: int = 1
    frame_bytes: int = 0
    decode_ahead: bool = True
    tried: set[int] = field(default_factory=set)
    crashes: Counter[int] = field(default_factory=Counter)

    @cached_property
    def times(self) -> list[int]:
        """The frames' presentation times, ascending."""
        return [frame.pts for frame in self.frames]

    def row_of(self, pts: int) -> int | None:
        """The row of a presentation time, or None."""
        row = bisect_left(self.times, pts)
        return row if row < len(self.times) and self.times[row] == pts else None

    def look_at(self, row: int) -> None:
        """Note that a person looks at a row now, and which way they travel."""
        if self.row is not None and row != self.row:
            step = row - self.row
            self.direction = -1 if -_NEIGHBOURS <= step < 0 else 1
        self.row = row
        self.tried.clear()

    def rows_ahead(self, cache_bytes: int) -> range:
        """The rows that a person comes to next, nearest first, as many as a quarter of the cache holds."""
        if self.row is None or not self.frame_bytes:
            return range(0)
        depth = min(_ROWS_AHEAD, int(_CACHE_SHARE_AHEAD * cache_bytes / self.frame_bytes))
        if self.direction > 0:
            return range(self.row + 1, min(self.row + 1 + depth, len(self.frames)))
        return range(self.row - 1, max(self.row - 1 - depth, -1), -1)

    def refusal(self, pts: int) -> AmodalError | None:
        """Why this frame is not tried again, if it is not."""
        if self.crashes[pts] >= _CRASHES_PER_FRAME:
            return DecoderCrashedError(
                f"The frame at {self.seconds(pts):.2f} s of {self.path.name} has stopped the decoder"
                f" {self.crashes[pts]} times and is not tried again.",
                "Go on with another frame.",
            )
        if self.crashes.total() >= _CRASHES_PER_SOURCE:
            return DecoderCrashedError(
                f"{self.path.name} has stopped the decoder {self.crashes.total()} times"
                " and is not tried again.",
                "Convert it, for example with: ffmpeg -i IN -c:v libx264 OUT.mp4",
            )
        return None

    def seconds(self, pts: int) -> float:
        """A frame's time from the source's start, for sentences."""
        row = self.row_of(pts)
        return self.frames[row].time_s if row is not None else 0.0
