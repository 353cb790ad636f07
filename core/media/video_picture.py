"""From a decoded picture to RGB pixels, turned the way the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_THREADED_PIXELS: Final = 500_000  # below, waking threads costs more than they save


class RgbConverter:
    """Converts pictures to RGB; keeps the converter's tables between pictures, which saves half the time."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def convert(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, contiguous, upright by the file's display matrix (quarter turns only)."""
        threads = 0 if picture.width * picture.height > _THREADED_PIXELS else 1  # 0 is as many as fit
        pixels = self._reformatter.reformat(picture, format="rgb24", threads=threads).to_ndarray()
        rgb = np.asarray(pixels, dtype=np.uint8)
        quarter_turns = round(picture.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(rgb, quarter_turns)) if quarter_turns else rgb


def stands_alone(picture: VideoFrame) -> bool:
    """Whether the picture was coded without others (or ends a recovery), so that decoding starts here."""
    return bool(picture.key_frame) or picture.pict_type == PictureType.I


def picture_bytes(picture: VideoFrame) -> int:
    """How much memory a decoded picture holds before conversion."""
    return sum(plane.buffer_size for plane in picture.planes)


def upright_size(picture: VideoFrame) -> tuple[int, int]:
    """(width, height) in pixels after the file's quarter turns."""
    turned = round(picture.rotation / 90) % 2 == 1
    return (picture.height, picture.width) if turned else (picture.width, picture.height)
