"""Videos whose frames carry their own number, painted in blocks that survive compression."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 128, 96
_BLOCK = 16
_BITS = 16
_TIME_BASE = Fraction(1, 1000)


def paint(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A picture that carries a number: 16 blocks, white for 1, above a pattern that moves."""
    image = np.zeros((height, width, 3), np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    image[..., 0] = 90 + 40 * np.sin((x + 3 * number) / 9)
    image[..., 1] = 90 + 40 * np.sin((y - 2 * number) / 7)
    image[..., 2] = 110
    for bit in range(_BITS):
        row, column = divmod(bit, 8)
        value = 235 if number >> bit & 1 else 20
        image[row * _BLOCK : (row + 1) * _BLOCK, column * _BLOCK : (column + 1) * _BLOCK] = value
    return image


def number_in(image: NDArray[np.uint8]) -> int:
    """The number that a picture carries."""
    number = 0
    for bit in range(_BITS):
        row, column = divmod(bit, 8)
        middle = image[row * _BLOCK + 4 : row * _BLOCK + 12, column * _BLOCK + 4 : column * _BLOCK + 12]
        number |= int(middle.mean() > 128) << bit
    return number


@dataclass(frozen=True)
class Recipe:
    """How to make a painted video.

    Attributes:
        name: of the file; its suffix chooses the container.
        codec, options, gop: of the encoder.
        frames: how many.
        times_ms: each frame's presentation time, or None for 25 a second.
        size: (width, height) in pixels.
    """

    name: str
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    gop: int = 24
    frames: int = 80
    times_ms: Sequence[int] | None = None
    size: tuple[int, int] = (WIDTH, HEIGHT)


def write_painted(folder: Path, recipe: Recipe) -> Path:
    """Make a painted video, numbered from 0 in the order of presentation."""
    path = folder / recipe.name
    with av.open(str(path), "w") as container:
        stream = container.add_stream(recipe.codec, rate=25, options=dict(recipe.options))
        stream.width, stream.height = recipe.size
        stream.pix_fmt = "yuvj420p" if recipe.codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = recipe.gop
        stream.codec_context.bit_rate = 2_000_000
        if recipe.times_ms is not None:
            stream.codec_context.time_base = _TIME_BASE
        for number in range(recipe.frames):
            frame = av.VideoFrame.from_ndarray(paint(number, *recipe.size), format="rgb24")
            if recipe.times_ms is not None:
                frame.pts, frame.time_base = recipe.times_ms[number], _TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_packed_avi(path: Path, frames: int = 81, *, says_so: bool = True) -> Path:
    """An AVI as DivX wrote it: each P-frame's packet also holds the B-frame after it in decoding order,
    and an empty one follows in that B-frame's place.

    Args:
        says_so: in the file's header, as DivX did; else only the very first packet tells.
    """
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.framerate = Fraction(25)
    encoder.gop_size = 21
    encoder.bit_rate = 2_000_000
    encoder.max_b_frames = 1
    packets = []
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(paint(number), format="rgb24")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for slot, (data, keyframe) in enumerate(_packed([(bytes(p), p.is_keyframe) for p in packets])):
            packet = av.Packet(data)
            packet.stream = stream
            packet.is_keyframe = keyframe
            packet.pts = packet.dts = slot
            packet.time_base = Fraction(1, 25)
            container.mux(packet)
    if says_so:
        path.write_bytes(re.sub(rb"Lavc[\d.]{5,}", _divx_name, path.read_bytes()))
    return path


def _divx_name(encoder: re.Match[bytes]) -> bytes:
    """DivX's name with as many digits as fill the place of another encoder's; p is for packed."""
    return b"DivX503b%0*dp" % (len(encoder[0]) - 9, 1393)


def _packed(packets: Sequence[tuple[bytes, bool]]) -> list[tuple[bytes, bool]]:
    """Join each B-frame to the packet before it; user data in the first packet says that this is so."""
    stand_in = b"\x00\x00\x01\xb6\x53\x7f\x7f"
    out: list[tuple[bytes, bool]] = []
    for data, keyframe in packets:
        coding = data[data.index(b"\x00\x00\x01\xb6") + 4] >> 6
        if coding == 2 and out:
            before, before_key = out[-1]
            out[-1] = (before + data, before_key)
            out.append((stand_in, False))
        else:
            out.append((data, keyframe))
    first, keyframe = out[0]
    at = first.index(b"\x00\x00\x01\xb6")
    out[0] = (first[:at] + b"\x00\x00\x01\xb2DivX503b1393p" + first[at:], keyframe)
    return out


def write_trimmed(source: Path, target: Path, frames: int) -> Path:
    """The same packets in an MP4 whose edit list leaves out the first frames of a 25 a second one."""
    with (
        av.open(str(source)) as container,
        av.open(str(target), "w", options={"avoid_negative_ts": "disabled"}) as out,
    ):
        stream = container.streams.video[0]
        copy = out.add_stream_from_template(stream)
        shift = int(frames / 25 / stream.time_base)
        for packet in container.demux(stream):
            if packet.size:
                packet.pts -= shift
                packet.dts -= shift
                packet.stream = copy
                out.mux(packet)
    return target


def sequential(path: Path) -> list[NDArray[np.uint8]]:
    """Every frame as PyAV decodes the file from start to end, in order."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
