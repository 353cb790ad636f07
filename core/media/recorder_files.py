"""The files of a recording: written under a hidden name, renamed when whole, recovered after a crash.

A burst is one MP4 with H.264. While it is written it is fragmented, so that what was written before a crash
can be read; closing it turns it into a plain MP4 in place (FFmpeg's hybrid fragmented mode).
"""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import IO, TYPE_CHECKING

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from core.errors import DiskFullError

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream

_log = logging.getLogger(__name__)
TIME_BASE = Fraction(1, 90_000)
_FRAGMENT_US = 500_000  # a crash loses at most so much
_BT601, _LIMITED_RANGE = 6, 1  # AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_PART = re.compile(r"\.(?P<stem>[0-9TZ-]+)\.(?P<pid>\d+)-(?P<started>\d+)\.mp4\.part$")
_COPY = ".recovered"
_MOV_FLAGS = "+hybrid_fragmented+use_metadata_tags"


@dataclass(frozen=True, slots=True)
class Burst:
    """One finished file.

    Attributes:
        path: the file.
        started_at: capture time of its first frame, seconds UTC epoch. The presentation time of each frame
            in the file is its capture time less this one.
        frame_count: how many frames it holds.
        interrupted: whether it ended before its time, or was recovered after a crash.
    """

    path: Path
    started_at: float
    frame_count: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Leftover:
    """A half-written file of a recording that was killed.

    Attributes:
        part: the hidden file.
        burst: what could be recovered, or None when nothing could and the file was removed.
    """

    part: Path
    burst: Burst | None


class BurstWriter:
    """Writes one burst. Call `finish` or `abandon` in the end.

    Args:
        folder: where the file goes.
        started_at: capture time of the first frame, seconds UTC epoch.
        width, height: of every frame, pixels.
        fps: about how many frames a second will come; only the encoder's rate control looks at it.
        open_file: opens a new file for writing; tests hand in a disk that fills up.

    Raises:
        DiskFullError: from any method, when the disk is full; what is on it can be recovered later.
    """

    def __init__(
        self,
        folder: Path,
        started_at: float,
        width: int,
        height: int,
        fps: float,
        *,
        open_file: Callable[[Path], IO[bytes]] | None = None,
    ) -> None:
        self.started_at = started_at
        self.width, self.height = width, height
        self.frame_count = 0
        self._folder = folder
        self._last_pts = -1
        self._part = _part_path(folder, started_at)
        self._file = _Sink((open_file or _open_new)(self._part))
        self._container: OutputContainer | None = None
        try:
            self._container, self._stream = _open_mp4(self._file, started_at, width, height, fps)
        except (OSError, av.error.FFmpegError) as error:
            raise self._full_or(error) from error

    def add(self, captured_at: float, image: NDArray[np.uint8]) -> None:
        """Append a frame, (H, W, 3) uint8 RGB, captured at that time (seconds UTC epoch)."""
        from av.video.reformatter import ColorRange, Colorspace

        pts = max(round((captured_at - self.started_at) / TIME_BASE), self._last_pts + 1)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(
            format=self._stream.codec_context.pix_fmt,
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts, frame.time_base = pts, TIME_BASE
        try:
            self._open_container().mux(self._stream.encode(frame))
        except (OSError, av.error.FFmpegError) as error:
            raise self._full_or(error) from error
        self._last_pts = pts
        self.frame_count += 1

    def finish(self, interrupted: bool) -> Burst:
        """Complete the file and give it its name."""
        try:
            container = self._open_container()
            container.mux(self._stream.encode(None))
            container.close()
            self._container = None
            self._file.sync()
            self._file.close()
            path = _free_path(self._folder, self.started_at)
            self._part.rename(path)
            _keep_name(path)
        except (OSError, av.error.FFmpegError) as error:
            raise self._full_or(error) from error
        return Burst(path, self.started_at, self.frame_count, interrupted)

    def abandon(self) -> None:
        """Let go of the file as it is: removed without frames, else left for the next start to recover."""
        for close in (self._container.close if self._container else None, self._file.close):
            try:
                if close is not None:
                    close()
            except (OSError, av.error.FFmpegError) as error:  # its disk is full
                _log.info("closing %s: %s", self._part.name, error)
        self._container = None
        if self.frame_count == 0:
            self._part.unlink(missing_ok=True)

    def _open_container(self) -> OutputContainer:
        if self._container is None:
            raise ValueError("the burst is finished already")
        return self._container

    def _full_or(self, error: Exception) -> Exception:
        """What to raise for an error of writing; FFmpeg hides what the file itself said."""
        said = self._file.error or error
        if not isinstance(said, OSError) or said.errno not in _NO_ROOM:
            return error
        self.abandon()
        return disk_full(self._folder)


class _Sink:
    """A file that writes all it is given, and remembers why it could not."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.name = file.name
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self.error = error
            raise
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def disk_full(folder: Path) -> DiskFullError:
    """The error for a recording that finds no room."""
    return DiskFullError(
        f"The disk of {folder} is full: the recording has stopped.",
        "Free some space and start it again; what was recorded is kept.",
    )


def recover_leftovers(folder: Path) -> list[Leftover]:
    """Complete or remove the half-written files of recordings that were killed.

    Files of a recording that still runs are left alone.
    """
    leftovers = []
    for copy in sorted(folder.glob(f".*.mp4{_COPY}")):
        finished = _finish_recovery(copy)
        if finished is not None:
            leftovers.append(finished)
    for part in sorted(folder.glob(".*.mp4.part")):
        name = _PART.match(part.name)
        if name and not _still_runs(int(name["pid"]), int(name["started"])):
            leftovers.append(Leftover(part, _recover(part)))
    return leftovers


def burst_name(started_at: float) -> str:
    """A burst's name without its ending: the UTC time of its first frame, such as 2026-11-21T06-11-00Z."""
    return datetime.fromtimestamp(started_at, UTC).strftime("%Y-%m-%dT%H-%M-%SZ")


def capture_start(path: Path) -> float | None:
    """Capture time of a recorded file's first frame, seconds UTC epoch; None if it does not say."""
    try:
        with av.open(str(path)) as container:
            return _creation_time(container)
    except (OSError, av.error.FFmpegError):
        return None


def _open_mp4(
    file: _Sink, started_at: float, width: int, height: int, fps: float
) -> tuple[OutputContainer, VideoStream]:
    options = {"movflags": _MOV_FLAGS, "frag_duration": str(_FRAGMENT_US), "flush_packets": "1"}
    container = av.open(file, "w", format="mp4", options=options)
    written_at = datetime.fromtimestamp(started_at, UTC)
    container.metadata["creation_time"] = written_at.isoformat().replace("+00:00", "Z")
    stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
    stream.width, stream.height = width, height
    # half-size colour wants even sizes; other pictures keep all of their pixels instead
    stream.pix_fmt = "yuv420p" if width % 2 == 0 and height % 2 == 0 else "yuv444p"
    context = stream.codec_context
    context.time_base = stream.time_base = TIME_BASE  # true capture times, not multiples of a rate
    context.colorspace, context.color_range = _BT601, _LIMITED_RANGE
    # each frame is coded at once (no B-frames, no look-ahead), and a seek has little to decode
    context.options = {"preset": "veryfast", "tune": "zerolatency", "crf": "18", "bf": "0"}
    context.gop_size = max(2, round(2 * fps))
    return container, stream


def _part_path(folder: Path, started_at: float) -> Path:
    import psutil

    process = psutil.Process()
    return folder / f".{burst_name(started_at)}.{process.pid}-{int(process.create_time())}.mp4.part"


def _open_new(path: Path) -> IO[bytes]:
    return path.open("xb", buffering=0)


def _still_runs(pid: int, started: int) -> bool:
    """Whether the process that wrote a file is alive; a new process may have got its number."""
    import psutil

    try:
        return abs(int(psutil.Process(pid).create_time()) - started) <= 1
    except psutil.NoSuchProcess:
        return False


def _free_path(folder: Path, started_at: float) -> Path:
    """A name that is not taken: a drop can end two bursts in one second."""
    name = burst_name(started_at)
    path, number = folder / f"{name}.mp4", 2
    while path.exists():
        path, number = folder / f"{name}-{number}.mp4", number + 1
    return path


def _recover(part: Path) -> Burst | None:
    """Copy the whole frames of a half-written file into a plain one; None if there are none."""
    copy = part.with_suffix(_COPY)
    started_at, count = None, 0
    try:
        with av.open(str(part), format="mp4") as source:
            started_at = _creation_time(source)
            count = _copy_packets(source, copy) if started_at is not None else 0
    except (OSError, av.error.FFmpegError, IndexError) as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            copy.unlink(missing_ok=True)
            raise disk_full(part.parent) from error
        count = 0
    if started_at is None or count == 0:
        copy.unlink(missing_ok=True)
        part.unlink()
        return None
    part.unlink()  # from here on the copy is whole, and is taken as it is should this be killed too
    return _take_copy(copy, started_at, count)


def _finish_recovery(copy: Path) -> Leftover | None:
    """Carry on with a recovery that was itself killed."""
    part = copy.with_suffix(".part")
    if part.exists():  # the copy may be incomplete: it is made again
        copy.unlink()
        return None
    with av.open(str(copy), format="mp4") as container:
        started_at, count = _creation_time(container), container.streams.video[0].frames
    return Leftover(part, _take_copy(copy, started_at or copy.stat().st_mtime, count))


def _take_copy(copy: Path, started_at: float, count: int) -> Burst:
    path = _free_path(copy.parent, started_at)
    copy.rename(path)
    _keep_name(path)
    return Burst(path, started_at, count, interrupted=True)


def _keep_name(path: Path) -> None:
    """Make sure that a new name outlives a power cut; Windows has no means and no need for it."""
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _copy_packets(source: InputContainer, target: Path) -> int:
    """Copy the video's packets up to the first damaged one; returns how many."""
    taken = source.streams.video[0]
    count = 0
    with av.open(str(target), "w", format="mp4", options={"movflags": "use_metadata_tags"}) as copy:
        copy.metadata.update(source.metadata)
        stream = copy.add_stream_from_template(taken)
        stream.time_base = taken.time_base
        for packet in source.demux(taken):
            if packet.dts is None or packet.is_corrupt:
                break
            packet.stream = stream
            copy.mux(packet)
            count += 1
    return count


def _creation_time(container: InputContainer) -> float | None:
    try:
        return datetime.fromisoformat(container.metadata["creation_time"]).timestamp()
    except (KeyError, ValueError):
        return None
