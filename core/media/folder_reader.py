"""Reads the pictures of a folder."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.errors import FootageMissingError, MediaError
from core.media.folder_index import stays_inside
from core.media.folder_picture import decode_picture
from core.media.hashing import hash_bytes
from core.records.media import DecodedFrame, FrameStamp

_THREADS: Final = 2
_AHEAD: Final = 4  # pictures decoded before they are asked for


class FolderReader:
    """Reading of one folder's pictures; see `FrameReader`.

    Raises:
        FootageMissingError: the folder is not there.
    """

    def __init__(self, folder: Path, frames: Sequence[FrameStamp]) -> None:
        if not folder.is_dir():
            raise FootageMissingError(
                f"The folder {folder} is not there.", "Connect its disk, or say where it has moved to."
            )
        self.problems: list[tuple[int, MediaError]] = []
        self._folder = folder
        self._frames = frames
        self._row_of_pts = {frame.pts: row for row, frame in enumerate(frames)}

    def read(self, pts: int, tick: Callable[[], None] | None = None) -> DecodedFrame:
        """See `FrameReader.read`; a picture is read in one go, without a tick."""
        row = self._row_of_pts.get(pts)
        if row is None:
            raise MediaError(
                f"The folder {self._folder.name} has no picture at the time {pts}.",
                "Add the source again if its pictures have been replaced.",
            )
        return self._read(self._frames[row])

    def iterate(
        self, first_pts: int | None = None, last_pts: int | None = None, every: int = 1
    ) -> Iterator[DecodedFrame]:
        """See `FrameReader.iterate`. Decodes a few pictures ahead on threads of its own."""
        wanted = [
            frame
            for frame in self._frames
            if (first_pts is None or frame.pts >= first_pts) and (last_pts is None or frame.pts <= last_pts)
        ][::every]
        given = 0
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="pictures") as pool:
            pending: deque[tuple[FrameStamp, Future[DecodedFrame]]] = deque()
            coming = iter(wanted)
            try:
                while True:
                    while len(pending) < _AHEAD and (frame := next(coming, None)) is not None:
                        pending.append((frame, pool.submit(self._read, frame)))
                    if not pending:
                        break
                    frame, future = pending.popleft()
                    try:
                        decoded = future.result()
                    except MediaError as error:
                        self.problems.append((frame.pts, error))
                        continue
                    given += 1
                    yield decoded
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        if wanted and not given:
            raise self.problems[-1][1]

    def close(self) -> None:
        """Nothing is held open between pictures."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, frame: FrameStamp) -> DecodedFrame:
        name = frame.name or ""
        # names come from a project file, which may be anybody's
        if not name or not stays_inside(self._folder, name):
            raise MediaError(
                f"The picture {name!r} lies outside the folder {self._folder.name}.",
                "Add the folder again; do not trust a project that asks for other files.",
            )
        try:
            data = (self._folder / name).read_bytes()
        except FileNotFoundError as error:
            raise self._missing(name) from error
        except OSError as error:
            raise MediaError(
                f"The picture {name} cannot be read: {error.strerror or error}.", "Check its disk."
            ) from error
        if hash_bytes(data) != frame.content_hash:
            raise MediaError(
                f"The picture {name} is not the one that was added: its content has changed.",
                "Put the original back, or add the folder as a new source.",
            )
        return DecodedFrame(frame.pts, decode_picture(data, name))

    def _missing(self, name: str) -> MediaError:
        if not self._folder.is_dir():
            return FootageMissingError(
                f"The folder {self._folder} is not there any more.",
                "Connect its disk, or say where it has moved to.",
            )
        return MediaError(
            f"The picture {name} is no longer in the folder {self._folder.name}.",
            "Put it back, or go on with another frame.",
        )
