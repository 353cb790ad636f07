"""The window's handle on the process that fits people for it, so that no fit ever holds the window up."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence

from core.errors import FittingError
from core.jobs.fit.people.live import LiveAnswer
from core.jobs.fit.people.live_wire import LiveRequest, answer_of, request_line


class LiveServer:
    """Asks one process one question at a time; any thread may call. It is started when it is first needed.

    A process that dies is started again for the next question.

    Args:
        command: starts it (`core.jobs.fit.people.live_child`).
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def start(self) -> None:
        """Starts the process, so that it is there when it is asked; that it fails shows then."""
        with self._lock:
            self._begin()

    def answer(self, request: LiveRequest) -> LiveAnswer | None:
        """What follows from a person's points; None where they cannot be fitted. Waits.

        Raises:
            FittingError: the process cannot be started, or has ended.
            BodyFileChangedError: the body model's file is another than when the window read it.
        """
        with self._lock:
            process = self._begin()
            line = b""
            if process is not None and process.stdin is not None and process.stdout is not None:
                try:
                    process.stdin.write(request_line(request))
                    process.stdin.flush()
                    line = process.stdout.readline()
                except OSError:
                    line = b""
            if not line.endswith(b"\n"):
                self._end()
                raise FittingError(
                    "The process that fits people beside the window has ended.",
                    "It is started again with the next point; run 'amodal doctor' if this happens again.",
                )
        return answer_of(line)

    def close(self) -> None:
        """Ends the process at once, whatever it does."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()

    def _begin(self) -> subprocess.Popen[bytes] | None:
        if self._process is None and not self._closed:
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            except OSError:
                return None
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was not sent any more
        process.wait()
