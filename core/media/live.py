"""Live sources: RTSP, HTTP MJPEG and USB cameras, with bounded waiting and plain errors."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import AmodalError, StreamError
from core.media.live_address import LiveAddress, parse_address
from core.media.live_clock import CaptureClock

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer

_POLL_S = 0.2
_NO_DATA_YET_S = 0.005
_FIRST_PICTURE_S = 30.0


@dataclass(frozen=True, slots=True)
class LiveTimeouts:
    """How long to wait, seconds: for a camera to answer, and for the next picture."""

    open_s: float = 10.0
    read_s: float = 6.0


class LivePicture(Protocol):
    """A picture of a live stream that is turned into RGB only when it is wanted.

    Attributes:
        captured_at: seconds UTC epoch.
        width, height: pixels.
    """

    @property
    def captured_at(self) -> float: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...

    def image(self, max_width: int | None = None) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, shrunk to max_width if it is wider."""


class LiveSource(Protocol):
    """What the recorder and the viewer need of a stream."""

    def next_frame(self, wait_s: float) -> LivePicture | None:
        """The next picture, or None if none came in time. Raises StreamError once the stream is lost."""

    def close(self) -> None:
        """Let go of the camera; returns at once."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """A picture as the decoder left it."""

    captured_at: float
    width: int
    height: int
    decoded: VideoFrame

    def image(self, max_width: int | None = None) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, shrunk to max_width if it is wider."""
        if max_width is None or self.width <= max_width:
            return np.asarray(self.decoded.to_ndarray(format="rgb24"), np.uint8)
        height = max(1, round(self.height * max_width / self.width))
        shrunk = self.decoded.to_ndarray(format="rgb24", width=max_width, height=height)
        return np.asarray(shrunk, np.uint8)


class LiveStream:
    """One connection to a live source, opened and decoded on a thread of its own.

    The constructor returns at once. When pictures come faster than they are taken, the oldest wait no
    longer than `depth` pictures and are then dropped.

    Args:
        address: rtsp://…, http(s)://… or usb:N.
        timeouts: how long to wait.
        depth: how many pictures are kept for a slow reader; 1 keeps only the newest.

    Raises:
        StreamError: the address is none, or there is no such camera on this machine.
    """

    def __init__(self, address: str, timeouts: LiveTimeouts | None = None, *, depth: int = 16) -> None:
        self._timeouts = timeouts or LiveTimeouts()
        self._address = parse_address(address, read_timeout_s=self._timeouts.read_s)
        self._changed = threading.Condition()
        self._frames: deque[LiveFrame] = deque(maxlen=depth)
        self._error: AmodalError | None = None
        self._bug: Exception | None = None
        self._opened = self._seen = False
        self._closing = False
        self._began_at = self._progress_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"live {self._address.shown}", daemon=True)
        self._thread.start()

    def __enter__(self) -> LiveStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def opened(self) -> bool:
        """Whether the source has answered."""
        return self._opened

    def next_frame(self, wait_s: float) -> LiveFrame | None:
        """The next picture, or None if none came within wait_s.

        Raises:
            StreamError: the source cannot be reached, hung up, or has sent nothing for too long.
        """
        until = time.monotonic() + wait_s
        with self._changed:
            while True:
                if self._frames:
                    return self._frames.popleft()
                if self._bug is not None:
                    raise self._bug
                if self._error is not None:
                    raise self._error
                now = time.monotonic()
                self._notice_silence(now)
                if now >= until:
                    return None
                self._changed.wait(min(until - now, _POLL_S))

    def frames(
        self, should_stop: Callable[[], bool] | None = None
    ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Capture time (seconds UTC epoch) and (H, W, 3) uint8 RGB of every picture until asked to stop.

        Raises:
            StreamError: the stream is lost.
        """
        while not (should_stop and should_stop()):
            frame = self.next_frame(_POLL_S)
            if frame is not None:
                yield frame.captured_at, frame.image()

    def close(self) -> None:
        """Let go of the source. The thread may need until its next picture or timeout to notice."""
        with self._changed:
            self._closing = True
            self._frames.clear()
            self._changed.notify_all()

    def _notice_silence(self, now: float) -> None:
        """Raise if the thread hangs where no timeout of the decoder reaches."""
        from core.media import live_errors

        limit_s = self._timeouts.read_s if self._opened else self._timeouts.open_s
        if now - self._progress_at > limit_s + (0.0 if self._opened else 1.0):
            make = live_errors.stalled if self._opened else live_errors.unanswered
            self._error = make(self._address, limit_s)
            raise self._error

    def _run(self) -> None:
        from core.media import live_errors

        error: AmodalError | None = None
        try:
            live_errors.look_up(self._address)
            self._read()
            error = live_errors.ended(self._address)
        except StreamError as known:
            error = known
        except Exception as failed:
            error = self._explain(failed)
            self._bug = failed if error is None else None  # handed to whoever reads the stream
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def _explain(self, failed: Exception) -> StreamError | None:
        import av.error

        from core.media import live_errors

        if not isinstance(failed, (OSError, av.error.FFmpegError)):
            return None
        if self._opened and isinstance(failed, (av.error.ExitError, av.error.TimeoutError)):
            return live_errors.stalled(self._address, self._timeouts.read_s)
        waited_s = time.monotonic() - self._began_at
        if not self._opened and waited_s > 0.9 * min(self._timeouts.read_s, self._timeouts.open_s):
            return live_errors.unanswered(self._address, waited_s)  # whatever the decoder makes of silence
        if self._seen:  # a connection that breaks off ends in one of many errors
            return live_errors.ended(self._address)
        return live_errors.in_plain_words(failed, self._address, self._timeouts.open_s)

    def _read(self) -> None:
        import av

        address = self._address
        waits = (self._timeouts.open_s, self._timeouts.read_s)
        with av.open(
            address.url, format=address.format, options=dict(address.options), timeout=waits
        ) as container:
            self._deliver(container, address)

    def _deliver(self, container: InputContainer, address: LiveAddress) -> None:
        """Decode until the stream ends or nobody wants it any more."""
        import av.error

        from core.media import live_errors

        if not container.streams.video:
            raise live_errors.without_video(address)
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # decoding several pictures at once would add their delay
        self._note_progress(opened=True)
        clock = CaptureClock()
        first_by = time.monotonic() + _FIRST_PICTURE_S
        while not self._closing:
            try:
                packet = next(container.demux(stream))
            except StopIteration:
                return
            except av.error.BlockingIOError:  # a USB camera without a picture yet
                time.sleep(_NO_DATA_YET_S)
                continue
            arrived_at = time.time()
            if packet.dts is None and packet.size == 0:
                return
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:  # a damaged packet costs its picture
                continue
            for frame in decoded:
                if not frame.is_corrupt:  # before the first whole picture, and after a loss
                    own_time = frame.time if address.own_clock else None
                    self._hand_over(frame, clock.date(own_time, arrived_at))
                    self._seen = True
            if not self._seen and time.monotonic() < first_by:
                self._note_progress()  # a camera may send a key frame every ten seconds only

    def _hand_over(self, frame: VideoFrame, captured_at: float) -> None:
        with self._changed:
            if not self._closing:
                self._frames.append(LiveFrame(captured_at, frame.width, frame.height, frame))
        self._note_progress()

    def _note_progress(self, opened: bool = False) -> None:
        with self._changed:
            self._opened = self._opened or opened
            self._progress_at = time.monotonic()
            self._changed.notify_all()
