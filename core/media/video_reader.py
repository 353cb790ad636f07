"""Reads frames of a video: exactly at a presentation time, or all in a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from core.errors import MediaError
from core.media.reader import DEFAULT_KEEP_BYTES
from core.media.video_decoder import NotAKeyframeError, RowDecoder
from core.media.video_picture import RgbConverter, picture_bytes
from core.records.media import DecodedFrame, FrameStamp

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_SHORTLY_AHEAD_ROWS: Final = 24  # decoding on to here costs less than seeking and starting anew
_WINDOW_ROWS: Final = 48  # of which stepping back decodes a long group again once
_FAILED_STARTS: Final = 3  # in a row; the rest of the file is then given up


class VideoReader:
    """Exact reading of one video file; see `FrameReader`. Not thread-safe.

    `read` seeks to the last keyframe at or before the frame and decodes on from there, and goes on
    from where it is when the frame lies shortly ahead. The pictures decoded on the way stay, as
    decoded (half the size of RGB), in a window of `keep_bytes` behind the last one, so that stepping
    back through a long group of pictures decodes it once a window (48 frames at most) and not once a
    step. Pictures before the window are decoded only where others need them.

    Raises:
        FootageMissingError, MediaError: the file cannot be opened.
    """

    def __init__(
        self, path: Path, frames: Sequence[FrameStamp], *, keep_bytes: int = DEFAULT_KEEP_BYTES
    ) -> None:
        self.problems: list[tuple[int, MediaError]] = []
        self._path = path
        self._frames = frames
        self._row_of_pts = {frame.pts: row for row, frame in enumerate(frames)}
        self._decoder = RowDecoder(path, frames)
        self._converter = RgbConverter()
        self._window = _Window(keep_bytes)
        self._steps: Iterator[tuple[int, VideoFrame] | None] | None = None
        self._next_row = 0  # no row below this comes out of the present steps any more
        self._needed_from = 0  # nor does every row below this

    def read(self, pts: int, tick: Callable[[], None] | None = None) -> DecodedFrame:
        """See `FrameReader.read`."""
        row = self._row_of_pts.get(pts)
        if row is None:
            raise MediaError(
                f"{self._path.name} has no frame at the presentation time {pts}.",
                "Add the source again if the file has been replaced.",
            )
        picture = self._window.get(row)
        while picture is None:
            try:
                picture = self._decode_to(row, tick)
            except NotAKeyframeError:
                self._decoder.forget_keyframe(self._decoder.keyframe_row(row))
                self._steps = None
            except MediaError:
                self._steps = None
                raise
        return self._converted(row, picture)

    def iterate(
        self, first_pts: int | None = None, last_pts: int | None = None, every: int = 1
    ) -> Iterator[DecodedFrame]:
        """See `FrameReader.iterate`. Decodes on a file handle of its own, apart from `read`."""
        wanted = [
            row
            for row, frame in enumerate(self._frames)
            if (first_pts is None or frame.pts >= first_pts) and (last_pts is None or frame.pts <= last_pts)
        ][::every]
        decoder = RowDecoder(self._path, self._frames)
        given = 0
        try:
            at = 0
            for row, picture in _rows_in_order(decoder, wanted):
                while wanted[at] < row:
                    self._note_damage(wanted[at])
                    at += 1
                at += 1
                given += 1
                yield self._converted(row, picture)
            for missing in wanted[at:]:
                self._note_damage(missing)
        finally:
            decoder.close()
        if wanted and not given:
            raise self.problems[-1][1]

    def close(self) -> None:
        """Close the file and drop what was kept."""
        self._steps = None
        self._window.clear()
        self._decoder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decode_to(self, row: int, tick: Callable[[], None] | None) -> VideoFrame:
        """Decode on, or from the right keyframe, until this row's picture comes out."""
        start = self._decoder.keyframe_row(row)
        reachable = self._steps is not None and max(self._next_row, self._needed_from) <= row
        if not reachable or (start > self._next_row and row - self._next_row > _SHORTLY_AHEAD_ROWS):
            self._window.clear()
            self._needed_from = row - _WINDOW_ROWS
            self._steps = self._decoder.decode_from(start, self._needed_from)
            self._next_row = start
        assert self._steps is not None
        for step in self._steps:
            if step is not None:
                found, picture = step
                self._next_row = found + 1
                if found > row - _WINDOW_ROWS:
                    self._window.add(found, picture)
                if found == row:
                    return picture
                if found > row:
                    raise self._damaged(row)
            if tick is not None:
                tick()
        self._steps = None
        raise self._damaged(row)

    def _converted(self, row: int, picture: VideoFrame) -> DecodedFrame:
        return DecodedFrame(self._frames[row].pts, self._converter.convert(picture))

    def _damaged(self, row: int) -> MediaError:
        return MediaError(
            f"The frame at {self._frames[row].time_s:.2f} s of {self._path.name} is damaged"
            " and cannot be decoded.",
            "Go on with another frame; the rest of the video may be sound.",
        )

    def _note_damage(self, row: int) -> None:
        self.problems.append((self._frames[row].pts, self._damaged(row)))


class _Window:
    """The last decoded pictures, bounded in bytes and rows; the newest always stays."""

    def __init__(self, keep_bytes: int) -> None:
        self._keep_bytes = keep_bytes
        self._held_bytes = 0
        self._order: deque[int] = deque()
        self._pictures: dict[int, VideoFrame] = {}

    def get(self, row: int) -> VideoFrame | None:
        return self._pictures.get(row)

    def add(self, row: int, picture: VideoFrame) -> None:
        self._order.append(row)
        self._pictures[row] = picture
        self._held_bytes += picture_bytes(picture)
        while len(self._order) > 1 and (
            self._held_bytes > self._keep_bytes or len(self._order) > _WINDOW_ROWS
        ):
            self._held_bytes -= picture_bytes(self._pictures.pop(self._order.popleft()))

    def clear(self) -> None:
        self._order.clear()
        self._pictures.clear()
        self._held_bytes = 0


def _rows_in_order(decoder: RowDecoder, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
    """The wanted rows that can be decoded, ascending; leaps over groups of pictures that hold none.

    Where decoding stops early, it starts again at the next keyframe.

    Raises:
        MediaError: not even the first start can be found.
    """
    remaining = deque(wanted)
    failures = 0
    while remaining and failures < _FAILED_STARTS:
        start = decoder.keyframe_row(remaining[0])
        reached = start
        try:
            for row, picture in _decoded(decoder, start):
                reached = row
                while remaining and remaining[0] < row:
                    remaining.popleft()
                if remaining and remaining[0] == row:
                    remaining.popleft()
                    yield row, picture
                if not remaining or decoder.keyframe_row(remaining[0]) - row > _SHORTLY_AHEAD_ROWS:
                    break
            else:
                _drop_until(remaining, decoder.next_keyframe_row(reached))
            failures = 0
        except NotAKeyframeError:
            decoder.forget_keyframe(start)
        except MediaError:
            if len(remaining) == len(wanted):
                raise
            failures += 1
            _drop_until(remaining, decoder.next_keyframe_row(reached))


def _decoded(decoder: RowDecoder, start: int) -> Iterator[tuple[int, VideoFrame]]:
    return (step for step in decoder.decode_from(start) if step is not None)


def _drop_until(rows: deque[int], end: int | None) -> None:
    while rows and (end is None or rows[0] < end):
        rows.popleft()
