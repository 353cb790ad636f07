"""COLMAP's models, text and binary, in its documented layout, with its half pixel."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from core.errors import CalibrationFileError
from core.geometry.calibration.files.any_file import read_calibration_file
from core.geometry.calibration.files.colmap_binary import read_colmap_binary, read_points_binary
from core.geometry.calibration.files.colmap_cameras import MODELS
from core.geometry.calibration.files.colmap_text import read_points_text

# number, model, width, height, parameters
CAMERAS = [
    (1, 0, 3072, 2304, (2559.81, 1536.0, 1152.0)),
    (7, 2, 1920, 1080, (1400.0, 961.5, 541.0, -0.05)),
    (3, 4, 1920, 1080, (1400.0, 1410.0, 961.5, 541.0, -0.2, 0.05, 0.001, -0.0005)),
    (4, 6, 1920, 1080, (1400.0, 1410.0, 961.5, 541.0, -0.2, 0.05, 0.001, -0.0005, 0.001, 0.01, 0.0, 0.0)),
    (5, 3, 1920, 1080, (1400.0, 961.5, 541.0, -0.05, 0.01)),
    (6, 1, 1920, 1080, (1400.0, 1410.0, 961.5, 541.0)),
]
# from world to camera: quaternion, translation, camera, name, points
IMAGES = [
    (2, (0.9, 0.1, -0.3, 0.3), (1.5, -2.0, 7.25), 7, "north gate/0001.jpg", 3),
    (5, (0.5, 0.5, 0.5, 0.5), (0.0, 1.0, 2.0), 3, "b.png", 0),
]


def text_model(folder: Path) -> Path:
    names = {number: each[0] for number, each in MODELS.items()}
    lines = [
        "# Camera list with one line of data per camera:",
        "#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]",
    ]
    lines += [f"{n} {names[m]} {w} {h} " + " ".join(map(repr, p)) for n, m, w, h, p in CAMERAS]
    (folder / "cameras.txt").write_text("\n".join(lines) + "\n")
    rows = ["# Image list with two lines of data per image:"]
    for number, quaternion, move, camera, name, points in IMAGES:
        rows.append(" ".join(map(repr, (number, *quaternion, *move, camera))) + f" {name}")
        rows.append(" ".join(["10.5 20.5 -1"] * points))
    (folder / "images.txt").write_text("\n".join(rows) + "\n")
    (folder / "points3D.txt").write_text(
        "# 3D points\n1 0.5 1.5 2.5 10 20 30 0.7 1 2 5 6\n9 -1 -2 -3 0 0 0 0.1\n"
    )
    return folder


def binary_model(folder: Path) -> Path:
    body = struct.pack("<Q", len(CAMERAS))
    for number, model, width, height, parameters in CAMERAS:
        body += struct.pack(f"<iiQQ{len(parameters)}d", number, model, width, height, *parameters)
    (folder / "cameras.bin").write_bytes(body)
    body = struct.pack("<Q", len(IMAGES))
    for number, quaternion, move, camera, name, points in IMAGES:
        body += struct.pack("<i4d3di", number, *quaternion, *move, camera) + name.encode() + b"\0"
        body += struct.pack("<Q", points) + struct.pack("<ddq", 10.5, 20.5, -1) * points
    (folder / "images.bin").write_bytes(body)
    body = struct.pack("<Q", 2)
    body += struct.pack("<Q3d3Bd", 1, 0.5, 1.5, 2.5, 10, 20, 30, 0.7) + struct.pack("<Q4i", 2, 1, 2, 5, 6)
    body += struct.pack("<Q3d3Bd", 9, -1.0, -2.0, -3.0, 0, 0, 0, 0.1) + struct.pack("<Q", 0)
    (folder / "points3D.bin").write_bytes(body)
    return folder


def colmap_pixel(model: int, parameters: tuple[float, ...], x: float, y: float) -> tuple[float, float]:
    """COLMAP's own projection of a point one metre away, with its own pixels: (0.5, 0.5) is a centre."""
    s = x * x + y * y
    if model in (0, 2, 3):
        f, cx, cy, *k = parameters
        bend = 1 + sum(each * s ** (index + 1) for index, each in enumerate(k))
        return f * x * bend + cx, f * y * bend + cy
    fx, fy, cx, cy, *k = parameters
    k1, k2, p1, p2, k3, k4, k5, k6 = (*k, *(0.0,) * (8 - len(k)))
    bend = (1 + k1 * s + k2 * s**2 + k3 * s**3) / (1 + k4 * s + k5 * s**2 + k6 * s**3)
    u = x * bend + 2 * p1 * x * y + p2 * (s + 2 * x * x)
    v = y * bend + 2 * p2 * x * y + p1 * (s + 2 * y * y)
    return fx * u + cx, fy * v + cy


@pytest.mark.parametrize("model", [text_model, binary_model])
def test_every_model_of_camera_projects_as_colmap_does_half_a_pixel_aside(
    tmp_path: Path, model: object
) -> None:
    folder = model(tmp_path)  # type: ignore[operator]
    for file in tmp_path.glob("images.*"):
        file.unlink()
    found = read_calibration_file(folder)
    assert len(found) == len(CAMERAS)
    for imported, (_, kind, width, height, parameters) in zip(found, CAMERAS, strict=True):
        assert (imported.camera.width, imported.camera.height) == (width, height)
        wanted = np.array(colmap_pixel(kind, parameters, 0.3, -0.2)) - 0.5
        np.testing.assert_allclose(imported.camera.project([0.6, -0.4, 2.0]), wanted, atol=1e-9)


@pytest.mark.parametrize("model", [text_model, binary_model])
def test_images_give_poses(tmp_path: Path, model: object) -> None:
    found = read_calibration_file(model(tmp_path))  # type: ignore[operator]
    assert [each.name for each in found] == ["north gate/0001.jpg", "b.png"]
    pose = found[1].world_to_camera
    assert pose is not None
    # a third of a turn about (1, 1, 1) takes x to y, y to z, z to x
    np.testing.assert_allclose(pose.apply([[1.0, 2.0, 3.0]]), [[3.0, 1.0 + 1.0, 2.0 + 2.0]], atol=1e-12)
    assert "metres" in found[0].notes[0]


def test_points_are_read(tmp_path: Path) -> None:
    wanted = [[0.5, 1.5, 2.5], [-1.0, -2.0, -3.0]]
    np.testing.assert_array_equal(read_points_text(text_model(tmp_path) / "points3D.txt"), wanted)
    np.testing.assert_array_equal(read_points_binary(binary_model(tmp_path) / "points3D.bin"), wanted)


def test_a_file_given_by_itself_is_read(tmp_path: Path) -> None:
    assert len(read_calibration_file(text_model(tmp_path) / "cameras.txt")) == 2
    assert len(read_calibration_file(binary_model(tmp_path) / "cameras.bin")) == 2


@pytest.mark.parametrize("length", [0, 7, 40, 100])
def test_a_binary_file_that_breaks_off_is_refused(tmp_path: Path, length: int) -> None:
    file = binary_model(tmp_path) / "cameras.bin"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(CalibrationFileError, match=r"cameras\.bin"):
        read_colmap_binary(file)


def test_a_count_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cameras.bin").write_bytes(struct.pack("<Q", 2**60) + bytes(200))
    with pytest.raises(CalibrationFileError, match="ends too early"):
        read_calibration_file(tmp_path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1 OPENCV_FISHEYE 640 480 500 500 320 240 0 0 0 0", "fisheye"),
        ("1 PINHOLE 640 480 500 320 240", "parameters"),
        ("1 WOBBLY 640 480 500 320 240", "WOBBLY"),
        ("1 PINHOLE 640 480 -500 500 320 240", "focal lengths"),
    ],
)
def test_a_camera_that_is_none_is_refused(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "cameras.txt").write_text(line + "\n")
    with pytest.raises(CalibrationFileError, match=reason):
        read_calibration_file(tmp_path / "cameras.txt")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationFileError, match="cannot be read"):
        read_calibration_file(tmp_path)
