"""The language between a mining job and the processes that look for objects for it.

Plain structs, JSON and pixels over two pipes; nothing in it is ever executed. The answers come in the order
of the frames.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import AmodalError, DetectionError
from core.records.boxes import Box
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.detections import Category
from core.records.finds import Crop, FoundInstance
from core.records.masks import Rle

_HEAD: Final = struct.Struct("<BI")
_PICTURE: Final = struct.Struct("<II")
_COUNT: Final = struct.Struct("<I")
_FIND: Final = struct.Struct("<4ddBiIIiIIIII")
_CATEGORIES: Final = tuple(Category)
_NONE: Final = -1


class Kind(IntEnum):
    """What a message is. To the process: the first three; from it: the rest."""

    SETTINGS = 1
    BACKGROUND = 2  # for the frames that follow
    FRAME = 3
    FOUND = 10
    ERROR = 11


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came."""

    kind: Kind
    payload: bytearray


def send(pipe: IO[bytes], kind: Kind, *parts: bytes | memoryview) -> None:
    """Write one message whole.

    Raises:
        OSError: the other side is gone.
    """
    pipe.write(_HEAD.pack(kind, sum(len(part) for part in parts)))
    for part in parts:
        pipe.write(part)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Message | None:
    """Read one message whole; None where the other side has closed."""
    head = _read(pipe, _HEAD.size)
    if head is None:
        return None
    kind, length = _HEAD.unpack(head)
    payload = _read(pipe, length)
    return None if payload is None else Message(Kind(kind), payload)


@dataclass(frozen=True, slots=True)
class FinderSettings:
    """What a finder must know before its first frame.

    Attributes:
        detector: its name.
        settings: its settings as plain JSON values.
        crop_px: longest side of a crop.
        calibration: of the camera, with a ground, or None.
    """

    detector: str
    settings: Mapping[str, Any]
    crop_px: int
    calibration: CalibrationRecord | None = None


def pack_settings(settings: FinderSettings) -> bytes:
    """The payload of SETTINGS."""
    return json.dumps(
        {
            "detector": settings.detector,
            "settings": dict(settings.settings),
            "crop_px": settings.crop_px,
            "calibration": None if settings.calibration is None else _plain(settings.calibration),
        }
    ).encode()


def unpack_settings(payload: bytearray) -> FinderSettings:
    """What `pack_settings` packed; of the calibration, what measures."""
    told = json.loads(payload)
    camera = told["calibration"]
    return FinderSettings(
        str(told["detector"]),
        dict(told["settings"]),
        int(told["crop_px"]),
        None if camera is None else _calibration(camera),
    )


def pack_picture(image: NDArray[np.uint8]) -> tuple[bytes, memoryview]:
    """The payload of BACKGROUND and FRAME: an (H, W, 3) uint8 picture."""
    height, width, _ = image.shape
    return _PICTURE.pack(height, width), np.ascontiguousarray(image).reshape(-1).data


def unpack_picture(payload: bytearray) -> NDArray[np.uint8]:
    """What `pack_picture` packed; its pixels stay where they are."""
    height, width = _PICTURE.unpack_from(payload)
    return np.frombuffer(payload, np.uint8, offset=_PICTURE.size).reshape(height, width, 3)


def pack_found(found: Sequence[FoundInstance]) -> list[bytes]:
    """The payload of FOUND."""
    parts = [_COUNT.pack(len(found))]
    for one in found:
        rle, crop, box = one.rle, one.crop, one.box
        parts.append(
            _FIND.pack(
                *(box.x, box.y, box.w, box.h, one.score, _CATEGORIES.index(one.category)),
                *((_NONE, 0, 0) if rle is None else (len(rle.counts), rle.height, rle.width)),
                *((_NONE, 0, 0, 0, 0) if crop is None else (len(crop.data), crop.x, crop.y, crop.w, crop.h)),
                one.mask_area,
            )
        )
        if rle is not None:
            parts.append(rle.counts)
        if crop is not None:
            parts.append(crop.data)
    return parts


def unpack_found(payload: bytearray) -> tuple[FoundInstance, ...]:
    """What `pack_found` packed."""
    data = bytes(payload)
    (count,) = _COUNT.unpack_from(data)
    place = _COUNT.size
    found = []
    for _ in range(count):
        (x, y, w, h, score, category, counts, height, width, jpeg, left, top, across, down, area) = (
            _FIND.unpack_from(data, place)
        )
        place += _FIND.size
        rle = crop = None
        if counts != _NONE:
            rle = Rle(height, width, data[place : place + counts])
            place += counts
        if jpeg != _NONE:
            crop = Crop(left, top, across, down, data[place : place + jpeg])
            place += jpeg
        found.append(FoundInstance(Box(x, y, w, h), _CATEGORIES[category], score, rle, area, crop))
    return tuple(found)


def pack_error(error: AmodalError) -> bytes:
    """The payload of ERROR."""
    return json.dumps({"problem": error.problem, "way_out": error.way_out}).encode()


def unpack_error(payload: bytearray) -> DetectionError:
    """What `pack_error` packed."""
    told = json.loads(payload)
    return DetectionError(told["problem"], told["way_out"])


def _read(pipe: IO[bytes], size: int) -> bytearray | None:
    """Exactly this many bytes, or None where the pipe ends before."""
    data = bytearray(size)
    view = memoryview(data)
    while view:
        got = pipe.readinto(view)  # type: ignore[attr-defined]
        if not got:
            return None
        view = view[got:]
    return data


def _plain(calibration: CalibrationRecord) -> dict[str, Any]:
    return {name: getattr(calibration, name) for name in _MEASURES}


def _calibration(told: Mapping[str, Any]) -> CalibrationRecord:
    x, y, z = told["normal"]
    return CalibrationRecord(
        CalibrationMethod.IMPORT,
        int(told["width"]),
        int(told["height"]),
        tuple(told["matrix"]),
        tuple(told["distortion"]),
        (x, y, z),
        float(told["height_m"]),
        None,
        None,
    )


_MEASURES: Final = ("width", "height", "matrix", "distortion", "normal", "height_m")
