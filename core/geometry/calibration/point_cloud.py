"""The ground from a point cloud in metres: RANSAC plane, normal up, refit (WALT3D, Appendix C). Only in jobs.

open3d reads the file and finds the plane; it is loaded on first use. The camera's intrinsics and its pose in
the cloud are known, such as from COLMAP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import CalibrationError, CalibrationFileError
from core.geometry.calibration.files.colmap_binary import read_points_binary
from core.geometry.calibration.files.colmap_text import read_points_text
from core.geometry.calibration.least_squares import Solution, derivative
from core.geometry.calibration.lens import known_lens
from core.geometry.calibration.result import CalibrationResult, View, result_of
from core.geometry.cameras import Camera
from core.geometry.poses import Pose, identity
from core.records.cameras import CalibrationMethod

Array = NDArray[np.float64]

_MOST_BYTES = 2 * 1024**3
_MOST_HEAD_BYTES = 64 * 1024
_BYTES = {
    **dict.fromkeys(("short", "ushort", "int16", "uint16"), 2),
    **dict.fromkeys(("int", "uint", "float", "int32", "uint32", "float32"), 4),
    **dict.fromkeys(("double", "float64"), 8),
}
_SIDEWAYS = 0.8
# of a street camera: what is outside is more likely a cloud that is not in metres
_USUAL_HEIGHTS_M = (1.5, 80.0)


@dataclass(frozen=True, slots=True)
class PlaneSearch:
    """How the plane is looked for.

    Attributes:
        threshold_m: how near to the plane a point belongs to it.
        rounds: how many planes through three points are tried.
        least_share: of all points that must belong to it.
        seed: of the tries.
    """

    threshold_m: float = 0.08
    rounds: int = 2000
    least_share: float = 0.3
    seed: int = 0


def read_points(path: Path) -> Array:
    """(n, 3) points of a PLY file or of COLMAP's points3D, in the file's own frame and units.

    Raises:
        CalibrationFileError: where it is neither, or holds no points.
        CalibrationError: open3d is not in this build, or a library that it needs is missing.
    """
    if path.suffix.lower() == ".bin":
        return read_points_binary(path)
    if path.suffix.lower() == ".txt":
        return read_points_text(path)
    return _read_ply(path)


def _read_ply(path: Path) -> Array:
    _check_length(path)
    open3d = _open3d()
    quiet = open3d.utility.VerbosityContextManager(open3d.utility.VerbosityLevel.Error)
    with quiet:
        cloud = open3d.io.read_point_cloud(path, format="ply", remove_nan_points=True)
    points = np.array(cloud.points, dtype=np.float64).reshape(-1, 3)
    if len(points) == 0:
        raise CalibrationFileError(f"{path.name} holds no points, or is damaged.", "Write the cloud again.")
    return points


def _check_length(path: Path) -> None:
    """Refuses what cannot hold the points that its head promises: open3d would make the missing ones up.

    Raises:
        CalibrationFileError: where it is no PLY file, or too short.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_MOST_HEAD_BYTES)
            found = re.search(
                rb"element vertex (\d{1,12})\r?\n((?:property \w+ \w+\s+)+)[^\0]*?end_header\r?\n", head
            )
            if not head.startswith(b"ply") or found is None or size > _MOST_BYTES:
                raise CalibrationFileError(
                    f"{path.name} is no PLY file of points, or has more than 2 GiB.",
                    "Choose a point cloud in the PLY format, or COLMAP's points3D.bin or points3D.txt.",
                )
            file.seek(found.end())
            rows = (
                sum(1 for _ in file) if b"format ascii" in head else (size - found.end()) // _stride(found[2])
            )
    except OSError as error:
        raise CalibrationFileError(f"{path.name} cannot be read.", "Choose a PLY file.") from error
    if rows < int(found[1]):
        raise CalibrationFileError(
            f"{path.name} ends before its {int(found[1])} points do.", "Copy or write the file again."
        )


def _stride(properties: bytes) -> int:
    """Bytes of one point."""
    kinds = [line.split()[1].decode("ascii", "replace") for line in properties.splitlines() if line.strip()]
    return max(sum(_BYTES.get(kind, 1) for kind in kinds), 1)


def calibrate_point_cloud(
    camera: Camera,
    points: ArrayLike,
    cloud_to_camera: Pose | None = None,
    search: PlaneSearch = PlaneSearch(),
) -> CalibrationResult:
    """The camera with the ground that lies in a point cloud.

    The uncertainty takes the points' own spread about the plane as their noise.

    Args:
        points: (n, 3), mostly of the road, metres.
        cloud_to_camera: from the cloud's frame to the camera's; None where it is the camera's.

    Raises:
        CalibrationError: where no plane holds enough of the points, or it is a wall, passes the camera or is
            not in the picture; open3d is not in this build.
    """
    lens = known_lens(camera)
    cloud = (cloud_to_camera or identity()).apply(np.asarray(points, dtype=np.float64).reshape(-1, 3))
    cloud = cloud[np.isfinite(cloud).all(axis=1)]
    road = cloud[_plane_members(cloud, search)]
    normal, height = _refit(road)
    aside_axes = np.linalg.svd(normal[None])[2][1:]

    def view(values: Array) -> View:
        turned = normal + values[:2] @ aside_axes
        return View(camera.focal[0], turned / np.linalg.norm(turned), height * float(np.exp(values[2])))

    def distances(values: Array) -> Array:
        now = view(values)
        return road @ now.normal + now.height

    start = np.zeros(3)
    away = distances(start)
    sigma = float(np.sqrt(away @ away / max(len(away) - 3, 1)))
    solution = Solution(start, away, derivative(distances, start))
    result = result_of(
        CalibrationMethod.POINT_CLOUD, lens, solution, view,
        sigma=sigma, residuals_px=_residuals(camera, road, away, normal),
    )  # fmt: skip
    return replace(result, notes=_notes(len(road), len(cloud), sigma, height))


def _residuals(camera: Camera, road: Array, away: Array, normal: Array) -> Array:
    """From each of the road's points that the camera sees to its foot on the plane, x and y, pixels."""
    pixels = camera.project(road)
    seen = camera.contains(pixels)
    wrong = pixels[seen] - camera.project(road[seen] - away[seen, None] * normal)
    wrong = wrong[np.isfinite(wrong).all(axis=1)]
    if not len(wrong):
        raise CalibrationError(
            "None of the road's points lie in the picture.",
            "Check the camera's pose in the cloud, and that the lens is this camera's.",
        )
    return wrong.ravel()


def _notes(road: int, cloud: int, sigma: float, height: float) -> tuple[str, ...]:
    notes = [
        f"The road is {road:,} of {cloud:,} points, {100 * sigma:.1f} cm from their plane on average.",
        "How sure it is follows from the points alone: nothing tells how right the lens, the camera's pose "
        "in the cloud and the cloud's scale are.",
    ]
    if not _USUAL_HEIGHTS_M[0] <= height <= _USUAL_HEIGHTS_M[1]:
        notes.append(f"A height of {height:.2f} m is unusual: check that the cloud is in metres.")
    return tuple(notes)


def _plane_members(cloud: Array, search: PlaneSearch) -> NDArray[np.intp]:
    if len(cloud) < 10:
        raise CalibrationError(
            f"A cloud of {len(cloud)} points is too small to find the road in.",
            "Choose a denser point cloud.",
        )
    open3d = _open3d()
    open3d.utility.random.seed(search.seed)
    shape: Any = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(cloud))
    _, members = shape.segment_plane(search.threshold_m, 3, search.rounds)
    if len(members) < search.least_share * len(cloud):
        raise CalibrationError(
            f"Only {100 * len(members) / len(cloud):.0f} % of the points lie in one plane.",
            "Cut the cloud to the road first, or check that it is in metres.",
        )
    return np.asarray(members, dtype=np.intp)


def _refit(road: Array) -> tuple[Array, float]:
    """The plane of least squares, its normal towards the camera, and the camera's height above it."""
    middle = road.mean(axis=0)
    _, spread, axes = np.linalg.svd(road - middle, full_matrices=False)
    if spread[1] < 0.01 * spread[0]:
        raise CalibrationError(
            "The points of the road lie in a line.", "Choose a cloud that covers the road's width."
        )
    normal = axes[2]
    height = -float(normal @ middle)
    if height < 0:
        normal, height = -normal, -height
    if height < 0.1:
        raise CalibrationError(
            "The plane passes through the camera, so it is not the road.",
            "Check the camera's pose in the cloud, and that both are in metres.",
        )
    if abs(normal[0]) > _SIDEWAYS or normal[1] > _SIDEWAYS:
        raise CalibrationError(
            "The largest plane of the cloud is a wall, or faces away from the camera.",
            "Cut the cloud to the road first, and check the camera's pose in it.",
        )
    return normal, height


def _open3d() -> Any:
    try:
        import open3d
    except (ImportError, OSError) as problem:
        raise CalibrationError(
            f"The road cannot be found in a point cloud here: open3d does not load ({problem}).",
            "Use an installation with open3d and the libraries in scripts/system-packages.txt.",
        ) from problem
    return open3d
