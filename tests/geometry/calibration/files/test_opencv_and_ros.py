"""Files that OpenCV writes itself, and ROS camera_info in its own layout."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import CalibrationFileError, DistortionFoldsError
from core.geometry.calibration.files.any_file import read_calibration_file
from core.geometry.calibration.files.opencv_storage import read_opencv
from core.geometry.calibration.files.ros_camera_info import read_ros

MATRIX = np.array([[1402.7, 0.0, 955.25], [0.0, 1399.1, 548.5], [0.0, 0.0, 1.0]])
BEND = np.array([[-0.21, 0.055, 0.0004, -0.0002, -0.004]])


def written(path: Path, **values: object) -> Path:
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, value in values.items():
        storage.write(name, value)
    storage.release()
    return path


@pytest.mark.parametrize("suffix", ["yml", "yaml", "json", "xml"])
@pytest.mark.parametrize(
    ("matrix", "bend"), [("camera_matrix", "distortion_coefficients"), ("K", "D"), ("mtx", "dist")]
)
def test_what_opencv_writes_is_read(tmp_path: Path, suffix: str, matrix: str, bend: str) -> None:
    file = written(
        tmp_path / f"cam.{suffix}",
        **{
            "image_width": 1920,
            "image_height": 1080,
            matrix: MATRIX,
            bend: BEND,
            "avg_reprojection_error": 0.31,
        },
    )
    (found,) = read_calibration_file(file)
    np.testing.assert_array_equal(found.camera.matrix, MATRIX)
    assert found.camera.distortion == tuple(BEND[0])
    assert (found.camera.width, found.camera.height) == (1920, 1080)
    assert found.residual_px == 0.31


def test_a_file_without_the_pictures_size_asks_for_it(tmp_path: Path) -> None:
    file = written(tmp_path / "cam.yml", camera_matrix=MATRIX.astype(np.float32), dist_coeffs=BEND.T)
    with pytest.raises(CalibrationFileError, match="how large the picture is"):
        read_calibration_file(file)
    (found,) = read_calibration_file(file, (1920, 1080))
    assert found.camera.width == 1920
    np.testing.assert_allclose(found.camera.matrix, MATRIX, rtol=1e-7)


def test_a_calibration_at_twice_the_size_is_scaled(tmp_path: Path) -> None:
    file = written(tmp_path / "cam.yml", image_width=1920, image_height=1080, camera_matrix=MATRIX, d=BEND)
    (full,), (half,) = read_calibration_file(file), read_calibration_file(file, (960, 540))
    points = np.array([[0.3, -0.2, 1.0], [-0.5, 0.1, 1.0]])
    # the centre of a pixel that is made of two by two
    np.testing.assert_allclose(
        half.camera.project(points), (full.camera.project(points) - 0.5) / 2, atol=1e-9
    )
    assert "Scaled" in half.notes[0]
    with pytest.raises(CalibrationFileError, match="cut or stretched"):
        read_calibration_file(file, (1440, 1080))


def test_a_fisheye_lens_is_refused(tmp_path: Path) -> None:
    file = written(
        tmp_path / "cam.yml",
        image_width=1920,
        image_height=1080,
        fisheye_model=1,
        camera_matrix=MATRIX,
        d=BEND[:, :4],
    )
    with pytest.raises(CalibrationFileError, match="fisheye"):
        read_calibration_file(file)


def test_distortion_that_folds_is_refused(tmp_path: Path) -> None:
    file = written(
        tmp_path / "cam.yml", image_width=1920, image_height=1080, camera_matrix=MATRIX,
        distortion_coefficients=np.array([[-0.9, 0.0, 0.0, 0.0]]),
    )  # fmt: skip
    with pytest.raises(DistortionFoldsError):
        read_calibration_file(file)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("%YAML:1.0\n---\nother: 3\n", "no camera matrix"),
        (
            "%YAML:1.0\n---\nK: !!opencv-matrix\n   rows: 900000\n   cols: 900000\n   data: [ 1., 2. ]\n",
            "not 9",
        ),
        ("%YAML:1.0\n---\nK: [a, b, c]\n", "no list of numbers"),
        ("%YAML:1.0\n---\nK: [", "cannot read"),
        ("%YAML:1.0\n---\nK: [" + "1, " * 5000 + "1]\n", "not 9"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, body: str, reason: str) -> None:
    file = tmp_path / "cam.yml"
    file.write_text(body)
    with pytest.raises(CalibrationFileError, match=reason):
        read_opencv(file, (1920, 1080))


def test_plain_lists_in_opencvs_yaml_are_read(tmp_path: Path) -> None:
    file = tmp_path / "cam.yml"
    file.write_text(
        "%YAML:1.0\n---\nimage_size: [ 640, 480 ]\nK: [ 500., 0., 320., 0., 500., 240., 0., 0., 1. ]\n"
    )
    found = read_opencv(file)
    assert found.camera.focal == (500.0, 500.0)
    assert (found.camera.width, found.camera.height) == (640, 480)


ROS = """image_width: 1280
image_height: 720
camera_name: north_gate
camera_matrix:
  rows: 3
  cols: 3
  data: [1001.5, 0.0, 640.25, 0.0, 1003.5, 361.75, 0.0, 0.0, 1.0]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.31, 0.11, 0.0002, -0.0004, 0.0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: [990.0, 0.0, 641.0, 0.0, 0.0, 995.0, 360.0, 0.0, 0.0, 0.0, 1.0, 0.0]
"""


@pytest.mark.parametrize("head", ["", "%YAML:1.0\n", "---\n"])
def test_a_camera_info_file_is_read(tmp_path: Path, head: str) -> None:
    file = tmp_path / "north.yaml"
    file.write_text(head + ROS)
    (found,) = read_calibration_file(file)
    assert found.name == "north_gate"
    assert found.camera.focal == (1001.5, 1003.5)
    np.testing.assert_array_equal(found.camera.centre, [640.25, 361.75])
    assert found.camera.distortion == (-0.31, 0.11, 0.0002, -0.0004, 0.0)


def test_a_printed_message_is_read(tmp_path: Path) -> None:
    file = tmp_path / "info.txt"
    file.write_text(
        "header: \n  seq: 3\n  frame_id: cam\nheight: 720\nwidth: 1280\n"
        "distortion_model: rational_polynomial\nD: [0.1, 0.02, 0.0, 0.0, 0.001, 0.2, 0.01, 0.0]\n"
        "K: [1000.0, 0.0, 640, 0.0, 1000.0, 360, 0.0, 0.0, 1.0]\n---\n"
    )
    (found,) = read_calibration_file(file)
    assert len(found.camera.distortion) == 8
    assert found.camera.height == 720


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("plumb_bob", "equidistant", "fisheye"),
        ("plumb_bob", "wavy", "distortion model"),
        ("1001.5, 0.0, 640.25,", "1001.5,", "not 9"),
        ("data: [-0.31, 0.11", "data: ['x', 0.11", "no list of numbers"),
        ("image_width: 1280", "", "how large"),
        ("camera_name: north_gate", "camera_name: !!python/object/apply:os.getcwd []", "no YAML"),
        ("camera_name: north_gate", "camera_name: [", "no YAML"),
    ],
)
def test_a_camera_info_with_something_wrong_is_refused(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    file = tmp_path / "north.yaml"
    file.write_text(ROS.replace(old, new))
    with pytest.raises(CalibrationFileError, match=reason):
        read_ros(file)
