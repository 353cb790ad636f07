"""The language between the window's frame service and its decoding process.

Messages go over two pipes, so that nothing is left behind however either side dies. Each is a header
(kind, number, payload's length) and a payload of plain structs, JSON and pixels; nothing in it is
ever executed.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import AmodalError, DecoderCrashedError, FootageMissingError, MediaError
from core.media.hashing import HASH_BYTES
from core.records.media import DecodedFrame, FrameStamp, SourceKind

_HEADER: Final = struct.Struct("<BqI")
_LONGEST_PAYLOAD: Final = 1 << 30
_READ: Final = struct.Struct("<qq")
_PICTURE: Final = struct.Struct("<qII")
_LENGTH: Final = struct.Struct("<I")
_STAMPS: Final = np.dtype([("pts", "<i8"), ("time_s", "<f8"), ("hash", f"V{HASH_BYTES}"), ("keyframe", "?")])
_ERRORS: Final[dict[str, type[AmodalError]]] = {
    kind.__name__: kind for kind in (MediaError, FootageMissingError, DecoderCrashedError)
}


class Kind(IntEnum):
    """What a message is. To the process: the first four; from it: the rest."""

    OPEN = 1  # number: source key
    FORGET = 2  # number: source key
    READ = 3  # number: request
    STOP = 4  # number: request
    READY = 10
    FRAME = 11  # number: request
    ERROR = 12  # number: request
    STOPPED = 13  # number: request
    ALIVE = 14  # number: request


_KINDS: Final = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came.

    Attributes:
        kind: what it is.
        number: the source key or the request, by kind.
        payload: the rest; pixels are not copied out of it.
    """

    kind: Kind
    number: int
    payload: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """What the decoding process must know of a source."""

    kind: SourceKind
    path: Path
    frames: tuple[FrameStamp, ...]


class WireError(Exception):
    """What came over the pipe is no message: the other side is not what it should be."""


def send(fd: int, kind: Kind, number: int, *payload: bytes | memoryview) -> None:
    """Write one message whole.

    Raises:
        OSError: the other side is gone.
    """
    _write_all(fd, memoryview(_HEADER.pack(kind, number, sum(len(part) for part in payload))))
    for part in payload:
        _write_all(fd, memoryview(part))


def receive(fd: int) -> Message | None:
    """Read one message whole; None where the other side has closed.

    Raises:
        WireError: what came is no message.
        OSError: the pipe is broken.
    """
    header = _read_exact(fd, _HEADER.size)
    if header is None:
        return None
    kind, number, length = _HEADER.unpack(header.tobytes())
    if kind not in _KINDS or length > _LONGEST_PAYLOAD:
        raise WireError(f"no message begins with {header.tobytes()!r}")
    payload = _read_exact(fd, length)
    return Message(Kind(kind), number, payload) if payload is not None else None


def pack_open(kind: SourceKind, path: Path, frames: Sequence[FrameStamp]) -> list[bytes]:
    """The payload of OPEN."""
    head = json.dumps(
        {"kind": kind.value, "path": os.fspath(path), "names": [frame.name for frame in frames if frame.name]}
    ).encode()
    stamps = np.zeros(len(frames), _STAMPS)
    stamps["pts"] = [frame.pts for frame in frames]
    stamps["time_s"] = [frame.time_s for frame in frames]
    stamps["hash"] = np.frombuffer(b"".join(frame.content_hash for frame in frames), f"V{HASH_BYTES}")
    stamps["keyframe"] = [frame.keyframe for frame in frames]
    return [_LENGTH.pack(len(head)), head, stamps.tobytes()]


def unpack_open(payload: NDArray[np.uint8]) -> OpenOrder:
    """What `pack_open` packed; capture times are not sent, as decoding needs none."""
    data = payload.tobytes()
    (length,) = _LENGTH.unpack_from(data)
    start = _LENGTH.size + length
    head = json.loads(data[_LENGTH.size : start])
    stamps = np.frombuffer(data, _STAMPS, offset=start)
    names = head["names"] or [None] * len(stamps)
    frames = tuple(
        FrameStamp(pts, time_s, None, content_hash, keyframe, name)
        for (pts, time_s, content_hash, keyframe), name in zip(stamps.tolist(), names, strict=True)
    )
    return OpenOrder(SourceKind(head["kind"]), Path(head["path"]), frames)


def pack_read(key: int, pts: int) -> bytes:
    """The payload of READ."""
    return _READ.pack(key, pts)


def unpack_read(payload: NDArray[np.uint8]) -> tuple[int, int]:
    """The source key and presentation time that `pack_read` packed."""
    key, pts = _READ.unpack(payload.tobytes())
    return key, pts


def pack_frame(frame: DecodedFrame) -> list[bytes | memoryview]:
    """The payload of FRAME."""
    height, width, _ = frame.image.shape
    pixels = np.ascontiguousarray(frame.image).reshape(-1)
    return [_PICTURE.pack(frame.pts, height, width), pixels.data]


def unpack_frame(payload: NDArray[np.uint8]) -> DecodedFrame:
    """What `pack_frame` packed; its pixels stay where they are.

    Raises:
        WireError: there are not as many pixels as it says.
    """
    if payload.size < _PICTURE.size:
        raise WireError("a frame without a head")
    pts, height, width = _PICTURE.unpack(payload[: _PICTURE.size].tobytes())
    pixels = payload[_PICTURE.size :]
    if pixels.size != height * width * 3:
        raise WireError("a frame of another size than it says")
    return DecodedFrame(pts, pixels.reshape(height, width, 3))


def pack_error(error: AmodalError) -> bytes:
    """The payload of ERROR."""
    name = type(error).__name__ if type(error).__name__ in _ERRORS else MediaError.__name__
    return json.dumps({"type": name, "problem": error.problem, "way_out": error.way_out}).encode()


def unpack_error(payload: NDArray[np.uint8]) -> AmodalError:
    """What `pack_error` packed."""
    told = json.loads(payload.tobytes())
    return _ERRORS.get(told["type"], MediaError)(told["problem"], told["way_out"])


def _write_all(fd: int, data: memoryview) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _read_exact(fd: int, size: int) -> NDArray[np.uint8] | None:
    """Exactly this many bytes, or None where the pipe ends before."""
    data = np.empty(size, np.uint8)
    view = data.data
    while view:
        got = os.readv(fd, [view]) if hasattr(os, "readv") else _read_into(fd, view)
        if got == 0:
            return None
        view = view[got:]
    return data


def _read_into(fd: int, view: memoryview) -> int:
    block = os.read(fd, len(view))
    view[: len(block)] = block
    return len(block)
