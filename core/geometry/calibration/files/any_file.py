"""Reads a calibration file of any tool, told apart by what is in it."""

from __future__ import annotations

from pathlib import Path

from core.geometry.calibration.files import (
    ai_city,
    colmap_text,
    kitti,
    opencv_storage,
    own_json,
    ros_camera_info,
)
from core.geometry.calibration.files.colmap_binary import read_colmap_binary
from core.geometry.calibration.files.imported import (
    ImportedCamera,
    PictureSize,
    fit_to_picture,
    read_text,
    wrong_format,
)


def read_calibration_file(path: Path, picture: PictureSize | None = None) -> list[ImportedCamera]:
    """The cameras of a file or, for COLMAP, of a model's folder.

    Args:
        picture: width and height of the footage, pixels; needed where the file does not say them. A
            calibration for pictures of another size but the same shape is scaled.

    Raises:
        CalibrationFileError: where it is no calibration, damaged, or of a lens that is not supported.
        DistortionFoldsError: where its distortion folds inside the picture.
        CalibrationError: where an AI City homography is no camera's.
    """
    return [fit_to_picture(found, picture) for found in _read(path, picture)]


def _read(path: Path, picture: PictureSize | None) -> list[ImportedCamera]:
    if path.is_dir():
        binary = (path / "cameras.bin").is_file()
        return read_colmap_binary(path) if binary else colmap_text.read_colmap_text(path)
    if path.suffix.lower() == ".bin":
        return read_colmap_binary(path)
    head = read_text(path)
    if own_json.looks_like(head):
        return [own_json.read_own(path)]
    if ros_camera_info.looks_like(head) and "opencv-matrix" not in head and "<opencv_storage" not in head:
        return [ros_camera_info.read_ros(path, picture)]
    if opencv_storage.looks_like(head):
        return [opencv_storage.read_opencv(path, picture)]
    if ai_city.looks_like(head):
        return [ai_city.read_ai_city(path, picture)]
    if kitti.looks_like(head):
        return kitti.read_kitti(path, picture)
    if colmap_text.looks_like(head):
        return colmap_text.read_colmap_text(path)
    raise wrong_format(path, "a calibration file that this program knows")
