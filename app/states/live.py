"""What the live view of a stream shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Watching(StrEnum):
    """Where the connection is."""

    OFF = "off"
    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, eq=False)
class LiveState:
    """A live stream on the canvas.

    Attributes:
        watching: where the connection is.
        address: of the stream that is watched.
        image: (H, W, 3) uint8 RGB of the newest frame, or None.
        fps: frames a second of late, 0 before any.
        problem, way_out: of the last error, or "".
    """

    watching: Watching = Watching.OFF
    address: str = ""
    image: NDArray[np.uint8] | None = None
    fps: float = 0.0
    problem: str = ""
    way_out: str = ""
