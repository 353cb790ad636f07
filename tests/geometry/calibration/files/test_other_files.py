"""KITTI, AI City and our own files, and files that are none of these."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CalibrationError, CalibrationFileError
from core.geometry.calibration.files.any_file import read_calibration_file
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.files.kitti import read_kitti
from core.geometry.calibration.files.own_json import read_own, write_own
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import Pose, rotation_from_vector
from core.records.cameras import CalibrationMethod
from tests.calibration_files import ai_city
from tests.geometry.calibration.street import ground

KITTI = """P0: 7.215377e+02 0.000000e+00 6.095593e+02 0.000000e+00 0.000000e+00 7.215377e+02 1.728540e+02 0.000000e+00 0.000000e+00 0.000000e+00 1.000000e+00 0.000000e+00
P2: 7.215377e+02 0.000000e+00 6.095593e+02 4.485728e+01 0.000000e+00 7.215377e+02 1.728540e+02 2.163791e-01 0.000000e+00 0.000000e+00 1.000000e+00 2.745884e-03
R0_rect: 1.0 0.0 0.0 0.0 1.0 0.0 0.0 0.0 1.0
Tr_velo_to_cam: 0.0 -1.0 0.0 0.02 0.0 0.0 -1.0 -0.06 1.0 0.0 0.0 -0.27
Tr_imu_to_velo: 1.0 0.0 0.0 -0.81 0.0 1.0 0.0 0.32 0.0 0.0 1.0 -0.80
"""  # noqa: E501


def test_kittis_cameras_are_read_with_the_velodyne_beside_them(tmp_path: Path) -> None:
    file = tmp_path / "000007.txt"
    file.write_text(KITTI)
    left, colour = read_calibration_file(file, (1242, 375))
    assert (left.name, colour.name) == ("P0", "P2")
    assert colour.camera.focal == (721.5377, 721.5377)
    assert colour.world_to_camera is not None
    # KITTI's own way: P2 R0 Tr applied to a point of the velodyne
    projection = np.array(KITTI.splitlines()[1].split()[1:], dtype=float).reshape(3, 4)
    step = np.array([[0, -1, 0, 0.02], [0, 0, -1, -0.06], [1, 0, 0, -0.27], [0, 0, 0, 1.0]])
    u, v, w = projection @ step @ [12.0, 2.0, -1.0, 1.0]
    pixel = colour.camera.project(colour.world_to_camera.apply([12.0, 2.0, -1.0]))
    np.testing.assert_allclose(pixel, [u / w, v / w], atol=1e-9)
    with pytest.raises(CalibrationFileError, match="how large"):
        read_calibration_file(file)


def test_kittis_raw_recordings_say_their_size(tmp_path: Path) -> None:
    file = tmp_path / "calib_cam_to_cam.txt"
    file.write_text(
        "calib_time: 09-Jan-2012 13:57:47\ncorner_dist: 9.950000e-02\n"
        "S_02: 1.392000e+03 5.120000e+02\nK_02: 959.8 0.0 696.0 0.0 956.9 224.2 0.0 0.0 1.0\n"
        "D_02: -0.369 0.197 0.00135 0.000567 -0.0677\n"
        "S_rect_02: 1.242000e+03 3.750000e+02\nP_rect_02: 721.5 0 609.6 44.9 0 721.5 172.9 0.2 0 0 1 0.003\n"
    )
    raw, straight = read_kitti(file)
    assert (raw.camera.width, raw.camera.height, len(raw.camera.distortion)) == (1392, 512, 5)
    assert (straight.camera.width, straight.camera.height) == (1242, 375)


@pytest.mark.parametrize("inverse", [False, True])
def test_an_ai_city_homography_gives_the_camera(tmp_path: Path, inverse: bool) -> None:
    camera, plane = pinhole(1920, 1080, 1400.0), ground()
    folder = tmp_path / "c001"
    folder.mkdir()
    (folder / "calibration.txt").write_text(ai_city(camera, plane, inverse=inverse))
    (found,) = read_calibration_file(folder / "calibration.txt", (1920, 1080))
    assert found.name == "c001"
    assert found.camera.focal[0] == pytest.approx(1400.0, rel=2e-3)
    assert found.plane is not None
    assert found.plane.height == pytest.approx(6.0, rel=2e-3)
    np.testing.assert_allclose(found.plane.normal, plane.normal, atol=2e-3)


def test_an_ai_city_homography_with_a_lens_keeps_the_lens(tmp_path: Path) -> None:
    camera = pinhole(1920, 1080, 1400.0, (950.0, 545.0), (-0.2, 0.04, 0.0, 0.0))
    matrix = ";".join(" ".join(f"{value:.15f}" for value in row) for row in camera.matrix)
    tail = f"Intrinsic parameter matrix: {matrix}\nDistortion coefficients: -0.2 0.04 0.0 0.0\n"
    file = tmp_path / "calibration.txt"
    file.write_text(ai_city(camera, ground(), tail))
    (found,) = read_calibration_file(file, (1920, 1080))
    assert found.camera.distortion == (-0.2, 0.04, 0.0, 0.0)
    assert found.plane is not None
    assert found.plane.height == pytest.approx(6.0, rel=2e-3)
    assert result_of_import(found).method is CalibrationMethod.IMPORT


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Homography matrix: 1 0 0;0 1 0;0 0 1\n", "no street"),
        ("Homography matrix: 0 0 0;0 0 0;0 0 0\n", "no street"),
        ("Homography matrix: 1 0 0;0 1 0\n", "not 9"),
        ("Homography matrix: 1 0 x;0 1 0;0 0 1\n", "no number"),
        ("Homography matrix: 1 0 nan;0 1 0;0 0 1\n", "not finite"),
    ],
)
def test_a_homography_of_no_street_is_refused(tmp_path: Path, body: str, reason: str) -> None:
    file = tmp_path / "calibration.txt"
    file.write_text(body)
    with pytest.raises(CalibrationFileError, match=reason):
        read_calibration_file(file, (1920, 1080))


finite = st.floats(-1e3, 1e3)


@given(
    focal=st.floats(100, 1e4), centre=st.tuples(st.floats(0, 640), st.floats(0, 480)),
    height=st.floats(0.1, 100),
    turn=st.tuples(finite, finite, finite), move=st.tuples(finite, finite, finite), name=st.text(max_size=20),
    k1=st.floats(-1e-3, 1e-3), has_pose=st.booleans(),
)  # fmt: skip
def test_our_own_file_keeps_every_digit(
    tmp_path_factory: pytest.TempPathFactory, focal: float, centre: tuple[float, float], height: float,
    turn: tuple[float, float, float], move: tuple[float, float, float], name: str, k1: float, has_pose: bool,
) -> None:  # fmt: skip
    file = tmp_path_factory.mktemp("own") / "camera.json"
    camera = pinhole(640, 480, focal, centre, (k1, 0.0, 0.0, 0.0))
    pose = Pose(rotation_from_vector(np.array(turn) * 1e-3), np.array(move)) if has_pose else None
    plane = GroundPlane(np.array([0.1, -1.0, -0.3]), height)
    write_own(file, ImportedCamera(name, camera, pose, plane, 0.25, ("seen",)))
    (found,) = read_calibration_file(file)
    np.testing.assert_array_equal(found.camera.matrix, camera.matrix)
    assert found.camera.distortion == camera.distortion
    assert found.plane is not None
    np.testing.assert_allclose(found.plane.normal, plane.normal, rtol=1e-15)
    assert found.plane.height == height
    assert (found.name, found.residual_px, found.notes) == (name, 0.25, ("seen",))
    if pose is None:
        assert found.world_to_camera is None
    else:
        assert found.world_to_camera is not None
        np.testing.assert_array_equal(found.world_to_camera.rotation, pose.rotation)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "newer version"),
        ({"image_size": [640]}, "missing or has another kind"),
        ({"camera_matrix": [[1, 2], [3]]}, "missing or has another kind"),
        ({"camera_matrix": "x"}, "missing or has another kind"),
        ({"camera_matrix": [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]}, "focal lengths"),
        ({"ground_plane": {"normal": [0, -1, 0], "height_m": -3}}, "faces away"),
        (
            {"world_to_camera": {"rotation": [[2, 0, 0], [0, 1, 0], [0, 0, 1]], "translation_m": [0, 0, 0]}},
            "no rotation",
        ),
        ({"distortion": {"model": "fisheye", "coefficients": []}}, "OpenCV's model"),
        ({"format": "other"}, "not a camera file"),
    ],
)
def test_our_own_file_with_something_wrong_is_refused(tmp_path: Path, change: dict, reason: str) -> None:
    file = tmp_path / "camera.json"
    write_own(file, ImportedCamera("a", pinhole(640, 480, 500.0), None, ground()))
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(CalibrationError, match=reason):
        read_own(file)


@given(
    body=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)),
    suffix=st.sampled_from([".yml", ".bin", ".txt"]),
)
def test_any_other_file_is_refused_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, suffix: str
) -> None:
    file = tmp_path_factory.mktemp("any") / f"file{suffix}"
    file.write_bytes(body)
    with pytest.raises(CalibrationError):
        read_calibration_file(file, (640, 480))


HEADS = (
    "%YAML:1.0\n---\n", '{"format": "amodal-camera", "version": 1, ', "P2: ", "Homography matrix: ",
    "1 PINHOLE 4 4 ",
    "distortion_model: plumb_bob\n", "<?xml version='1.0'?><opencv_storage>",
)  # fmt: skip


@given(
    head=st.sampled_from(HEADS), body=st.text(alphabet='0123456789.;:,-eE[]{}<>\n "#%&*!KDP', max_size=120)
)
def test_a_file_that_only_begins_like_one_is_refused_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, head: str, body: str
) -> None:
    file = tmp_path_factory.mktemp("any") / "file"
    file.write_text(head + body)
    reason, found = None, []
    try:
        found = read_calibration_file(file, (640, 480))
    except CalibrationError as refused:
        reason = refused
    # a few are whole files by chance
    assert all(np.isfinite(one.camera.matrix).all() for one in found)
    assert found or (reason is not None and reason.problem and reason.way_out)


def test_a_file_that_is_absent_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationFileError, match="cannot be read"):
        read_calibration_file(tmp_path / "absent.yml")
    large = tmp_path / "large.yml"
    with large.open("wb") as file:
        file.truncate(5 * 1024**2)
    with pytest.raises(CalibrationFileError, match="larger than"):
        read_calibration_file(large)
