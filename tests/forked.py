"""Runs one function after another, each in a forked process that a test can kill.

The fork server imports everything once, so that fifty processes cost no fifty imports. On its standard
input come lines of tab-separated arguments; what the child prints goes to standard output, and a line
"END STATUS" follows when it has ended.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def serve(run: Callable[[list[str]], None]) -> None:
    """The fork server's loop: prints "PID NUMBER", what the child prints, and "END STATUS"."""
    for line in sys.stdin:
        number = os.fork()
        if number == 0:
            status = 1
            try:
                run(line.rstrip("\n").split("\t"))
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        print(f"PID {number}", flush=True)
        _, status = os.waitpid(number, 0)
        # on a line of its own, also where the child died in the middle of one
        print(f"\nEND {status}", flush=True)


class ForkServer:
    """A running fork server."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def run(
        self, *arguments: str, kill_after_s: float, from_line: str | None = None, most_s: float = 60.0
    ) -> tuple[bool, list[str]]:
        """Runs the function and kills its process after a time.

        Args:
            kill_after_s: counted from the start, or from the child's line from_line.

        Returns:
            whether the process was killed (else it had ended well before), and the lines that it printed.
        """
        assert self._process.stdin is not None
        self._process.stdin.write("\t".join(arguments) + "\n")
        self._process.stdin.flush()
        number, printed = 0, []
        timer: threading.Timer | None = None
        while True:
            line = self._lines.get(timeout=most_s)
            word, _, rest = line.partition(" ")
            if word == "PID":
                number = int(rest)
            elif word == "END":
                break
            elif line:
                printed.append(line)
            if timer is None and number and (from_line is None or line == from_line):
                timer = threading.Timer(kill_after_s, os.kill, (number, signal.SIGKILL))
                timer.start()
        if timer is not None:
            timer.cancel()
            timer.join()
        status = int(rest)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0, f"the process ended with status {status}"
        return killed, printed

    def close(self) -> None:
        """Ends the server."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
