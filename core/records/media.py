"""Sources of footage and their tables of frames."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class SourceKind(StrEnum):
    """Where frames come from."""

    VIDEO = "video"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class FrameStamp:
    """One frame of a source: known by its presentation time and its content, never by a bare number.

    Attributes:
        pts: presentation time in units of the source's time base; unique and ascending in a source.
        time_s: presentation time, seconds from the source's first frame.
        captured_at: when it was taken, seconds UTC epoch, or None where nothing says.
        content_hash: 16 bytes (BLAKE2b) of the compressed packet (video) or of the file (picture).
        keyframe: whether decoding can start here.
        name: file name relative to the folder, or None for a video.
    """

    pts: int
    time_s: float
    captured_at: float | None
    content_hash: bytes
    keyframe: bool
    name: str | None = None


@dataclass(frozen=True, slots=True)
class SourceTable:
    """What is known of a source after indexing it.

    Attributes:
        kind: video or folder.
        path: of the file or folder, absolute.
        width, height: picture size in pixels (of the first frame).
        time_base: seconds per unit of pts.
        content_hash: 16 bytes over the frames' hashes in order: finds moved footage again.
        byte_size: of the file, or of all pictures together.
        frames: in ascending presentation time.
        warnings: plain sentences about what was odd (frames left out, sizes that change, a cut end).
    """

    kind: SourceKind
    path: Path
    width: int
    height: int
    time_base: Fraction
    content_hash: bytes
    byte_size: int
    frames: tuple[FrameStamp, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFrame:
    """A frame's pixels.

    Attributes:
        pts: which frame.
        image: (H, W, 3) uint8 RGB.
    """

    pts: int
    image: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A median background.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        support: (H, W) uint16: how many unmasked samples each pixel rests on.
        hour: hour of day 0-23 (local to the camera), or None over all hours.
        frame_count: frames that went in.
        hours: the hours of day they came from.
    """

    image: NDArray[np.uint8]
    support: NDArray[np.uint16]
    hour: int | None
    frame_count: int
    hours: tuple[int, ...]
