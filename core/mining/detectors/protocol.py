"""What every detector offers, and how it says whether it can run here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.records.detections import Detection, DetectorFrame

Progress = Callable[[float, str], None]
"""Called with the share that is done (0 to 1) and a few words."""


class GroundSize(Protocol):
    """What a calibrated camera can say of a place on the ground."""

    def __call__(self, x: float, y: float) -> float | None:
        """Metres per pixel, across the line of sight, of what stands at pixel-edge place (x, y).

        None where there is no ground, above the horizon.
        """
        ...


class Detector(Protocol):
    """Finds objects in frames. Stateless from frame to frame, so that a job can resume anywhere."""

    name: str
    needs_background: bool

    def detect(self, frames: Sequence[DetectorFrame]) -> list[list[Detection]]:
        """Objects in each frame, most certain first.

        Raises:
            DetectionError: the network or a frame cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a detector can run on this machine.

    Attributes:
        name, title: which.
        available: whether it can run now.
        note: if not, why and what to do; else a word on speed or weights.
    """

    name: str
    title: str
    available: bool
    note: str
