"""Reads COLMAP's text models: cameras.txt, images.txt beside it, and points3D.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import CalibrationFileError
from core.geometry.calibration.files.colmap_cameras import ColmapCamera, ColmapImage, read_model
from core.geometry.calibration.files.imported import ImportedCamera, damaged, read_text, wrong_format

_LONGEST_LINE = 64 * 1024**2


def looks_like(head: str) -> bool:
    """Whether a file's beginning is that of cameras.txt."""
    pattern = r"^\s*\d+\s+[A-Z][A-Z_]+\s+\d+\s+\d+(\s+[-+\d.eE]+)+\s*$"
    return re.search(pattern, head, re.MULTILINE) is not None


def read_colmap_text(path: Path) -> list[ImportedCamera]:
    """The cameras of cameras.txt, placed by images.txt where it lies beside.

    Args:
        path: cameras.txt, or the folder that holds it.

    Raises:
        CalibrationFileError: where it is another format, damaged, or of a fisheye lens.
        DistortionFoldsError.
    """
    return read_model(path, ".txt", _cameras, _images)


def read_points_text(path: Path) -> NDArray[np.float64]:
    """(n, 3) points of points3D.txt, in COLMAP's world.

    Raises:
        CalibrationFileError: where it is another format or damaged.
    """
    rows = []
    for line in _lines(path):
        if line and not line.startswith("#"):
            words = line.split(None, 4)
            try:
                rows.append([float(word) for word in words[1:4]])
            except ValueError as error:
                raise damaged(path, "a point has something that is no number") from error
            if len(rows[-1]) != 3:
                raise damaged(path, "a point has not three coordinates")
    if not rows:
        raise damaged(path, "it holds no points")
    return np.array(rows)


def _cameras(path: Path) -> list[ColmapCamera]:
    found = []
    text = read_text(path)
    if not looks_like(text):
        raise wrong_format(path, "COLMAP's cameras.txt")
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            number, width, height = int(words[0]), int(words[2]), int(words[3])
            found.append(
                ColmapCamera(number, words[1], width, height, tuple(float(word) for word in words[4:]))
            )
        except (ValueError, IndexError) as error:
            raise damaged(path, f"the line {line[:60]!r} is no camera") from error
    return found


def _images(path: Path) -> list[ColmapImage]:
    """Two lines for each image: its pose, and its points, which may be none."""
    found = []
    lines = (line for line in _lines(path) if not line.startswith("#"))
    for line in lines:
        words = line.split(None, 9)
        if not words:
            continue
        try:
            _, qw, qx, qy, qz, tx, ty, tz = (float(word) for word in words[:8])
            found.append(ColmapImage((qw, qx, qy, qz), (tx, ty, tz), int(words[8]), words[9].strip()))
        except (ValueError, IndexError) as error:
            raise damaged(path, f"the line {line[:60]!r} is no image") from error
        next(lines, None)
    return found


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            while line := file.readline(_LONGEST_LINE):
                yield line.rstrip("\n")
    except OSError as error:
        raise CalibrationFileError(f"{path.name} cannot be read.", "Choose another file.") from error
