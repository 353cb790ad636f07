"""Our own calibration file: JSON with units and frames in its names. Read and written without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import CalibrationError, CalibrationFileError
from core.geometry.calibration.files.imported import (
    ImportedCamera,
    damaged,
    make_camera,
    read_text,
    wrong_format,
)
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import Pose

FORMAT = "amodal-camera"
VERSION = 1
_NOT_ROTATED = 1e-6


def looks_like(head: str) -> bool:
    """Whether a file's beginning is of this format."""
    return f'"{FORMAT}"' in head


def write_own(path: Path, imported: ImportedCamera) -> None:
    """Writes one camera. Raises CalibrationFileError where the file cannot be written."""
    camera, plane, pose = imported.camera, imported.plane, imported.world_to_camera
    content = {
        "format": FORMAT,
        "version": VERSION,
        "name": imported.name,
        "image_size": [camera.width, camera.height],
        "camera_matrix": camera.matrix.tolist(),
        "distortion": {"model": "opencv", "coefficients": list(camera.distortion)},
        "ground_plane": None
        if plane is None
        else {"normal": plane.normal.tolist(), "height_m": plane.height, "frame": "camera"},
        "world_to_camera": None
        if pose is None
        else {"rotation": pose.rotation.tolist(), "translation_m": pose.translation.tolist()},
        "residual_px": imported.residual_px,
        "notes": list(imported.notes),
    }
    try:
        path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CalibrationFileError(
            f"{path.name} cannot be written: {error.strerror or error}.", "Choose another folder."
        ) from error


def read_own(path: Path) -> ImportedCamera:
    """Reads one camera.

    Raises:
        CalibrationFileError: where it is another format, of a newer version, or damaged.
        DistortionFoldsError.
    """
    try:
        content = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise damaged(path, "it is no JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise wrong_format(path, "a camera file of Amodal Studio")
    if content.get("version") != VERSION:
        raise CalibrationFileError(
            f"{path.name} was written by a newer version of the program.", "Update the program."
        )
    try:
        return _imported(path, content)
    except CalibrationError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(path, f"something in it is missing or has another kind ({error})") from error


def _imported(path: Path, content: dict[str, Any]) -> ImportedCamera:
    width, height = (int(size) for size in content["image_size"])
    distortion = content.get("distortion") or {"coefficients": []}
    if distortion.get("model", "opencv") != "opencv":
        raise damaged(path, "its distortion is not of OpenCV's model")
    coefficients = [float(value) for value in distortion["coefficients"]]
    plane, pose, residual = (content.get(key) for key in ("ground_plane", "world_to_camera", "residual_px"))
    return ImportedCamera(
        str(content.get("name", path.stem))[:200],
        make_camera(path, (width, height), content["camera_matrix"], coefficients),
        None if pose is None else _pose(path, pose),
        None
        if plane is None
        else GroundPlane(np.array(plane["normal"], dtype=np.float64), float(plane["height_m"])),
        None if residual is None else float(residual),
        tuple(str(note) for note in content.get("notes", [])),
    )


def _pose(path: Path, content: dict[str, Any]) -> Pose:
    rotation = np.array(content["rotation"], dtype=np.float64).reshape(3, 3)
    translation = np.array(content["translation_m"], dtype=np.float64).reshape(3)
    wrong = np.abs(rotation @ rotation.T - np.eye(3)).max() + abs(np.linalg.det(rotation) - 1.0)
    if not (wrong < _NOT_ROTATED and np.isfinite(translation).all()):
        raise damaged(path, "its pose is no rotation and translation")
    return Pose(rotation, translation)
