"""COLMAP's camera models as ours, and its poses.

COLMAP puts the centre of the top left pixel at (0.5, 0.5), so that half a pixel is taken off its principal
points. Models and numbers are in COLMAP's documented order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import CalibrationFileError
from core.geometry.calibration.files.imported import ImportedCamera, damaged, fisheye, make_camera
from core.geometry.poses import Pose, rotation_from_quaternion

# by COLMAP's number: name, how many parameters, how many focal lengths
MODELS: Mapping[int, tuple[str, int, int]] = {
    0: ("SIMPLE_PINHOLE", 3, 1),
    1: ("PINHOLE", 4, 2),
    2: ("SIMPLE_RADIAL", 4, 1),
    3: ("RADIAL", 5, 1),
    4: ("OPENCV", 8, 2),
    5: ("OPENCV_FISHEYE", 8, 2),
    6: ("FULL_OPENCV", 12, 2),
    7: ("FOV", 5, 2),
    8: ("SIMPLE_RADIAL_FISHEYE", 4, 1),
    9: ("RADIAL_FISHEYE", 5, 1),
    10: ("THIN_PRISM_FISHEYE", 12, 2),
}
_PINHOLES = ("SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV", "FULL_OPENCV")


@dataclass(frozen=True, slots=True)
class ColmapCamera:
    """One row of COLMAP's cameras, as it stands in the file."""

    number: int
    model: str
    width: int
    height: int
    parameters: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ColmapImage:
    """One row of COLMAP's images: from world to camera, quaternion w x y z first."""

    quaternion: tuple[float, float, float, float]
    translation: tuple[float, float, float]
    camera: int
    name: str


def read_model(
    path: Path,
    suffix: str,
    cameras: Callable[[Path], Sequence[ColmapCamera]],
    images: Callable[[Path], Sequence[ColmapImage]],
) -> list[ImportedCamera]:
    """The cameras of a model's file of cameras, placed by its file of images where that lies beside.

    Args:
        path: the file of cameras, or the folder that holds it.
        suffix: ".txt" or ".bin".
        cameras, images: read the two files.
    """
    file = path / f"cameras{suffix}" if path.is_dir() else path
    beside = file.with_name(f"images{suffix}")
    return imported_cameras(file, cameras(file), images(beside) if beside.is_file() else [])


def imported_cameras(
    path: Path, cameras: Sequence[ColmapCamera], images: Sequence[ColmapImage]
) -> list[ImportedCamera]:
    """One camera for each image, with its pose; one for each camera where there are no images.

    COLMAP's world has a scale of its own unless its model was aligned to metres.

    Raises:
        CalibrationFileError: for a lens that is not supported, or numbers that are none.
        DistortionFoldsError.
    """
    if not cameras:
        raise damaged(path, "it holds no cameras")
    if not images:
        return [_imported(path, camera, f"camera {camera.number}", None) for camera in cameras]
    by_number = {camera.number: camera for camera in cameras}
    found = []
    for image in images:
        if image.camera not in by_number:
            raise damaged(path, f"the image {image.name} names a camera that it does not hold")
        if not 0.5 < np.linalg.norm(image.quaternion) < 2.0 or not np.isfinite(image.translation).all():
            raise damaged(path, f"the pose of {image.name} is none")
        pose = Pose(rotation_from_quaternion(image.quaternion), np.array(image.translation))
        found.append(_imported(path, by_number[image.camera], image.name, pose))
    return found


def _imported(path: Path, row: ColmapCamera, name: str, pose: Pose | None) -> ImportedCamera:
    if row.model not in _PINHOLES:
        if row.model in {each[0] for each in MODELS.values()}:
            raise fisheye(path, row.model)
        raise CalibrationFileError(
            f"{path.name} has a camera of the model {row.model[:40]}, which this program does not know.",
            "Undistort the images in COLMAP, which makes PINHOLE cameras.",
        )
    count, focals = next(each[1:] for each in MODELS.values() if each[0] == row.model)
    if len(row.parameters) != count:
        raise damaged(path, f"a {row.model} camera has {len(row.parameters)} parameters, not {count}")
    rest = row.parameters[focals:]
    fx, fy = row.parameters[0], row.parameters[focals - 1]
    matrix = [[fx, 0.0, rest[0] - 0.5], [0.0, fy, rest[1] - 0.5], [0.0, 0.0, 1.0]]
    # k1 (k2 (p1 p2 (k3 k4 k5 k6))): COLMAP's order is OpenCV's
    bend = rest[2:]
    if bend and len(bend) < 4:
        bend = (*bend, *(0.0,) * (4 - len(bend)))
    notes = (
        () if pose is None else ("Distances of COLMAP are metres only where its model was scaled to them.",)
    )
    return ImportedCamera(name, make_camera(path, (row.width, row.height), matrix, bend), pose, notes=notes)
