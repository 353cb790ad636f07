"""A live source that comes back by itself: tries again after a loss, waiting longer each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.errors import StreamError
from core.media.live import LivePicture, LiveSource

_POLL_S = 0.2
_STEADY_S = 10.0  # a connection that lasted so long was a good one: waiting starts afresh


class StreamPhase(StrEnum):
    """Where a live source is."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    RETRYING = "retrying"


@dataclass(frozen=True, slots=True)
class StreamState:
    """The state of a live source.

    Attributes:
        phase: connecting at first; live once pictures come; lost, while it waits to try again; retrying.
        error: what was wrong, when lost or retrying.
        retry_in_s: when lost, how long until the next try.
    """

    phase: StreamPhase
    error: StreamError | None = None
    retry_in_s: float | None = None


class Backoff:
    """How long to wait before each new try: twice as long each time, up to a limit."""

    def __init__(self, first_s: float = 0.5, factor: float = 2.0, longest_s: float = 30.0) -> None:
        self._first_s = first_s
        self._factor = factor
        self._longest_s = longest_s
        self._next_s = first_s

    def next_wait(self) -> float:
        """Seconds to wait now; the following wait will be longer."""
        wait_s = self._next_s
        self._next_s = min(self._longest_s, self._next_s * self._factor)
        return wait_s

    def reset(self) -> None:
        """Start again from the first wait."""
        self._next_s = self._first_s


class ReconnectingStream:
    """A live source that reconnects. It works on the caller's thread, and never waits longer than asked.

    Args:
        connect: makes a source; it may raise StreamError.
        on_state: told of each change of state, on the thread that calls next_frame.
        backoff: how long to wait between tries.
        clock: monotonic seconds; tests hand in their own.
    """

    def __init__(
        self,
        connect: Callable[[], LiveSource],
        on_state: Callable[[StreamState], None] | None = None,
        *,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._on_state = on_state or (lambda state: None)
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._source: LiveSource | None = None
        self._phase: StreamPhase | None = None
        self._last_error: StreamError | None = None
        self._live_since: float | None = None
        self._retry_at = 0.0
        self._stopped = threading.Event()

    def next_frame(self, wait_s: float) -> LivePicture | None:
        """The next picture, or None if none came within wait_s, be it because the source is away."""
        if self._stopped.is_set():
            return None
        if self._source is None:
            left_s = self._retry_at - self._clock()
            if self._phase is StreamPhase.LOST and left_s > 0:
                self._stopped.wait(min(wait_s, left_s))
                return None
            if not self._open():
                return None
        assert self._source is not None
        try:
            picture = self._source.next_frame(wait_s)
        except StreamError as error:
            self._lose(error)
            return None
        if picture is not None and self._phase is not StreamPhase.LIVE:
            self._live_since = self._clock()
            self._tell(StreamState(StreamPhase.LIVE))
        return picture

    def frames(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Capture time (seconds UTC epoch) and (H, W, 3) uint8 RGB of every picture, until stopped."""
        while not self._stopped.is_set():
            picture = self.next_frame(_POLL_S)
            if picture is not None:
                yield picture.captured_at, picture.image()

    def stop(self) -> None:
        """End it, from any thread; next_frame and frames return within a fifth of a second."""
        self._stopped.set()

    def close(self) -> None:
        """Stop, and let go of the source. Call it on the thread that reads, or after that has ended."""
        self.stop()
        if self._source is not None:
            self._source.close()
            self._source = None

    def _open(self) -> bool:
        first = self._phase is None
        phase = StreamPhase.CONNECTING if first else StreamPhase.RETRYING
        self._tell(StreamState(phase, None if first else self._last_error))
        try:
            self._source = self._connect()
        except StreamError as error:
            self._lose(error)
            return False
        return True

    def _lose(self, error: StreamError) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        now = self._clock()
        if self._live_since is not None and now - self._live_since >= _STEADY_S:
            self._backoff.reset()
        self._live_since = None
        self._last_error = error
        wait_s = self._backoff.next_wait()
        self._retry_at = now + wait_s
        self._tell(StreamState(StreamPhase.LOST, error, wait_s))

    def _tell(self, state: StreamState) -> None:
        self._phase = state.phase
        self._on_state(state)
