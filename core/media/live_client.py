"""Watching a live stream from the window: starts the watching process, and starts it again when it dies."""

from __future__ import annotations

import logging
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import IO

from core.errors import AmodalError, DecoderCrashedError
from core.media.live_address import check_address, redact
from core.media.live_reconnect import Backoff, StreamPhase, StreamState
from core.media.live_wire import LiveImage, WireError, read_message, write_wish

_log = logging.getLogger(__name__)
_PATIENCE_S = 1.0
_LOG_TAIL_BYTES = 2_000


class LiveViewer:
    """A live stream to look at. No Qt: the callbacks come on a thread of the viewer's own.

    While on_frame works, newer pictures replace older ones in the watching process, so the next call gets
    the newest.

    Args:
        command: starts the watching process (core.media.live_child).
        address: rtsp://…, http(s)://… or usb:N.
        on_frame: gets each picture.
        on_state: gets each change of state.
        on_error: gets one error for each loss: the stream's, or that the watching process died.
        max_width: pictures are shrunk to this width, pixels; None leaves them as they are.
        backoff: how long to wait before a dead process is started again.

    Raises:
        StreamError: the address is not well formed.
    """

    def __init__(
        self,
        command: Sequence[str],
        address: str,
        on_frame: Callable[[LiveImage], None],
        on_state: Callable[[StreamState], None],
        on_error: Callable[[AmodalError], None],
        *,
        max_width: int | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        check_address(address)
        self._command = list(command)
        self._address = address
        self._on_frame = on_frame
        self._on_state = on_state
        self._on_error = on_error
        self._max_width = max_width
        self._backoff = backoff or Backoff(first_s=0.5, longest_s=10.0)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name=f"view {redact(address)}", daemon=True)
        self._thread.start()

    @property
    def child_pid(self) -> int | None:
        """The watching process, if one runs."""
        with self._lock:
            return self._child.pid if self._child is not None else None

    def set_max_width(self, max_width: int | None) -> None:
        """Ask for pictures of another width."""
        self._max_width = max_width
        with self._lock:
            if self._child is not None and self._child.stdin is not None:
                try:
                    write_wish(self._child.stdin, self._address, max_width)
                except OSError:  # it just died; its successor is told
                    _log.debug("the watching process is gone")

    def close(self) -> None:
        """Stop watching; no callback comes after this returns, unless it is called from one."""
        self._stopped.set()
        with self._lock:
            child = self._child
            if child is not None:
                child.kill()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            with tempfile.TemporaryFile() as log:
                alive = self._watch(log)
                if self._stopped.is_set():
                    return
                self._note_death(log)
            if alive:
                self._backoff.reset()
            wait_s = self._backoff.next_wait()
            error = DecoderCrashedError(
                f"The process that watches {redact(self._address)} has died.",
                "It is started again by itself; if this goes on, the stream may be damaged.",
            )
            self._on_error(error)
            self._on_state(StreamState(StreamPhase.LOST, None, wait_s))
            self._stopped.wait(wait_s)

    def _watch(self, log: IO[bytes]) -> bool:
        """Run one watching process until it ends; whether it ever sent a picture."""
        with self._lock:
            if self._stopped.is_set():
                return False
            child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
            self._child = child
        assert child.stdin is not None
        assert child.stdout is not None
        alive = lost = False
        try:
            write_wish(child.stdin, self._address, self._max_width)
            while not self._stopped.is_set():
                message = read_message(child.stdout)
                if message is None:
                    break
                if isinstance(message, LiveImage):
                    alive = True
                    self._on_frame(message)
                    continue
                # one error for each outage, however often it is tried again
                if message.phase is StreamPhase.LOST and not lost and message.error is not None:
                    self._on_error(message.error)
                lost = message.phase in (StreamPhase.LOST, StreamPhase.RETRYING)
                self._on_state(message)
        except (OSError, WireError) as error:
            _log.warning("the watching process was lost: %s", error)
        finally:
            with self._lock:
                self._child = None
            _end(child)
        return alive

    def _note_death(self, log: IO[bytes]) -> None:
        size = log.seek(0, 2)
        log.seek(max(0, size - _LOG_TAIL_BYTES))
        tail = log.read().decode(errors="replace").strip()
        if tail:
            _log.warning("the process that watched %s said last: %s", redact(self._address), tail)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Close its pipes, which ends it, and make sure."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                _log.debug("the watching process was gone before its pipe was closed")
    try:
        child.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
