"""What every reader of another tool's calibration gives, and the few steps that all of them take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from core.errors import CalibrationError, CalibrationFileError
from core.geometry.calibration.result import CalibrationResult
from core.geometry.cameras import Camera, require_unfolded
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import Pose
from core.records.cameras import CalibrationMethod

PictureSize = tuple[int, int]
MOST_TEXT_BYTES = 4 * 1024**2
_SAME_SHAPE = 0.005


@dataclass(frozen=True, eq=False)
class ImportedCamera:
    """One camera of a file.

    Attributes:
        name: what the file calls it, or the file's own name.
        camera: intrinsics, in our convention of pixels.
        world_to_camera: from the file's own frame to the camera's; None where the file has no poses.
        plane: the ground, camera frame; None where the file has none.
        residual_px: as the file states it; None where it does not.
        notes: plain sentences for the person.
    """

    name: str
    camera: Camera
    world_to_camera: Pose | None = None
    plane: GroundPlane | None = None
    residual_px: float | None = None
    notes: tuple[str, ...] = ()


def result_of_import(imported: ImportedCamera) -> CalibrationResult:
    """An imported camera as a calibration, of which no uncertainty is known."""
    stated = [] if imported.residual_px is None else [imported.residual_px]
    return CalibrationResult(
        CalibrationMethod.IMPORT,
        imported.camera,
        imported.plane,
        np.array(stated, dtype=np.float64),
        None,
        imported.world_to_camera,
        imported.notes,
    )


def read_bytes(path: Path, most: int = MOST_TEXT_BYTES) -> bytes:
    """A file's bytes.

    Raises:
        CalibrationFileError: where it cannot be read, or is larger than `most`.
    """
    try:
        with path.open("rb") as file:
            body = file.read(most + 1)
    except OSError as error:
        raise CalibrationFileError(
            f"{path.name} cannot be read: {error.strerror or error}.", "Choose another file."
        ) from error
    if len(body) > most:
        raise CalibrationFileError(
            f"{path.name} is larger than {most // 1024**2} MiB, which no calibration is.",
            "Choose another file.",
        )
    return body


def read_text(path: Path, most: int = MOST_TEXT_BYTES) -> str:
    """A file's text.

    Raises:
        CalibrationFileError: where it cannot be read, is larger than `most`, or is no text.
    """
    body = read_bytes(path, most)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong_format(path, "a text file") from error


def wrong_format(path: Path, wanted: str) -> CalibrationFileError:
    """The error of a file of another format."""
    return CalibrationFileError(
        f"{path.name} is not {wanted}.",
        "Choose a file of OpenCV (YAML, JSON, XML), ROS camera_info, COLMAP, KITTI, AI City, or our own.",
    )


def damaged(path: Path, what: str) -> CalibrationFileError:
    """The error of a file of the right format with something wrong in it."""
    return CalibrationFileError(f"{path.name}: {what}.", "Write the file again with its own tool.")


def fisheye(path: Path, model: str) -> CalibrationFileError:
    """The error of a lens that is not supported."""
    return CalibrationFileError(
        f"{path.name} describes a fisheye lens ({model}), which this program does not know.",
        "Undistort the footage to a pinhole picture first, or calibrate with OpenCV's usual model.",
    )


def make_camera(
    path: Path, picture: PictureSize | None, matrix: ArrayLike, distortion: Sequence[float] = ()
) -> Camera:
    """A camera from a file's numbers, all of them checked.

    Args:
        picture: width and height, pixels; None where neither the file nor the person says.

    Raises:
        CalibrationFileError: where something is missing or wrong. DistortionFoldsError.
    """
    if picture is None:
        raise CalibrationFileError(
            f"{path.name} does not say how large the picture is.",
            "Give the width and height of the pictures that the calibration was made with.",
        )
    try:
        camera = Camera(picture[0], picture[1], np.asarray(matrix, dtype=np.float64), tuple(distortion))
    except CalibrationError as error:
        raise CalibrationFileError(f"{path.name}: {error.problem}", error.way_out) from error
    require_unfolded(camera)
    return camera


def fit_to_picture(imported: ImportedCamera, picture: PictureSize | None) -> ImportedCamera:
    """The camera for pictures of another size than the calibration's, where the shape is the same.

    Args:
        picture: width and height of the footage, pixels, or None.

    Raises:
        CalibrationFileError: where the shape is another.
    """
    camera = imported.camera
    if picture is None or picture == (camera.width, camera.height):
        return imported
    if abs(picture[0] * camera.height / (picture[1] * camera.width) - 1.0) > _SAME_SHAPE:
        raise CalibrationFileError(
            f"The calibration is for pictures of {camera.width}x{camera.height}, "
            f"the footage has {picture[0]}x{picture[1]}: one is cut or stretched.",
            "Calibrate with pictures as the camera delivers them.",
        )
    note = f"Scaled from {camera.width}x{camera.height} to {picture[0]}x{picture[1]} pixels."
    return replace(imported, camera=camera.resized(*picture), notes=(*imported.notes, note))
