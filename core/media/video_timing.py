"""Which packets of a video are shown frames, in what order and when.

Two ways: from the packets' own presentation times, where the container tells them truly; else by
decoding the whole file once and seeing what comes out, in which order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av.error

from core.media.video_container import opened_video
from core.media.video_packets import PacketFact, packets_of
from core.media.video_picture import stands_alone, upright_size

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from core.media.video_packets import VideoPacket

_REORDER_FRAMES: Final = 64  # codecs reorder by 16 pictures at most, each of two packets at most
_DECODE_THREADS: Final = 4  # fixed, so that every machine takes the same path through damaged data
_FALLBACK_RATE: Final = Fraction(25)


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One frame that is shown.

    Attributes:
        packet: number of its packet in file order.
        pts: presentation time in the stream's time base.
        keyframe: whether decoding can start here and give this and every later frame.
    """

    packet: int
    pts: int
    keyframe: bool


@dataclass(frozen=True, slots=True)
class DecodedOrder:
    """What a decode of the whole file gave.

    Attributes:
        frames: those of the most frequent size, in the order they came out.
        width, height: that size, upright, in pixels.
        other_sizes: how many frames had another size.
    """

    frames: tuple[ShownFrame, ...]
    width: int
    height: int
    other_sizes: int


def frames_by_times(packets: Sequence[PacketFact]) -> list[ShownFrame] | None:
    """The frames in ascending presentation time by what the packets tell; None where that cannot be.

    It cannot where a time is missing, told twice, or so far from the decoding order that no codec
    reorders like that (a clock that jumped). Packets outside the edit list only help others to be
    decoded. Frames shown before the first keyframe can never be
    decoded and are left out. A keyframe counts as a start only if nothing decoded before it is shown
    after it.
    """
    first_key = next((number for number, packet in enumerate(packets) if packet.keyframe), None)
    if first_key is None:
        return None
    start_pts = packets[first_key].pts
    frames: list[ShownFrame] = []
    latest: int | None = None
    for number, packet in enumerate(packets[first_key:], first_key):
        if packet.pts is None or start_pts is None:
            return None
        if packet.discard or packet.pts < start_pts:
            continue
        clean = latest is None or packet.pts > latest
        frames.append(ShownFrame(number, packet.pts, packet.keyframe and clean))
        latest = packet.pts if latest is None else max(latest, packet.pts)
    ordered = sorted(frames, key=lambda frame: frame.pts)
    if any(a.pts == b.pts for a, b in pairwise(ordered)):
        return None
    if any(abs(a.packet - b.packet) > _REORDER_FRAMES for a, b in zip(frames, ordered, strict=True)):
        return None
    return ordered


def frames_by_decoding(
    path: Path, packets: Sequence[PacketFact], progress: Callable[[float], None] | None = None
) -> DecodedOrder | None:
    """Decode the whole file and take the frames as they come out; None where nothing does.

    The k-th frame out gets the k-th smallest decoding time of the packets that gave frames: where
    only decoding times are stored (AVI), these are the slots in which frames are shown. Without
    decoding times the frames follow each other at the stream's nominal rate.

    Args:
        packets: of the same file, for their decoding times and keyframe marks.
        progress: called now and then with 0 to 1.
    """
    out: list[_Output] = []
    with opened_video(path) as (container, stream):
        stream.codec_context.thread_type = "FRAME"
        stream.codec_context.thread_count = _DECODE_THREADS
        step = _nominal_step(stream)
        # never the container's own first time, so that nominal times are not taken for its times
        first_nominal = stream.start_time + 1 if stream.start_time is not None else 0
        for number, packet in enumerate(packets_of(container, stream)):
            if number >= len(packets):
                break
            packet.pts = number  # comes out again with the picture that this packet gave
            out.extend(_outputs(stream, packet))
            if progress is not None and number % 64 == 0:
                progress(number / len(packets))
        out.extend(_outputs(stream, None))
    if not out:
        return None
    times = _slot_times([packets[output.packet].dts for output in out], first_nominal, step)
    clean = _decoded_after_all_before([output.packet for output in out])
    (width, height), _ = Counter(output.size for output in out).most_common(1)[0]
    frames = [
        ShownFrame(output.packet, pts, output.intra and packets[output.packet].keyframe and is_clean)
        for output, pts, is_clean in zip(out, times, clean, strict=True)
        if output.size == (width, height)
    ]
    return DecodedOrder(tuple(frames), width, height, len(out) - len(frames))


@dataclass(frozen=True, slots=True)
class _Output:
    """A picture that came out: from which packet, whether it stands alone, (width, height)."""

    packet: int
    intra: bool
    size: tuple[int, int]


def _outputs(stream: VideoStream, packet: VideoPacket | None) -> list[_Output]:
    try:
        pictures = stream.codec_context.decode(packet)
    except av.error.FFmpegError:
        return []  # damaged: this packet gives no picture
    return [
        _Output(picture.pts, stands_alone(picture), upright_size(picture))
        for picture in pictures
        if picture.pts is not None
    ]


def _slot_times(decoding_times: Sequence[int | None], first_nominal: int, step: int) -> list[int]:
    known = [time for time in decoding_times if time is not None]
    if len(known) == len(decoding_times) and len(set(known)) == len(known):
        return sorted(known)
    return [first_nominal + number * step for number in range(len(decoding_times))]


def _decoded_after_all_before(packet_numbers: Sequence[int]) -> list[bool]:
    """For each frame out, whether every later one out is from a later packet."""
    clean: list[bool] = []
    lowest_after: float = math.inf
    for number in reversed(packet_numbers):
        clean.append(number < lowest_after)
        lowest_after = min(lowest_after, number)
    return clean[::-1]


def _nominal_step(stream: VideoStream) -> int:
    """One frame's duration in units of the stream's time base, at least 1."""
    rate = stream.average_rate or stream.guessed_rate or _FALLBACK_RATE
    return max(round(1 / (Fraction(rate) * Fraction(stream.time_base or 1))), 1)
