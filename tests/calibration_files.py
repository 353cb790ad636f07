"""One camera in the format of every tool whose calibrations are read, written as that tool writes it."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

from core.geometry.calibration.files.imported import ImportedCamera
from core.geometry.calibration.files.own_json import write_own
from core.geometry.calibration.ground_points import tangent_plane
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane
from tests.geometry.calibration.street import ground

FORMATS = (
    "opencv.yaml", "opencv.json", "opencv.xml", "ros.yaml", "colmap text", "colmap binary", "kitti.txt",
    "ai city", "ours.json",
)  # fmt: skip
WITH_GROUND = ("ai city", "ours.json")
"""Those of which the file tells the ground as well as the lens."""


def the_camera(width: int, height: int) -> tuple[Camera, GroundPlane]:
    """What all of the files describe."""
    return pinhole(width, height, 0.75 * width), ground()


def write_format(name: str, folder: Path, width: int, height: int) -> Path:
    """Writes the camera in a format of FORMATS; gives the file that a person would choose."""
    camera, plane = the_camera(width, height)
    if name.startswith("opencv"):
        return _opencv(folder / name, camera)
    if name == "ros.yaml":
        return _text(folder / name, _ros(camera))
    if name.startswith("colmap"):
        model = folder / name.replace(" ", "-")
        model.mkdir()
        return _colmap_text(model, camera) if name.endswith("text") else _colmap_binary(model, camera)
    if name == "kitti.txt":
        (fx, fy), (cx, cy) = camera.focal, camera.centre
        return _text(folder / name, f"P2: {fx} 0 {cx} 44.8 0 {fy} {cy} 0.2 0 0 1 0.003\n")
    if name == "ai city":
        return _text(folder / "calibration.txt", ai_city(camera, plane))
    write_own(folder / name, ImportedCamera("gate", camera, None, plane))
    return folder / name


def ai_city(camera: Camera, plane: GroundPlane, tail: str = "", inverse: bool = False) -> str:
    """A calibration as AI City's tool prints it: homography from (latitude, longitude, 1) to pixels."""
    tangent = tangent_plane([[42.525678, -90.723601]])
    frame = plane.frame()
    # the ground is linear in degrees to a millimetre here: take it from three places
    steps = tangent.metres([[42.525678, -90.723601], [42.526678, -90.723601], [42.525678, -90.722601]])
    per_degree = np.stack([steps[1], steps[2]], axis=1) * 1000.0
    to_metres = np.eye(3)
    to_metres[:2, :2] = per_degree
    to_metres[:2, 2] = -per_degree @ [42.525678, -90.723601]
    # x east is ahead, y north is left
    to_camera = np.stack([frame.rotation[:, 0], frame.rotation[:, 1], frame.translation], axis=1)
    homography = camera.matrix @ to_camera @ to_metres
    homography = homography / homography[2, 2]
    if inverse:
        homography = np.linalg.inv(homography)
        homography /= homography[2, 2]
    rows = ";".join(" ".join(f"{value:.15f}" for value in row) for row in homography)
    return f"Homography matrix: {rows}\n{tail}Reprojection error: 3.284\n"


def _opencv(path: Path, camera: Camera) -> Path:
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", camera.width)
    storage.write("image_height", camera.height)
    storage.write("camera_matrix", np.array(camera.matrix))
    storage.write("distortion_coefficients", np.zeros((1, 5)))
    storage.release()
    return path


def _ros(camera: Camera) -> str:
    data = ", ".join(repr(value) for value in camera.matrix.ravel().tolist())
    return (
        f"image_width: {camera.width}\nimage_height: {camera.height}\ncamera_name: gate\n"
        f"camera_matrix:\n  rows: 3\n  cols: 3\n  data: [{data}]\ndistortion_model: plumb_bob\n"
        "distortion_coefficients:\n  rows: 1\n  cols: 5\n  data: [0.0, 0.0, 0.0, 0.0, 0.0]\n"
    )


def _colmap_text(model: Path, camera: Camera) -> Path:
    (fx, fy), (cx, cy) = camera.focal, camera.centre + 0.5
    (model / "images.txt").write_text("1 1 0 0 0 0 0 0 1 gate.jpg\n\n")
    return _text(model / "cameras.txt", f"1 PINHOLE {camera.width} {camera.height} {fx} {fy} {cx} {cy}\n")


def _colmap_binary(model: Path, camera: Camera) -> Path:
    body = struct.pack("<QiiQQ", 1, 1, 1, camera.width, camera.height)
    (model / "cameras.bin").write_bytes(body + struct.pack("<4d", *camera.focal, *(camera.centre + 0.5)))
    return model / "cameras.bin"


def _text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
