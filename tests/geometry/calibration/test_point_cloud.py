"""The road in a point cloud, written and read as PLY."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import open3d
import pytest

from core.errors import CalibrationError, CalibrationFileError
from core.geometry.calibration.point_cloud import calibrate_point_cloud, read_points
from core.geometry.poses import Pose, compose, rotation_from_vector
from tests.geometry.calibration.street import errors, ground, reference


def cloud(noise: float, seed: int = 0) -> np.ndarray:
    """Road and, off it, houses and wires, in the reference camera's frame."""
    rng = np.random.default_rng(seed)
    road = np.concatenate(
        [rng.uniform([8, -10], [70, 10], (4000, 2)), rng.normal(0, noise, (4000, 1))], axis=1
    )
    clutter = rng.uniform([8, -20, 0.5], [70, 20, 12.0], (1500, 3))
    return ground().frame().apply(np.concatenate([road, clutter]))


@pytest.mark.parametrize("ascii_file", [True, False])
def test_a_ply_file_of_another_frame_gives_the_ground(tmp_path: Path, ascii_file: bool) -> None:
    camera, plane = reference()
    to_camera = Pose(rotation_from_vector([0.5, -1.2, 2.0]), np.array([100.0, -30.0, 5.0]))
    points = to_camera.inverse().apply(cloud(0.0))
    file = tmp_path / "road.ply"
    open3d.io.write_point_cloud(
        str(file), open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points)), write_ascii=ascii_file
    )
    result = calibrate_point_cloud(camera, read_points(file), to_camera)
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=0.02)
    assert result.camera is camera


def test_noise_in_the_points_is_stated() -> None:
    camera, plane = reference()
    results = [calibrate_point_cloud(camera, cloud(0.02, seed)) for seed in range(12)]
    found = np.array([errors(result, camera, plane) for result in results])
    spread = np.sqrt(np.mean(found**2, axis=0))
    uncertainty = results[0].uncertainty
    assert uncertainty is not None
    assert uncertainty.focal_percent == 0.0
    # clutter near the road adds a little of its own
    assert 0.3 < uncertainty.height_percent / spread[1] < 2.0
    assert 0.3 < uncertainty.normal_deg / spread[2] < 2.0
    assert results[0].residual_px is not None
    assert 0.1 < results[0].residual_px < 10


def test_a_wall_and_a_cloud_without_a_plane_are_refused() -> None:
    camera, _ = reference()
    rng = np.random.default_rng(1)
    wall = np.concatenate([np.full((500, 1), 5.0), rng.uniform([-4, 8], [3, 40], (500, 2))], axis=1)
    with pytest.raises(CalibrationError, match="wall"):
        calibrate_point_cloud(camera, wall)
    with pytest.raises(CalibrationError, match="in one plane"):
        calibrate_point_cloud(camera, rng.uniform(-20, 20, (2000, 3)))
    with pytest.raises(CalibrationError, match="too small"):
        calibrate_point_cloud(camera, np.zeros((3, 3)))
    through = compose(Pose(np.eye(3), 6.0 * ground().normal), Pose(np.eye(3), np.zeros(3)))
    with pytest.raises(CalibrationError, match="through the camera"):
        calibrate_point_cloud(camera, cloud(0.0)[:4000], through)


def test_a_file_that_is_no_ply_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "cloud.ply"
    other.write_bytes(b"OFF\n0 0 0\n")
    with pytest.raises(CalibrationFileError, match="no PLY"):
        read_points(other)
    with pytest.raises(CalibrationFileError, match="cannot be read"):
        read_points(tmp_path / "absent.ply")
    rows = b"element vertex 9\nproperty float x\nproperty float y\nproperty float z\nend_header\n"
    for body in (
        b"ply\nformat ascii 1.0\n" + rows + b"1.000000 2.000000 3.000000\n" * 8,
        b"ply\nformat binary_little_endian 1.0\n" + rows + bytes(9 * 12 - 1),
    ):
        other.write_bytes(body)
        with pytest.raises(CalibrationFileError, match="ends before"):
            read_points(other)
