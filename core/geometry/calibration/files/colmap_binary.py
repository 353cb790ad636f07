"""Reads COLMAP's binary models: cameras.bin, images.bin beside it, and points3D.bin. Little-endian."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.geometry.calibration.files.colmap_cameras import (
    MODELS,
    ColmapCamera,
    ColmapImage,
    read_model,
)
from core.geometry.calibration.files.imported import ImportedCamera, damaged, read_bytes

_MOST_BYTES = 2 * 1024**3
_LONGEST_NAME = 4096


def read_colmap_binary(path: Path) -> list[ImportedCamera]:
    """The cameras of cameras.bin, placed by images.bin where it lies beside.

    Args:
        path: cameras.bin, or the folder that holds it.

    Raises:
        CalibrationFileError: where it is another format, damaged, or of a fisheye lens.
        DistortionFoldsError.
    """
    return read_model(path, ".bin", _cameras, _images)


def read_points_binary(path: Path) -> NDArray[np.float64]:
    """(n, 3) points of points3D.bin, in COLMAP's world.

    Raises:
        CalibrationFileError: where it is another format or damaged.
    """
    cursor = _Cursor(path)
    rows = np.empty((cursor.count(least_bytes=51), 3))
    for index in range(len(rows)):
        rows[index] = cursor.take("<Q3d3Bd")[1:4]
        cursor.skip(8 * cursor.count(least_bytes=8))
    if not len(rows):
        raise damaged(path, "it holds no points")
    return rows


def _cameras(path: Path) -> list[ColmapCamera]:
    cursor = _Cursor(path)
    found = []
    for _ in range(cursor.count(least_bytes=48)):
        number, model, width, height = cursor.take("<iiQQ")
        if model not in MODELS:
            raise damaged(path, f"it has a camera model number {model}, or is no COLMAP file")
        name, count, _ = MODELS[model]
        found.append(ColmapCamera(number, name, width, height, cursor.take(f"<{count}d")))
    return found


def _images(path: Path) -> list[ColmapImage]:
    cursor = _Cursor(path)
    found = []
    for _ in range(cursor.count(least_bytes=73)):
        _, qw, qx, qy, qz, tx, ty, tz, camera = cursor.take("<i7di")
        name = cursor.text()
        found.append(ColmapImage((qw, qx, qy, qz), (tx, ty, tz), camera, name))
        cursor.skip(24 * cursor.count(least_bytes=24))
    return found


class _Cursor:
    """Goes through a file's bytes, and never trusts a length that it states."""

    def __init__(self, path: Path) -> None:
        self._path, self._bytes, self._at = path, read_bytes(path, _MOST_BYTES), 0

    def take(self, layout: str) -> tuple[int, ...]:
        """The next numbers of a layout of `struct`."""
        start = self._at
        self.skip(struct.calcsize(layout))
        return struct.unpack_from(layout, self._bytes, start)

    def count(self, least_bytes: int) -> int:
        """How many things follow, of at least so many bytes each."""
        (count,) = self.take("<Q")
        if count * least_bytes > len(self._bytes) - self._at:
            raise damaged(self._path, "it ends too early, or is no COLMAP file")
        return count

    def skip(self, size: int) -> None:
        """Goes on."""
        if self._at + size > len(self._bytes):
            raise damaged(self._path, "it ends too early, or is no COLMAP file")
        self._at += size

    def text(self) -> str:
        """A name that ends with a nought."""
        end = self._bytes.find(b"\0", self._at, self._at + _LONGEST_NAME)
        if end < 0:
            raise damaged(self._path, "a name has no end")
        name = self._bytes[self._at : end].decode("utf-8", "replace")
        self._at = end + 1
        return name
