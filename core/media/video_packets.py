"""A video's compressed packets, read without decoding: times, keyframes and content hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import av
import av.error

from core.media.hashing import hash_bytes
from core.media.video_headers import size_header

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

_TINY_BYTES: Final = 32
_HELD_PACKETS: Final = 64
_CUT_SHARE: Final = 0.9  # sound may run on for a little longer than the picture
_CUT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class PacketFact:
    """One compressed packet of a video, in file order.

    Attributes:
        pts, dts: as the container tells them, in the stream's time base, or None.
        keyframe: whether the container says that decoding can start here.
        discard: outside the file's edit list: decoded, but never shown.
        content_hash: 16 bytes.
    """

    pts: int | None
    dts: int | None
    keyframe: bool
    discard: bool
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class PacketTable:
    """All packets of a video.

    Attributes:
        packets: in file order.
        cut: whether reading stopped at damage, or the last packets were incomplete.
        sizes_change: whether a later keyframe's header differs from the first where sizes are told.
    """

    packets: tuple[PacketFact, ...]
    cut: bool
    sizes_change: bool


class PacketHasher:
    """Hashes packets in file order.

    Packets of a few bytes ("repeat the last picture", placeholders of packed B-frames) are alike all
    over a file, so theirs covers the hash of the packet before as well. A keyframe's never does, so
    that hashing may start at any of them.
    """

    def __init__(self) -> None:
        self._previous = b""

    def hash(self, packet: VideoPacket) -> bytes:
        """The 16-byte content hash of the next packet."""
        data = memoryview(packet)
        if data.nbytes > _TINY_BYTES or packet.is_keyframe:
            self._previous = hash_bytes(data)
        else:
            self._previous = hash_bytes(self._previous + bytes(data))
        return self._previous


def packets_of(
    container: InputContainer, stream: VideoStream, incomplete: list[VideoPacket] | None = None
) -> Iterator[VideoPacket]:
    """The stream's packets from the present position, but for incomplete ones at the end.

    Damage that the container cannot step over ends them, as the end of the file does.

    Args:
        incomplete: is given the packets at the end that were left out.
    """
    packets = container.demux(stream)
    held = incomplete if incomplete is not None else []
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError):
            return
        if packet is None:
            return
        if packet.size == 0:
            continue
        held.append(packet)  # a decoder that fails on an incomplete last packet loses sound ones before it
        if not packet.is_corrupt or len(held) > _HELD_PACKETS:
            yield from held
            held.clear()


def read_packets(
    container: InputContainer, stream: VideoStream, progress: Callable[[float], None] | None = None
) -> PacketTable:
    """Read every packet of a freshly opened video, once, in file order.

    Args:
        progress: called now and then with 0 to 1.
    """
    hasher = PacketHasher()
    facts: list[PacketFact] = []
    incomplete: list[VideoPacket] = []
    codec_name = stream.codec_context.name
    first_header: bytes | None = None
    sizes_change = False
    byte_size = max(container.size, 1)
    for packet in packets_of(container, stream, incomplete):
        facts.append(
            PacketFact(packet.pts, packet.dts, packet.is_keyframe, packet.is_discard, hasher.hash(packet))
        )
        if packet.is_keyframe:
            header = size_header(codec_name, bytes(packet))
            if packet.has_sidedata("new_extradata") and len(facts) > 1:
                sizes_change = True
            if header:
                sizes_change = sizes_change or first_header not in (None, header)
                first_header = first_header or header
        if progress is not None and len(facts) % 256 == 0 and packet.pos is not None:
            progress(min(packet.pos / byte_size, 1.0))
    cut = bool(incomplete) or _ends_early(container, stream, facts)
    return PacketTable(tuple(facts), cut, sizes_change)


def _ends_early(container: InputContainer, stream: VideoStream, facts: list[PacketFact]) -> bool:
    """Whether the file's header promises clearly more than there was to read."""
    name = container.format.name
    if "mp4" in name:
        return len(facts) < stream.frames
    per_unit = float(stream.time_base or 0)
    promised_s = stream.frames * per_unit if name == "avi" else (container.duration or 0) / av.time_base
    times = [time for fact in facts if (time := fact.pts if fact.pts is not None else fact.dts) is not None]
    if not times or not promised_s:
        return False
    given_s = (max(times) - min(times)) * per_unit
    return given_s < _CUT_SHARE * promised_s and promised_s - given_s > _CUT_SECONDS
