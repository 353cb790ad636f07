"""Decodes a video's frames by their rows in the frame table, whatever the container says of times.

Every packet is given its running number as presentation time before it is decoded. Decoders carry
that number through their reordering, so each picture that comes out names the packet it came from;
that packet's content hash then names the row. So a frame is the one asked for because its compressed
bytes are, not because a seek landed well.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, Literal

import av.error

from core.errors import MediaError
from core.media.video_container import open_video, video_stream
from core.media.video_packets import PacketHasher, packets_of
from core.media.video_picture import stands_alone
from core.records.media import FrameStamp

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from core.media.video_packets import VideoPacket

_LOOK_AHEAD_ROWS: Final = 512  # damaged frames that one gap may span
_FORGET_PACKETS: Final = 256  # a packet this far back that gave no picture never will
_REORDER_FRAMES: Final = 17  # codecs hold back at most 16 pictures


class NotAKeyframeError(Exception):
    """Decoding from a row that the table calls a keyframe does not give that row's picture."""


class RowDecoder:
    """Decodes one video file from any keyframe row on. Not thread-safe.

    Args:
        path: the file.
        frames: its table, in ascending presentation time.

    Raises:
        FootageMissingError, MediaError: the file cannot be opened.
    """

    def __init__(self, path: Path, frames: Sequence[FrameStamp]) -> None:
        if not frames:
            raise MediaError(f"The table of {path.name} has no frames.", "Add the video again.")
        self._path = path
        self._frames = frames
        self._keyframe_rows = [row for row, frame in enumerate(frames) if frame.keyframe] or [0]
        self._container = open_video(path)
        try:
            self._stream = video_stream(self._container, path)
        except MediaError:
            self._container.close()
            raise
        self._fresh = True
        self._skipping: Literal["DEFAULT", "NONREF"] = "DEFAULT"
        self._keyframe_hashes = Counter(frames[row].content_hash for row in self._keyframe_rows)
        self._container_times = self._stream.start_time == frames[0].pts
        self._per_second = 1.0 / float(self._stream.time_base or 1)
        steps = [after.pts - before.pts for before, after in pairwise(frames[:1000])]
        self._reorder_span = int(median(steps) * _REORDER_FRAMES) if steps else 0

    def keyframe_row(self, row: int) -> int:
        """The last row at or before this one where decoding can start."""
        return self._keyframe_rows[max(bisect_right(self._keyframe_rows, row) - 1, 0)]

    def next_keyframe_row(self, row: int) -> int | None:
        """The first row after this one where decoding can start, or None."""
        at = bisect_right(self._keyframe_rows, row)
        return self._keyframe_rows[at] if at < len(self._keyframe_rows) else None

    def forget_keyframe(self, row: int) -> None:
        """Never again start at this row, whatever the container says; the first row always stays."""
        if row != self._keyframe_rows[0]:
            self._keyframe_rows.remove(row)

    def decode_from(self, row: int, needed_from: int = 0) -> Iterator[tuple[int, VideoFrame] | None]:
        """Decode from a keyframe row to the file's end: ascending rows with their pictures.

        Args:
            row: of a keyframe.
            needed_from: rows before this one may be left out, where that saves work.

        Between them comes None for each packet that was read and gave nothing, so that a caller can
        stop, or tell that it lives, and carry on later. Rows whose packets give no picture are left
        out; pictures that are in no row are dropped. Only the iterator that was made last may be used.

        Raises:
            NotAKeyframeError: the row is no place to start from (never for the first keyframe).
            MediaError: the file does not hold this row's picture: it is not the footage of the table.
        """
        hasher = PacketHasher()
        hash_of_packet: dict[int | None, bytes] = {}
        rows = _RowFinder(self._frames, row, strict=row != self._keyframe_rows[0])
        number = 0
        for packet in self._packets_from(row):
            if packet is None:
                yield None
                continue
            hash_of_packet[number] = hasher.hash(packet)
            hash_of_packet.pop(number - _FORGET_PACKETS, None)
            packet.pts = number
            self._skip_unreferenced(row + number + _REORDER_FRAMES < needed_from)
            number += 1
            pictures = self._pictures(packet)
            if not pictures:
                yield None
            for picture in pictures:
                found = rows.find(picture, hash_of_packet.pop(picture.pts, None))
                yield (found, picture) if found is not None else None
        for picture in self._pictures(None):
            found = rows.find(picture, hash_of_packet.pop(picture.pts, None))
            yield (found, picture) if found is not None else None
        if not rows.started:
            rows.refuse_start()
            raise self._changed()

    def _skip_unreferenced(self, skip: bool) -> None:
        """Do not decode pictures that no other one needs; only H.264 marks these beyond doubt."""
        codec = self._stream.codec_context
        wanted: Literal["DEFAULT", "NONREF"] = "NONREF" if skip and codec.name == "h264" else "DEFAULT"
        if wanted != self._skipping:
            codec.skip_frame = self._skipping = wanted

    def _pictures(self, packet: VideoPacket | None) -> list[VideoFrame]:
        try:
            return self._stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            return []  # damaged: this packet gives no picture

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _packets_from(self, row: int) -> Iterator[VideoPacket | None]:
        """The packets from this row's keyframe on, after None for each that was passed on the way."""
        wanted = self._frames[row]
        if row == self._keyframe_rows[0]:
            self._rewind()
            yield from packets_of(self._container, self._stream)
            return
        for hint in self._hints(wanted.pts):
            packets = self._packets_after_seek(hint)
            for packet in packets:
                if self._is_packet_of(packet, wanted):
                    yield packet
                    yield from packets
                    return
                if self._is_beyond(packet, wanted.pts):
                    break
                yield None
        yield from self._packets_found_from_start(row)

    def _hints(self, pts: int) -> Iterator[int]:
        """Times to seek to, ever earlier: containers land on decoding times, and not always before."""
        for seconds in (0.0, 0.5, 2.0, 10.0):
            yield pts - int(seconds * self._per_second) - (self._reorder_span if seconds else 0)

    def _packets_after_seek(self, hint: int) -> Iterator[VideoPacket]:
        self._fresh = False
        try:
            self._container.seek(hint, stream=self._stream, backward=True)
        except (av.error.FFmpegError, OSError):
            return iter(())
        return packets_of(self._container, self._stream)

    def _is_packet_of(self, packet: VideoPacket, wanted: FrameStamp) -> bool:
        """Whether this is a keyframe row's packet: by its hash, and by its time as keyframes may be alike."""
        if not packet.is_keyframe or PacketHasher().hash(packet) != wanted.content_hash:
            return False
        if self._container_times and packet.pts == wanted.pts:
            return True
        # where only decoding times are known, a keyframe's is at most the reordering delay earlier
        near = packet.dts is not None and wanted.pts - self._reorder_span <= packet.dts <= wanted.pts
        return near and self._keyframe_hashes[wanted.content_hash] == 1

    def _is_beyond(self, packet: VideoPacket, pts: int) -> bool:
        when = packet.dts if packet.dts is not None else packet.pts
        return when is None or when > pts + self._reorder_span

    def _packets_found_from_start(self, row: int) -> Iterator[VideoPacket | None]:
        """Read from the file's beginning to this row's keyframe, known by its hash alone.

        Keyframes may be alike (a black picture), so it is the one with as many like it before as in
        the table.
        """
        wanted = self._frames[row].content_hash
        alike_before = sum(self._frames[other].content_hash == wanted for other in range(row))
        self._rewind()
        packets = packets_of(self._container, self._stream)
        for packet in packets:
            if packet.is_keyframe and PacketHasher().hash(packet) == wanted:
                if alike_before == 0:
                    yield packet
                    yield from packets
                    return
                alike_before -= 1
            yield None
        raise self._changed()

    def _changed(self) -> MediaError:
        return MediaError(
            f"{self._path.name} is not the video that was added: its frames have changed or are damaged.",
            "Put the original file back, or add this one as a new source.",
        )

    def _rewind(self) -> None:
        """Go back to the very first packet: reopening is the one way that every container knows."""
        if not self._fresh:
            self._container.close()
            self._container = open_video(self._path)
            self._stream = video_stream(self._container, self._path)
            self._skipping = "DEFAULT"
        self._fresh = False


class _RowFinder:
    """Names the row of each picture that comes out of the decoder, in order."""

    def __init__(self, frames: Sequence[FrameStamp], first_row: int, *, strict: bool) -> None:
        self._frames = frames
        self._first_row = first_row
        self._next_row = first_row
        self._strict = strict
        self.started = False

    def find(self, picture: VideoFrame, content_hash: bytes | None) -> int | None:
        """The picture's row, or None where it has none.

        Raises:
            NotAKeyframeError: decoding did not start with the first row's picture.
        """
        if content_hash is None:
            return None
        for row in range(self._next_row, min(self._next_row + _LOOK_AHEAD_ROWS, len(self._frames))):
            if self._frames[row].content_hash != content_hash:
                continue
            is_start = row == self._first_row and stands_alone(picture)
            if not self.started and not is_start:
                self.refuse_start()
            self.started = True
            self._next_row = row + 1
            return row
        return None

    def refuse_start(self) -> None:
        """Say that decoding cannot start here, where another start is possible."""
        if self._strict:
            raise NotAKeyframeError
