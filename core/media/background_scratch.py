"""Samples staged on disk, so that the memory a background takes does not grow with their number."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.errors import DiskFullError, MediaError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def scratch_bytes(count: int, width: int, height: int) -> int:
    """How much disk `count` staged samples of width x height pixels take, in bytes, at most."""
    return count * height * (3 * width + (width + 7) // 8)


class SampleScratch:
    """Full pictures and their hidden pixels in two nameless files, read back in bands of rows.

    The files have no name where the system allows it, so a killed process leaves nothing behind.

    Args:
        folder: where the files are made; created if it is not there.
        width, height: of every picture, pixels.
        limit_bytes: the most that may be written.
        open_file: opens a nameless file in a folder; tests hand in a disk that fills up.

    Raises:
        DiskFullError: from `add` and `hide`, when the disk has no room left.
    """

    def __init__(
        self,
        folder: Path,
        width: int,
        height: int,
        *,
        limit_bytes: int,
        open_file: Callable[[Path], IO[bytes]] | None = None,
    ) -> None:
        self._folder = folder
        self.width = width
        self.height = height
        self._limit_bytes = limit_bytes
        self._row_bytes = 3 * width
        self._packed_bytes = (width + 7) // 8
        self.count = 0
        self.any_hidden = False
        folder.mkdir(parents=True, exist_ok=True)
        opener = open_file or _open_nameless
        self._images = opener(folder)
        self._hidden = opener(folder)

    def __enter__(self) -> SampleScratch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the disk back."""
        for file in (self._images, self._hidden):
            try:
                file.close()
            except OSError as error:  # closing flushes, which a full disk refuses
                if error.errno not in _NO_ROOM:
                    raise

    def add(self, image: NDArray[np.uint8]) -> int:
        """Stage one picture, (H, W, 3) uint8. Returns its number."""
        if scratch_bytes(self.count + 1, self.width, self.height) > self._limit_bytes:
            raise MediaError(
                f"{self.count + 1} pictures of {self.width} by {self.height} pixels take more than the "
                f"{self._limit_bytes / 2**30:.1f} GB that a background may put on disk for a while.",
                "Choose fewer frames for the background.",
            )
        self._write(self._images, self.count * self.height * self._row_bytes, image)
        self.count += 1
        return self.count - 1

    def hide(self, number: int, hidden: NDArray[np.bool_]) -> None:
        """Say which pixels of a staged picture do not count, (H, W) bool. Replaces what was said before."""
        packed = np.packbits(hidden, axis=1)
        self._write(self._hidden, number * self.height * self._packed_bytes, packed)
        self.any_hidden = True

    def picture(self, number: int) -> NDArray[np.uint8]:
        """Read one staged picture, (H, W, 3)."""
        image = np.empty((self.height, self.width, 3), dtype=np.uint8)
        self._images.seek(number * self.height * self._row_bytes)
        _read_into(self._images, image)
        return image

    def hidden(self, number: int) -> NDArray[np.bool_]:
        """Read which pixels of one picture do not count, (H, W) bool."""
        return self.hidden_band([number], 0, self.height)[0]

    def band(
        self, numbers: Sequence[int], first_row: int, last_row: int, into: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Read rows first_row..last_row-1 of some pictures into the front of a (>=N, >=R, W, 3) buffer."""
        band = into[: len(numbers), : last_row - first_row]
        for place, number in enumerate(numbers):
            self._images.seek((number * self.height + first_row) * self._row_bytes)
            _read_into(self._images, band[place])
        return band

    def hidden_band(self, numbers: Sequence[int], first_row: int, last_row: int) -> NDArray[np.bool_]:
        """Read which pixels of those rows do not count, (N, R, W) bool."""
        packed = np.zeros((len(numbers), last_row - first_row, self._packed_bytes), dtype=np.uint8)
        for place, number in enumerate(numbers):
            self._hidden.seek((number * self.height + first_row) * self._packed_bytes)
            _read_into(self._hidden, packed[place])
        return np.unpackbits(packed, axis=2, count=self.width).view(np.bool_)

    def _write(self, file: IO[bytes], offset: int, values: NDArray[np.uint8]) -> None:
        left = np.ascontiguousarray(values).data.cast("B")
        try:
            file.seek(offset)
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFullError(
                    f"The disk of {self._folder} is full: the pictures for a background do not fit on it.",
                    "Free some space, or choose fewer frames for the background.",
                ) from error
            raise


def _open_nameless(folder: Path) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=folder, prefix="background-", buffering=0)


def _read_into(file: IO[bytes], target: NDArray[np.uint8]) -> None:
    """Fill a contiguous array; what lies beyond the end of the file stays as it is."""
    left = target.data.cast("B")
    while left:
        got = file.readinto(left)  # type: ignore[attr-defined]
        if not got:
            return
        left = left[got:]
