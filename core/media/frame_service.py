"""Frames for the window: asked for here, decoded in a process of their own, kept in a bounded cache."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

from core.errors import AmodalError, DecoderCrashedError, MediaError
from core.media import frame_wire
from core.media.cache import FrameCache
from core.media.decode_process import DecodeProcess, FromProcess
from core.media.frame_requests import Flight, OnError, OnFrame, OpenedSource, Request
from core.media.frame_wire import Kind, Message
from core.records.media import DecodedFrame, FrameStamp, SourceKind

_LOG: Final = logging.getLogger(__name__)
_CACHE_BYTES: Final = 256 << 20
_STUCK_SECONDS: Final = 10.0
_START_SECONDS: Final = 60.0  # for a cold disk and a busy machine


class FrameService:
    """Decodes frames in a child process; every method may be called from any thread.

    A request is answered by exactly one of its callbacks, on the service's own thread, unless a newer
    request of the same tag comes before its decoding begins, or wants another source: then by none.
    One that is being decoded when a newer one of the same tag and source comes is still answered if
    it is done first, so that dragging along a timeline shows pictures on the way; never after the
    newer one.

    A frame that crashes or hangs the process costs one error; the process is started again for the
    next one. After two such errors a frame, and after six a whole source, is refused without trying.

    Args:
        command: starts a decoding process (`core.media.decode_child`).
        cache_bytes: of decoded pixels to keep.
        stuck_seconds: how long the process may give no sign of life while it works on a frame.
        decode_ahead: whether to decode in the direction of travel while nothing is asked.
    """

    def __init__(
        self,
        command: Sequence[str],
        cache_bytes: int = _CACHE_BYTES,
        *,
        stuck_seconds: float = _STUCK_SECONDS,
        decode_ahead: bool = True,
    ) -> None:
        self._command = command
        self._cache_bytes = cache_bytes
        self._stuck_seconds = stuck_seconds
        self._decode_ahead = decode_ahead
        self._cache = FrameCache(cache_bytes)
        self._news: queue.SimpleQueue[FromProcess | None] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()  # guards the next three
        self._sources: dict[int, OpenedSource] = {}
        self._waiting: dict[str, Request] = {}  # by tag
        self._serial = 0
        # the rest belongs to the worker
        self._process: DecodeProcess | None = None
        self._ready = False
        self._started_once = False
        self._told: dict[int, OpenedSource] = {}  # what the present process knows
        self._flight: Flight | None = None
        self._flights = 0
        self._watched: OpenedSource | None = None
        self._answered: dict[str, int] = {}  # tag -> serial of the newest request answered
        self._worker = threading.Thread(target=self._work, name="frame-service", daemon=True)
        self._worker.start()

    def open(self, key: int, kind: SourceKind, path: Path, frames: Sequence[FrameStamp]) -> None:
        """Make a source known, or known anew after it was found elsewhere. Errors come with requests."""
        with self._lock:
            self._sources[key] = OpenedSource(key, kind, path, frames)
        self._cache.drop(key)
        self._news.put(None)

    def forget(self, key: int) -> None:
        """Let go of a source and its frames."""
        with self._lock:
            self._sources.pop(key, None)
        self._cache.drop(key)
        self._news.put(None)

    def request(self, key: int, pts: int, on_frame: OnFrame, on_error: OnError, tag: str = "view") -> None:
        """Ask for a frame.

        Args:
            key: of an opened source.
            pts: of one of its frames.
            on_frame, on_error: called with the answer on the service's thread; they must be quick.
            tag: who asks; the newest request of a tag replaces the one that waits.
        """
        with self._lock:
            self._serial += 1
            self._waiting[tag] = Request(key, pts, on_frame, on_error, tag, self._serial)
        self._news.put(None)

    def cached(self, key: int, pts: int) -> DecodedFrame | None:
        """The frame if it is there at once, else None."""
        return self._cache.get(key, pts)

    def close(self) -> None:
        """End the decoding process and answer nothing more; both are so when it returns."""
        self._closed = True
        self._news.put(None)
        if threading.current_thread() is not self._worker:
            self._worker.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What follows runs on the worker.

    def _work(self) -> None:
        try:
            while not self._closed:
                self._advance()
                try:
                    news = self._news.get(timeout=self._patience())
                except queue.Empty:
                    self._give_up_flight()
                    continue
                if news is not None and news.process is self._process:
                    self._hear(news.message)
        finally:
            self._end_process()

    def _advance(self) -> None:
        """Answer what needs no decoding, then keep the process busy with what matters most."""
        undecided = [request for request in self._in_order() if not self._answer_now(request)]
        if self._flight is not None:
            for request in undecided:
                self._make_way(self._flight, request)
        elif undecided:
            self._take_up(undecided[0])
        elif not self._started_once and self._sources:
            self._start_process()
        elif self._process is not None and self._decode_ahead:
            self._decode_next_ahead()

    def _in_order(self) -> list[Request]:
        with self._lock:
            return sorted(self._waiting.values(), key=lambda request: request.serial)

    def _take(self, request: Request) -> bool:
        """Take a request off the waiting ones, unless a newer one has replaced it meanwhile."""
        with self._lock:
            if self._waiting.get(request.tag) is not request:
                return False
            del self._waiting[request.tag]
            return True

    def _answer_now(self, request: Request) -> bool:
        """Answer from the cache, or refuse; False where it must be decoded."""
        source = self._sources.get(request.key)
        row = source.row_of(request.pts) if source is not None else None
        if source is None or row is None:
            if self._take(request):
                self._tell_error(request, _no_such_frame(source, request.pts))
            return True
        frame = self._cache.get(request.key, request.pts)
        refusal = source.refusal(request.pts) if frame is None else None
        if frame is None and refusal is None:
            return False
        if self._take(request):
            self._look_at(source, row)
            if frame is not None:
                self._tell_frame(request, frame)
            elif refusal is not None:
                self._tell_error(request, refusal)
        return True

    def _make_way(self, flight: Flight, request: Request) -> None:
        """Join a request to the frame being decoded, or have that stopped if it is not wanted."""
        same_frame = flight.source is self._sources.get(request.key) and flight.pts == request.pts
        if flight.request is None:
            if same_frame and not flight.stopping:
                if self._take(request):
                    flight.request = request
                    self._look_at(flight.source, flight.source.row_of(flight.pts) or 0)
            else:
                self._stop(flight)
        elif flight.request.tag == request.tag and flight.request.key != request.key:
            flight.request = None
            self._stop(flight)

    def _take_up(self, request: Request) -> None:
        source = self._sources.get(request.key)
        if source is None or not self._take(request):
            self._news.put(None)  # replaced or closed meanwhile: look again
            return
        self._look_at(source, source.row_of(request.pts) or 0)
        self._launch(source, request.pts, request)

    def _decode_next_ahead(self) -> None:
        source = self._watched
        if source is None or not source.decode_ahead or self._sources.get(source.key) is not source:
            return
        for row in source.rows_ahead(self._cache_bytes):
            pts = source.times[row]
            if row not in source.tried and self._cache.get(source.key, pts) is None:
                source.tried.add(row)
                if source.refusal(pts) is None:
                    self._launch(source, pts, None)
                    return

    def _look_at(self, source: OpenedSource, row: int) -> None:
        source.look_at(row)
        self._watched = source
        self._cache.focus(source.key, row, source.direction)

    def _launch(self, source: OpenedSource, pts: int, request: Request | None) -> None:
        """Send a frame's request to the process, which is started if there is none."""
        if self._process is None:
            self._start_process()
        if self._process is None:
            if request is not None:
                self._tell_error(request, _does_not_start())
            return
        if self._told.get(source.key) is not source:
            self._process.send(
                Kind.OPEN, source.key, *frame_wire.pack_open(source.kind, source.path, source.frames)
            )
            self._told[source.key] = source
        self._flights += 1
        patience = self._stuck_seconds if self._ready else _START_SECONDS
        self._flight = Flight(self._flights, source, pts, request, time.monotonic() + patience)
        self._process.send(Kind.READ, self._flights, frame_wire.pack_read(source.key, pts))

    def _stop(self, flight: Flight) -> None:
        if not flight.stopping and self._process is not None:
            flight.stopping = True
            self._process.send(Kind.STOP, flight.number)

    def _hear(self, message: Message | None) -> None:
        """Take in what the process says, or that it has ended."""
        if message is None:
            self._lose_process(hung=False)
            return
        flight = self._flight
        if message.kind is Kind.READY:
            self._ready = True
        if flight is None:
            return
        flight.deadline = time.monotonic() + self._stuck_seconds
        if message.kind in (Kind.FRAME, Kind.ERROR, Kind.STOPPED) and message.number == flight.number:
            self._flight = None
            self._land(flight, message)

    def _land(self, flight: Flight, message: Message) -> None:
        """Give a flight's end to whom it concerns."""
        request = flight.request
        if self._sources.get(flight.source.key) is not flight.source:
            if request is not None:  # opened anew meanwhile: decode it from there
                with self._lock:
                    self._waiting.setdefault(request.tag, request)
        elif message.kind is Kind.FRAME:
            frame = frame_wire.unpack_frame(message.payload)
            row = flight.source.row_of(flight.pts) or 0
            flight.source.frame_bytes = frame.image.nbytes
            self._cache.put(flight.source.key, row, frame)
            if request is not None:
                self._tell_frame(request, frame)
        elif message.kind is Kind.ERROR and request is not None:
            self._tell_error(request, frame_wire.unpack_error(message.payload))

    def _tell_frame(self, request: Request, frame: DecodedFrame) -> None:
        if self._may_answer(request):
            _call(lambda: request.on_frame(frame))

    def _tell_error(self, request: Request, error: AmodalError) -> None:
        if self._may_answer(request):
            _call(lambda: request.on_error(error))

    def _may_answer(self, request: Request) -> bool:
        """Whether no newer request of this tag has been answered; notes that this one is."""
        if self._closed or self._answered.get(request.tag, 0) > request.serial:
            return False
        self._answered[request.tag] = request.serial
        return True

    def _patience(self) -> float | None:
        """How long to wait for news, in seconds."""
        if self._flight is None:
            return None
        return max(self._flight.deadline - time.monotonic(), 0.0)

    def _give_up_flight(self) -> None:
        if self._flight is not None and time.monotonic() >= self._flight.deadline:
            self._lose_process(hung=True)

    def _start_process(self) -> None:
        self._started_once = True
        self._ready = False
        self._told.clear()
        try:
            self._process = DecodeProcess(self._command, self._news.put)
        except OSError as error:
            _LOG.error("The decoding process cannot be started: %s", error)

    def _lose_process(self, *, hung: bool) -> None:
        """Clean up after a process that ended or hangs, and put it down to the frame it worked on."""
        flight, self._flight = self._flight, None
        was_ready = self._ready
        self._end_process()
        if flight is None:
            return
        error: AmodalError = _does_not_start()
        if was_ready:
            flight.source.crashes[flight.pts] += 1
            if flight.request is None:
                flight.source.decode_ahead = False
            error = _crashed(flight, hung=hung)
            _LOG.warning("%s", error)
        if flight.request is not None:
            self._tell_error(flight.request, error)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        self._ready = False
        if process is not None:
            process.kill()


def _call(callback: Callable[[], None]) -> None:
    """Call back into someone's code; its mistakes must not end the service."""
    try:
        callback()
    except Exception:
        _LOG.exception("A frame's receiver failed")


def _no_such_frame(source: OpenedSource | None, pts: int) -> MediaError:
    where = source.path.name if source is not None else "A source that is not open"
    return MediaError(f"{where} has no frame at the presentation time {pts}.", "Open the source again.")


def _does_not_start() -> DecoderCrashedError:
    return DecoderCrashedError(
        "The process that decodes footage does not start.",
        "Run 'amodal doctor', which shows what is missing; reinstalling usually helps.",
    )


def _crashed(flight: Flight, *, hung: bool) -> DecoderCrashedError:
    what = "hung" if hung else "crashed"
    where = f"{flight.source.seconds(flight.pts):.2f} s of {flight.source.path.name}"
    return DecoderCrashedError(
        f"The decoder {what} on the frame at {where}.",
        "It has been started anew: go on with another frame, or try this one once more.",
    )
