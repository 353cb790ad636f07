"""The window's handle on one decoding process: start it, speak to it, kill it."""

from __future__ import annotations

import logging
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from core.media import frame_wire
from core.media.frame_wire import Kind, Message

_LOG: Final = logging.getLogger(__name__)
_PIPE_BYTES: Final = 1 << 20
_GONE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class FromProcess:
    """News of a decoding process.

    Attributes:
        process: which.
        message: what it said, or None once it is gone.
    """

    process: DecodeProcess
    message: Message | None


class DecodeProcess:
    """One decoding process with a thread that writes to it and one that reads from it.

    Args:
        command: starts it.
        on_news: called on the reading thread with each message, and once with its end.

    Raises:
        OSError: the command cannot be started.
    """

    def __init__(self, command: Sequence[str], on_news: Callable[[FromProcess], None]) -> None:
        self._on_news = on_news
        self._outbox: queue.SimpleQueue[tuple[Kind, int, tuple[bytes, ...]] | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in_fd = self._process.stdin.fileno()
        self._out_fd = self._process.stdout.fileno()
        _widen(self._out_fd)
        self._threads = [
            threading.Thread(target=self._write, name="decoder-in", daemon=True),
            threading.Thread(target=self._read, name="decoder-out", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def send(self, kind: Kind, number: int, *payload: bytes) -> None:
        """Send a message; never waits."""
        self._outbox.put((kind, number, payload))

    def kill(self) -> None:
        """End the process at once, wherever it is, and wait for it and the threads."""
        self._process.kill()
        self._outbox.put(None)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GONE_SECONDS)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_GONE_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _write(self) -> None:
        with suppress(OSError):  # its end is noticed by the reading thread
            while (item := self._outbox.get()) is not None:
                kind, number, payload = item
                frame_wire.send(self._in_fd, kind, number, *payload)

    def _read(self) -> None:
        try:
            while (message := frame_wire.receive(self._out_fd)) is not None:
                self._on_news(FromProcess(self, message))
        except (OSError, frame_wire.WireError, MemoryError) as error:
            _LOG.warning("The decoding process cannot be understood: %s", error)
        self._on_news(FromProcess(self, None))


def _widen(fd: int) -> None:
    """Give a pipe room for more pixels at once, where the system can."""
    try:
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        return
