"""The bytes of a keyframe that tell its picture size, to notice a size that changes within a file.

Only equality of these bytes is ever asked: a difference sends the file to a full decode, which knows.
"""

from __future__ import annotations

import re
from typing import Final

# Annex B start code and the unit types of parameter sets that hold the size
_H264_SPS: Final = re.compile(rb"\x00\x00\x01[\x07\x27\x47\x67](.*?)(?=\x00\x00[\x00\x01]|\Z)", re.DOTALL)
_HEVC_SPS: Final = re.compile(rb"\x00\x00\x01\x42[\x01-\x07](.*?)(?=\x00\x00[\x00\x01]|\Z)", re.DOTALL)
_MPEG4_VOL: Final = re.compile(rb"\x00\x00\x01[\x20-\x2f](.*?)(?=\x00\x00\x01|\Z)", re.DOTALL)
_MPEG2_SEQUENCE: Final = re.compile(rb"\x00\x00\x01\xb3(.{3})", re.DOTALL)
_ANNEX_B: Final = {
    "h264": _H264_SPS,
    "hevc": _HEVC_SPS,
    "mpeg4": _MPEG4_VOL,
    "mpeg1video": _MPEG2_SEQUENCE,
    "mpeg2video": _MPEG2_SEQUENCE,
}
_HEADER_REACH: Final = 1 << 16  # parameter sets stand before the picture


def size_header(codec_name: str, keyframe: bytes) -> bytes:
    """The part of a keyframe's packet that tells its size, or nothing where it tells none.

    Args:
        codec_name: libav's name of the codec.
        keyframe: the packet.
    """
    if codec_name == "mjpeg":
        return _jpeg_size(keyframe)
    if codec_name == "vp8":
        return keyframe[6:10] if keyframe[3:6] == b"\x9d\x01\x2a" else b""
    pattern = _ANNEX_B.get(codec_name)
    if codec_name in ("h264", "hevc") and not keyframe.startswith((b"\0\0\0\1", b"\0\0\1")):
        return b""  # lengths instead of start codes, as in MP4: the size stands outside the packets
    found = pattern.search(keyframe, 0, _HEADER_REACH) if pattern is not None else None
    return found.group(1) if found is not None else b""


def _jpeg_size(data: bytes) -> bytes:
    """The height and width of a JPEG's frame header, 4 bytes, or nothing."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return data[at + 5 : at + 9]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return b""
