"""Indexes a video: the table of its frames with presentation times, keyframes and content hashes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import MediaError
from core.media.capture_times import CaptureTimes, name_clock
from core.media.hashing import hash_of_hashes
from core.media.video_container import opened_video, tells_times
from core.media.video_decoder import NotAKeyframeError, RowDecoder
from core.media.video_packets import PacketTable, read_packets
from core.media.video_picture import upright_size
from core.media.video_timing import ShownFrame, frames_by_decoding, frames_by_times
from core.records.media import FrameStamp, SourceKind, SourceTable

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_PROVED_FRAMES: Final = 48
_PROVED_PER_KEYFRAME: Final = 8
_READING_SHARE: Final = 0.3  # of the progress, where a decode of the whole file follows


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of a file before any of its frames are named."""

    packets: PacketTable
    time_base: Fraction
    tells_times: bool
    square_pixels: bool


def index_video(
    path: Path, capture: CaptureTimes, progress: Callable[[float], None] | None = None
) -> SourceTable:
    """Read a video file's frame table.

    By reading its packets only, where the container tells presentation times that the first frames,
    decoded, bear out; else (AVI, bare streams, clocks that jump, sizes that change) by decoding the
    whole file once. Either gives the same table on each run. Frames of another size than most
    are left out, and the warnings say how many.

    Args:
        path: the file.
        capture: when the first frame was taken, or how the file's name tells it.
        progress: called now and then with 0 to 1.

    Raises:
        FootageMissingError, MediaError: there is no video, or no frame of it can be decoded.
    """
    facts = _read_facts(path, progress)
    table = _table_by_times(path, facts, capture)
    if table is None:
        table = _table_by_decoding(path, facts, capture, progress)
    if not _keyframes_hold(table):
        table = _from_start_only(table)
    if progress is not None:
        progress(1.0)
    return table


def video_content_hash(path: Path, progress: Callable[[float], None] | None = None) -> bytes:
    """The 16-byte hash over all packets in file order, which finds moved footage again.

    Costs one reading of the file; nothing is decoded.

    Raises:
        FootageMissingError, MediaError: the file is no video that can be read.
    """
    return _content_hash(_read_facts(path, progress).packets)


def _read_facts(path: Path, progress: Callable[[float], None] | None) -> _Facts:
    with opened_video(path) as (container, stream):
        aspect = stream.sample_aspect_ratio
        facts = _Facts(
            packets=read_packets(container, stream, progress),
            time_base=Fraction(stream.time_base or Fraction(1, 1000)),
            tells_times=tells_times(container, stream),
            square_pixels=not aspect or aspect == 1,
        )
    if not facts.packets.packets:
        raise MediaError(
            f"{path.name} has a video track, but no frame in it.",
            "Copy or record it again; its recording may have been stopped before it was saved.",
        )
    return facts


def _table_by_times(path: Path, facts: _Facts, capture: CaptureTimes) -> SourceTable | None:
    """The table from the packets' times; None where they cannot be trusted."""
    if not facts.tells_times or facts.packets.sizes_change:
        return None
    shown = frames_by_times(facts.packets.packets)
    if not shown:
        return None
    table = _table(path, facts, capture, shown, (0, 0), 0)
    size = _prove(table)
    return replace(table, width=size[0], height=size[1]) if size is not None else None


def _table_by_decoding(
    path: Path, facts: _Facts, capture: CaptureTimes, progress: Callable[[float], None] | None
) -> SourceTable:
    def later(share: float) -> None:
        if progress is not None:
            progress(_READING_SHARE + (1 - _READING_SHARE) * share)

    decoded = frames_by_decoding(path, facts.packets.packets, later)
    if decoded is None:
        raise MediaError(
            f"No frame of {path.name} can be decoded.",
            "The file is damaged; copy or record it again.",
        )
    size = (decoded.width, decoded.height)
    return _table(path, facts, capture, decoded.frames, size, decoded.other_sizes)


def _prove(table: SourceTable) -> tuple[int, int] | None:
    """Decode the first frames: their (width, height) if each comes out in its row, else None."""
    decoder = RowDecoder(table.path, table.frames)
    try:
        pictures = _unbroken(decoder, 0, min(_PROVED_FRAMES, len(table.frames)))
    finally:
        decoder.close()
    sizes = {upright_size(picture) for picture in pictures}
    return sizes.pop() if len(sizes) == 1 else None


def _keyframes_hold(table: SourceTable) -> bool:
    """Whether decoding from some keyframes in the middle gives every frame.

    It does not where only the file's first packet tells how to decode the rest. One of three is
    enough: the others may be damaged.
    """
    rows = [row for row, frame in enumerate(table.frames) if frame.keyframe and row > 0]
    if not rows:
        return True
    decoder = RowDecoder(table.path, table.frames)
    try:
        return any(
            _unbroken(decoder, row, min(_PROVED_PER_KEYFRAME, len(table.frames) - row))
            for row in dict.fromkeys((rows[0], rows[len(rows) // 2], rows[-1]))
        )
    finally:
        decoder.close()


def _unbroken(decoder: RowDecoder, first: int, count: int) -> list[VideoFrame]:
    """The pictures of this many rows from a keyframe on, if each comes out in its turn, else none."""
    pictures: list[VideoFrame] = []
    try:
        for step in decoder.decode_from(first):
            if step is None:
                continue
            row, picture = step
            if row != first + len(pictures):
                return []
            pictures.append(picture)
            if len(pictures) == count:
                return pictures
    except (MediaError, NotAKeyframeError):
        return []
    return []


def _from_start_only(table: SourceTable) -> SourceTable:
    return replace(
        table,
        frames=tuple(replace(frame, keyframe=row == 0) for row, frame in enumerate(table.frames)),
        warnings=(
            *table.warnings,
            f"{table.path.name} can only be decoded from its beginning on: going to a frame takes longer"
            " the later it is.",
        ),
    )


def _table(
    path: Path,
    facts: _Facts,
    capture: CaptureTimes,
    shown: Sequence[ShownFrame],
    size: tuple[int, int],
    other_sizes: int,
) -> SourceTable:
    start = capture.start if capture.start is not None else name_clock(capture)(path.name)
    first_pts = shown[0].pts
    seconds = float(facts.time_base)
    packets = facts.packets.packets
    frames = tuple(
        FrameStamp(
            pts=frame.pts,
            time_s=(time_s := (frame.pts - first_pts) * seconds),
            captured_at=start + time_s if start is not None else None,
            content_hash=packets[frame.packet].content_hash,
            keyframe=frame.keyframe or number == 0,
        )
        for number, frame in enumerate(shown)
    )
    return SourceTable(
        kind=SourceKind.VIDEO,
        path=path.absolute(),
        width=size[0],
        height=size[1],
        time_base=facts.time_base,
        content_hash=_content_hash(facts.packets),
        byte_size=path.stat().st_size,
        frames=frames,
        warnings=tuple(_warnings(path, facts, frames, other_sizes)),
    )


def _content_hash(packets: PacketTable) -> bytes:
    return hash_of_hashes(packet.content_hash for packet in packets.packets)


def _warnings(path: Path, facts: _Facts, frames: Sequence[FrameStamp], other_sizes: int) -> list[str]:
    warnings = []
    if facts.packets.cut:
        warnings.append(
            f"{path.name} ends early: it is cut off after {frames[-1].time_s:.1f} s."
            " What was there before is used."
        )
    if other_sizes:
        warnings.append(
            f"{other_sizes} frames of {path.name} have another size than the rest and were left out."
        )
    if not facts.square_pixels:
        warnings.append(
            f"{path.name} has pixels that are not square; it is used pixel by pixel, as it is stored."
        )
    return warnings
