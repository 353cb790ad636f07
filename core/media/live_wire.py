"""How the process that watches a stream talks to the one that shows it.

Each message is one line of JSON; a frame's line is followed by its pixels:
`{"type": "frame", "captured_at": …, "width": …, "height": …, "bytes": n}` and n bytes of RGB;
`{"type": "state", "phase": …, "problem": …, "way_out": …, "retry_in_s": …}`.
The other way, each line is a wish: `{"address": …, "max_width": …}`; the address counts once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import StreamError
from core.media.live_reconnect import StreamPhase, StreamState

_LONGEST_LINE = 65_536
_LARGEST_FRAME = 256 * 2**20


class WireError(Exception):
    """The other process sent something that is no message."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveImage:
    """A picture on its way to the window.

    Attributes:
        captured_at: seconds UTC epoch.
        image: (H, W, 3) uint8 RGB.
    """

    captured_at: float
    image: NDArray[np.uint8]


def write_frame(stream: IO[bytes], captured_at: float, image: NDArray[np.uint8]) -> None:
    """Send a picture, (H, W, 3) uint8 RGB."""
    pixels = np.ascontiguousarray(image)
    height, width, _ = pixels.shape
    head = {"type": "frame", "captured_at": captured_at, "width": width, "height": height}
    _write_line(stream, {**head, "bytes": pixels.nbytes})
    stream.write(pixels.data.cast("B"))
    stream.flush()


def write_state(stream: IO[bytes], state: StreamState) -> None:
    """Send a change of state."""
    error = state.error
    _write_line(
        stream,
        {
            "type": "state",
            "phase": str(state.phase),
            "problem": error.problem if error else None,
            "way_out": error.way_out if error else None,
            "retry_in_s": state.retry_in_s,
        },
    )
    stream.flush()


def write_wish(stream: IO[bytes], address: str, max_width: int | None) -> None:
    """Tell the watching process what to watch, and how wide its pictures are wanted."""
    _write_line(stream, {"address": address, "max_width": max_width})
    stream.flush()


def read_wish(stream: IO[bytes]) -> tuple[str, int | None] | None:
    """The next wish, or None when the other side is gone."""
    line = _read_line(stream)
    return None if line is None else (str(line["address"]), line.get("max_width"))


def read_message(stream: IO[bytes]) -> LiveImage | StreamState | None:
    """The next message, or None when the other side is gone, be it in the middle of a message.

    Raises:
        WireError: what came is no message.
    """
    head = _read_line(stream)
    if head is None:
        return None
    try:
        if head["type"] == "state":
            problem = head["problem"]
            error = StreamError(problem, head["way_out"]) if problem is not None else None
            return StreamState(StreamPhase(head["phase"]), error, head["retry_in_s"])
        width, height, size = int(head["width"]), int(head["height"]), int(head["bytes"])
        captured_at = float(head["captured_at"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise WireError(f"no message: {str(head)[:200]}") from error
    if min(width, height) < 1 or size != width * height * 3 or size > _LARGEST_FRAME:
        raise WireError(f"a frame of {width} x {height} pixels in {size} bytes")
    pixels = stream.read(size)
    if len(pixels) < size:
        return None
    return LiveImage(captured_at, np.frombuffer(pixels, np.uint8).reshape(height, width, 3))


def _write_line(stream: IO[bytes], message: dict[str, Any]) -> None:
    stream.write(json.dumps(message).encode() + b"\n")


def _read_line(stream: IO[bytes]) -> dict[str, Any] | None:
    line = stream.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        if len(line) == _LONGEST_LINE:
            raise WireError("a line without end")
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WireError(f"no JSON: {line[:200]!r}") from error
    if not isinstance(message, dict):
        raise WireError(f"no message: {line[:200]!r}")
    return message
