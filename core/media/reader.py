"""What reads the frames of a source, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol, Self

from core.errors import MediaError
from core.records.media import DecodedFrame

DEFAULT_KEEP_BYTES = 64 << 20


class FrameReader(Protocol):
    """Reads the frames of one source's table. Not thread-safe.

    Attributes:
        problems: (pts, error) of each frame that `iterate` had to leave out, in order.
    """

    problems: list[tuple[int, MediaError]]

    def read(self, pts: int, tick: Callable[[], None] | None = None) -> DecodedFrame:
        """The frame at a presentation time of the table.

        Args:
            tick: called often while it works; what it raises stops the work, which the next call
                carries on where it can.

        Raises:
            MediaError: this frame cannot be read; others may.
            FootageMissingError: the footage is not there.
        """
        ...

    def iterate(
        self, first_pts: int | None = None, last_pts: int | None = None, every: int = 1
    ) -> Iterator[DecodedFrame]:
        """Frames of the table in order, as fast as decoding goes.

        Args:
            first_pts, last_pts: bounds, both included; None is the table's end.
            every: take each n-th frame, counted from the first.

        A frame that cannot be read is left out and noted in `problems`; the rest follow.

        Raises:
            MediaError: no frame can be read at all.
            FootageMissingError: the footage is not there.
        """
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...
