"""The decoding process: all footage that the window shows is decoded here, where a crash costs one frame.

It answers one request after the other over its standard streams, and ends when the window does,
however that ends, because its input ends then.
"""

from __future__ import annotations

import faulthandler
import os
import queue
import signal
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from core.errors import AmodalError, MediaError
from core.media import frame_wire
from core.media.frame_wire import Kind, Message, OpenOrder
from core.media.memory import keep_freed_memory
from core.media.open_reader import open_reader
from core.media.reader import FrameReader

KEEP_BYTES: Final = 192 << 20  # of decoded video for stepping back, in each open reader
_OPEN_READERS: Final = 2
_ALIVE_SECONDS: Final = 0.5

ReaderOpener = Callable[[OpenOrder], FrameReader]


class _Stopped(Exception):  # noqa: N818 - not an error: the window asked for it
    """The request being worked on is not wanted any more."""


class DecodeServer:
    """Answers requests from one pipe into another until the first one ends.

    Args:
        in_fd, out_fd: the pipes.
        opener: makes a source's reader.
    """

    def __init__(self, in_fd: int, out_fd: int, opener: ReaderOpener) -> None:
        self._in_fd = in_fd
        self._out_fd = out_fd
        self._opener = opener
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._stop_request = -1
        self._orders: dict[int, OpenOrder] = {}
        self._readers: OrderedDict[int, FrameReader] = OrderedDict()
        self._alive_at = 0.0

    def serve(self) -> None:
        """Work until the window closes its end; the process ends with it, in the middle of anything."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        frame_wire.send(self._out_fd, Kind.READY, os.getpid())
        while True:
            message = self._inbox.get()
            if message.kind is Kind.OPEN:
                self._forget(message.number)
                self._orders[message.number] = frame_wire.unpack_open(message.payload)
            elif message.kind is Kind.FORGET:
                self._forget(message.number)
            elif message.kind is Kind.READ:
                self._answer(message.number, *frame_wire.unpack_read(message.payload))

    def _listen(self) -> None:
        # a decoder that hangs lets go of the interpreter, so this ends the process even then
        with suppress(OSError, frame_wire.WireError):
            while (message := frame_wire.receive(self._in_fd)) is not None:
                if message.kind is Kind.STOP:
                    self._stop_request = message.number
                else:
                    self._inbox.put(message)
        os._exit(0)

    def _answer(self, request: int, key: int, pts: int) -> None:
        def tick() -> None:
            if self._stop_request == request:
                raise _Stopped
            now = time.monotonic()
            if now - self._alive_at > _ALIVE_SECONDS:
                self._alive_at = now
                frame_wire.send(self._out_fd, Kind.ALIVE, request)

        self._alive_at = time.monotonic()
        try:
            frame = self._reader(key).read(pts, tick)
        except _Stopped:
            frame_wire.send(self._out_fd, Kind.STOPPED, request)
        except AmodalError as error:
            self._fail(request, error)
        except MemoryError:
            self._fail(
                request,
                MediaError(
                    "There is not enough memory to decode this frame.", "Close other programs and try again."
                ),
            )
        else:
            frame_wire.send(self._out_fd, Kind.FRAME, request, *frame_wire.pack_frame(frame))

    def _fail(self, request: int, error: AmodalError) -> None:
        frame_wire.send(self._out_fd, Kind.ERROR, request, frame_wire.pack_error(error))

    def _reader(self, key: int) -> FrameReader:
        reader = self._readers.pop(key, None)
        if reader is None:
            while len(self._readers) >= _OPEN_READERS:
                self._readers.popitem(last=False)[1].close()
            reader = self._opener(self._orders[key])
        self._readers[key] = reader
        return reader

    def _forget(self, key: int) -> None:
        self._orders.pop(key, None)
        reader = self._readers.pop(key, None)
        if reader is not None:
            reader.close()


def open_order(order: OpenOrder) -> FrameReader:
    """The reader of a source as the window described it."""
    return open_reader(order.kind, order.path, order.frames, keep_bytes=KEEP_BYTES)


def main(argv: Sequence[str] | None = None, opener: ReaderOpener = open_order) -> int:
    """Serve the window over standard input and output until it closes them.

    Args:
        argv: not used; there is nothing to set.
        opener: makes a source's reader.

    Returns:
        Never 0 by returning: the process exits when its input ends.
    """
    # the answers go over a pipe of their own, so that a library that prints cannot garble them
    out_fd = os.dup(sys.__stdout__.fileno() if sys.__stdout__ is not None else 1)
    os.dup2(2 if _is_open(2) else os.open(os.devnull, os.O_WRONLY), 1)
    if _is_open(2):
        faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the shell is for the window to handle
    _volunteer_for_memory_killer()
    keep_freed_memory()
    import av  # noqa: F401 - loaded before READY, so that the first frame does not wait for it

    with suppress(BrokenPipeError):
        DecodeServer(0, out_fd, opener).serve()
    return 1


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _volunteer_for_memory_killer() -> None:
    """On Linux, let this process die before the window if a file makes it eat all memory."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    sys.exit(main())
