"""A decoding process that fails on purpose, run as a script: FOLDER holds what it must do.

A file named after a row's presentation time says what happens to it: "abort", "kill", "hang", "slow" or
"garble"; "start" says what happens before the process is ready. Each read is noted in "log".
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from core.media import decode_child
from core.media.frame_wire import OpenOrder
from core.media.reader import FrameReader
from core.records.media import DecodedFrame

FOLDER = Path(sys.argv[1])


def misbehave(what: str, tick: Callable[[], None] | None) -> None:
    """Do what the note says."""
    if what == "abort":
        os.abort()
    elif what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "hang":
        time.sleep(600)
    elif what == "garble":
        os.write(3, b"\xffnonsense" * 10)
    elif what == "slow":
        for _ in range(200):
            time.sleep(0.01)
            if tick is not None:
                tick()
            if not (FOLDER / "wait").exists():
                break


def note(name: str) -> str:
    path = FOLDER / name
    return path.read_text() if path.exists() else ""


class FaultyReader:
    """A reader that fails where a note says so."""

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader

    def read(self, pts: int, tick: Callable[[], None] | None = None) -> DecodedFrame:
        with (FOLDER / "log").open("a") as log:
            log.write(f"{pts}\n")
        misbehave(note(str(pts)), tick)
        return self._reader.read(pts, tick)

    def close(self) -> None:
        self._reader.close()


def opener(order: OpenOrder) -> FaultyReader:
    return FaultyReader(decode_child.open_order(order))


if __name__ == "__main__":
    misbehave(note("start"), None)
    sys.exit(decode_child.main((), opener))  # type: ignore[arg-type]
