"""A process that looks for objects in the frames that a mining job hands it; it ends when the job does."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.errors import AmodalError
from core.jobs.ahead import ahead
from core.jobs.mine import find_wire
from core.jobs.mine.find_wire import Kind, Message
from core.jobs.mine.finding import find_in
from core.mining.detectors.ground_scale import GroundScale
from core.mining.detectors.registry import create_detector

_AHEAD = 2


def serve(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Answers each frame with what is in it, until the pipe ends. A bug ends the process, whole and loud."""
    messages = ahead(_messages(incoming), _AHEAD)
    first = next(messages, None)
    if first is None:
        return
    told = find_wire.unpack_settings(first.payload)
    camera = told.calibration
    ground = None if camera is None else GroundScale(camera)
    detector = create_detector(told.detector, ground_size=ground, **told.settings)
    background: NDArray[np.uint8] | None = None
    for message in messages:
        picture = find_wire.unpack_picture(message.payload)
        if message.kind is Kind.BACKGROUND:
            background = picture if picture.size else None
            continue
        try:
            found = find_in(detector, picture, background, told.crop_px)
        except AmodalError as error:
            find_wire.send(outgoing, Kind.ERROR, find_wire.pack_error(error))
        else:
            find_wire.send(outgoing, Kind.FOUND, *find_wire.pack_found(found))


def _messages(incoming: IO[bytes]) -> Iterator[Message]:
    while (message := find_wire.receive(incoming)) is not None:
        yield message


def main(argv: Sequence[str] | None = None) -> int:
    """Serve a job over standard input and output until it closes them.

    Args:
        argv: not used; the first message holds the settings.
    """
    # the answers go over a pipe of their own, so that a library that prints cannot garble them
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the shell is for the job to handle
    import cv2

    cv2.setNumThreads(1)  # as many processes as processors run beside one another
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, outgoing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
