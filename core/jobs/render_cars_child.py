"""A process that renders each so many-th picture of a set of single cars; it ends when its reader does.

A line of JSON and the picture's JPEG for each, over standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from core.errors import AmodalError
from core.synthesis.street.car_pictures import car_pictures
from core.synthesis.street.car_renders import CarRenders


def serve(outgoing: IO[bytes], cars: CarRenders, indices: range) -> None:
    """Writes the pictures with these numbers.

    Raises:
        BrokenPipeError: nobody reads them any more.
    """
    for picture in car_pictures(cars, indices):
        told = {
            "jpeg": len(picture.jpeg),
            "width": picture.width,
            "height": picture.height,
            "camera": picture.camera,
            "annotation": picture.annotation,
        }
        outgoing.write(json.dumps(told, separators=(",", ":")).encode() + b"\n" + picture.jpeg)
        outgoing.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Render until all is done or nobody reads.

    Args:
        argv: seed, size and models of the set, how many pictures it has, the first to make, and the step.
    """
    given = sys.argv[1:] if argv is None else argv
    seed, size, models, count, first, step = map(int, given)
    # the pictures go over a pipe of their own, so that a library that prints cannot garble them
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the shell is for the parent to handle
    import cv2

    cv2.setNumThreads(1)  # as many processes as processors run beside one another
    with suppress(BrokenPipeError):
        try:
            serve(outgoing, CarRenders(seed, size, models), range(first, count, step))
        except AmodalError as error:
            told = {"problem": error.problem, "way_out": error.way_out}
            outgoing.write(json.dumps(told).encode() + b"\n")
            outgoing.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
