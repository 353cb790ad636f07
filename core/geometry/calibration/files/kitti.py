"""Reads KITTI's calibrations: the object benchmark's P0 to P3, and the raw recordings' calib_cam_to_cam."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.geometry.calibration.files.imported import (
    ImportedCamera,
    PictureSize,
    damaged,
    make_camera,
    read_text,
    wrong_format,
)
from core.geometry.poses import Pose

Array = NDArray[np.float64]

_LINE = re.compile(r"^\s*([A-Za-z][A-Za-z0-9_]*):\s*(.*?)\s*$")


def looks_like(head: str) -> bool:
    """Whether a file's beginning is of this format."""
    return re.search(r"^\s*(P[0-3]|P_rect_\d\d|K_\d\d):\s", head, re.MULTILINE) is not None


def read_kitti(path: Path, picture: PictureSize | None = None) -> list[ImportedCamera]:
    """The cameras of a KITTI file, each with the pose of the velodyne where the file has it.

    Args:
        picture: width and height; the object benchmark's files do not say them.

    Raises:
        CalibrationFileError: where it is another format or damaged. DistortionFoldsError.
    """
    rows = _rows(path)
    found = [_projected(path, name, rows, picture) for name in sorted(rows) if re.fullmatch(r"P[0-3]", name)]
    for name in sorted(rows):
        if match := re.fullmatch(r"K_(\d\d)", name):
            found.append(_raw(path, match[1], rows, picture))
        if match := re.fullmatch(r"P_rect_(\d\d)", name):
            size = _size(rows.get(f"S_rect_{match[1]}")) or picture
            found.append(_projected(path, name, rows, size))
    if not found:
        raise wrong_format(path, "a KITTI calibration")
    return found


def _rows(path: Path) -> dict[str, Array]:
    rows: dict[str, Array] = {}
    for line in read_text(path).splitlines():
        if match := _LINE.match(line):
            try:
                rows[match[1]] = np.array([float(word) for word in match[2].split()], dtype=np.float64)
            except ValueError:
                # such as the time of the calibration
                continue
    return rows


def _projected(path: Path, name: str, rows: dict[str, Array], picture: PictureSize | None) -> ImportedCamera:
    if rows[name].size != 12:
        raise damaged(path, f"{name} has {rows[name].size} numbers, not 12")
    projection = rows[name].reshape(3, 4)
    camera = make_camera(path, picture, projection[:, :3])
    # P = K [I | t]: this camera sits beside the first
    beside = np.linalg.solve(projection[:, :3], projection[:, 3])
    return ImportedCamera(name, camera, _velodyne(rows, np.asarray(beside, dtype=np.float64)))


def _raw(path: Path, number: str, rows: dict[str, Array], picture: PictureSize | None) -> ImportedCamera:
    matrix, distortion = rows[f"K_{number}"], rows.get(f"D_{number}", np.zeros(0))
    if matrix.size != 9:
        raise damaged(path, f"K_{number} has {matrix.size} numbers, not 9")
    size = _size(rows.get(f"S_{number}")) or picture
    return ImportedCamera(f"K_{number}", make_camera(path, size, matrix.reshape(3, 3), distortion.tolist()))


def _size(row: Array | None) -> PictureSize | None:
    return None if row is None or row.size != 2 else (round(float(row[0])), round(float(row[1])))


def _velodyne(rows: dict[str, Array], beside: Array) -> Pose | None:
    """From the velodyne to the rectified camera, where the file has both steps."""
    turn, move = rows.get("R0_rect"), rows.get("Tr_velo_to_cam")
    if turn is None or move is None or turn.size != 9 or move.size != 12:
        return None
    step = turn.reshape(3, 3) @ move.reshape(3, 4)
    # seven digits do not make an exact rotation
    left, _, right = np.linalg.svd(step[:, :3])
    return Pose(np.asarray(left @ right, dtype=np.float64), step[:, 3] + beside)
