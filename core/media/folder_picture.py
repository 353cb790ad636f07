"""One picture file: its size, its capture time and its pixels."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.errors import MediaError
from core.media.capture_times import epoch_of

SUFFIXES: Final = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pnm",
    }
)
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM")
_MAX_PIXELS: Final = 100_000_000
_EXIF_IFD: Final = 0x8769
_ORIENTATION: Final = 0x0112
_TIME_TAGS: Final = (
    # date and time, fraction of a second, offset from UTC: of taking, then of digitizing
    (0x9003, 0x9291, 0x9011),
    (0x9004, 0x9292, 0x9012),
)
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)")


@dataclass(frozen=True, slots=True)
class PictureFact:
    """What a picture's header tells.

    Attributes:
        width, height: upright, in pixels.
        taken_at: EXIF's capture time, seconds UTC epoch (UTC where it names no zone), or None.
    """

    width: int
    height: int
    taken_at: float | None


def read_fact(data: bytes, name: str) -> PictureFact:
    """A picture's size and capture time from its header; the pixels are not decoded.

    Args:
        data: the file's bytes.
        name: for the error.

    Raises:
        MediaError: it is no picture that can be read.
    """
    with _opened(data, name) as image:
        exif = image.getexif()
        width, height = image.size
        if exif.get(_ORIENTATION, 1) in (5, 6, 7, 8):  # lying on its side
            width, height = height, width
        return PictureFact(width, height, _taken_at(exif))


def decode_picture(data: bytes, name: str) -> NDArray[np.uint8]:
    """A picture's pixels, upright by its EXIF orientation.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        MediaError: it is no picture, or damaged.
    """
    with _opened(data, name) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I") or upright.mode == "F":
            return _from_deep_grey(np.asarray(upright))
        return np.array(upright.convert("RGB"), dtype=np.uint8)


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise MediaError(
                    f"The picture {name} claims {image.width} x {image.height} pixels.",
                    "It is probably damaged; pictures of up to 100 million pixels can be read.",
                )
            yield image
    # Pillow raises nearly anything on damaged files, from SyntaxError to struct.error
    except MediaError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        raise MediaError(
            f"The picture {name} is damaged or is no picture.",
            "Restore it from where it came, or take it out of the folder.",
        ) from error


def _taken_at(exif: Image.Exif) -> float | None:
    try:
        details = exif.get_ifd(_EXIF_IFD)
    except Exception:  # Pillow raises nearly anything on damaged EXIF; a time is a bonus
        return None
    for time_tag, fraction_tag, offset_tag in _TIME_TAGS:
        text = str(details.get(time_tag, "")).strip("\0 ")
        try:
            moment = datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        digits = str(details.get(fraction_tag, "")).strip("\0 ")
        fraction = int(digits) / 10 ** len(digits) if digits.isascii() and digits.isdigit() else 0.0
        offset = _OFFSET.fullmatch(str(details.get(offset_tag, "")).strip("\0 "))
        if offset is not None:
            minutes = int(offset[2]) * 60 + int(offset[3])
            zone = timedelta(minutes=-minutes if offset[1] == "-" else minutes)
            if abs(zone) < timedelta(hours=24):
                moment = moment.replace(tzinfo=timezone(zone))
        return epoch_of(moment) + fraction
    return None


def _from_deep_grey(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """16 bits or more of grey to 8-bit RGB, by the top 8 of 16 bits."""
    grey = np.clip(np.nan_to_num(values.astype(np.float64)), 0, 65535).astype(np.uint32) >> 8
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
