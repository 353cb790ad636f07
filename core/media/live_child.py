"""The process that watches a live stream for the window, so that hostile video cannot take the window down.

It reads wishes from its standard input and writes pictures and states to its standard output (see
live_wire); it ends as soon as its input closes, so it never outlives the process that started it.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import IO

from core.media.live import LiveStream
from core.media.live_reconnect import ReconnectingStream, StreamState
from core.media.live_wire import read_wish, write_frame, write_state

_POLL_S = 0.2


class _Wishes:
    """What the window wants now; read on a thread, for reading blocks."""

    def __init__(self, source: IO[bytes]) -> None:
        first = read_wish(source)
        self.address, self.max_width = first or ("", None)
        self.given = first is not None
        self._source = source

    def follow(self) -> None:
        """Take new wishes until the window is gone, then end this process at once."""
        while True:
            wish = read_wish(self._source)
            if wish is None:
                os._exit(0)
            self.max_width = wish[1]


def main(arguments: list[str] | None = None) -> int:
    """Watch the stream named in the first line of standard input until that input closes."""
    del arguments  # an address may hold a password, and arguments are seen by everyone on the machine
    wishes = _Wishes(sys.stdin.buffer)
    if not wishes.given:
        return 0
    out = _keep_output_clean()
    threading.Thread(target=wishes.follow, name="wishes", daemon=True).start()

    def tell(state: StreamState) -> None:
        write_state(out, state)

    stream = ReconnectingStream(lambda: LiveStream(wishes.address, depth=1), tell)
    try:
        while True:
            picture = stream.next_frame(_POLL_S)
            if picture is not None:
                # a slow window blocks this write; meanwhile the stream keeps only its newest picture
                write_frame(out, picture.captured_at, picture.image(wishes.max_width))
    except BrokenPipeError:
        os._exit(0)  # the window is gone; a plain exit would wait for the thread that reads its wishes


def _keep_output_clean() -> IO[bytes]:
    """The standard output for messages alone: what libraries print there goes to the error output."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
