"""A point cloud of a street, and COLMAP's folder with the camera that stands in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from tests.street_view import StreetView

PICTURE = "gate/0001.jpg"
MOVE = np.array([40.0, -7.0, 3.0])
"""From the street's frame to the cloud's, metres."""
TURN = Rotation.from_rotvec([0.4, -0.2, 1.1])


def street_points(noise_m: float = 0.01, seed: int = 0) -> np.ndarray:
    """(n, 3) road and, off it, houses, in the street's frame."""
    rng = np.random.default_rng(seed)
    road = np.column_stack([rng.uniform([2, 5], [60, 30], (3000, 2)), rng.normal(0, noise_m, 3000)])
    return np.concatenate([road, rng.uniform([2, 5, 0.5], [60, 40, 12], (1000, 3))])


def to_cloud(points: np.ndarray) -> np.ndarray:
    """The street's frame to the cloud's own."""
    return TURN.apply(points) + MOVE


def to_camera(view: StreetView, points: np.ndarray) -> np.ndarray:
    """The street's frame to the camera's."""
    return (points - view.position) @ view.rotation.T


def write_ply(path: Path, points: np.ndarray) -> Path:
    """An ASCII PLY file of points alone."""
    head = f"ply\nformat ascii 1.0\nelement vertex {len(points)}\n"
    head += "".join(f"property float {axis}\n" for axis in "xyz") + "end_header\n"
    path.write_text(head + "".join(f"{x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in points))
    return path


def write_colmap(folder: Path, view: StreetView, points: np.ndarray | None = None) -> Path:
    """COLMAP's text model: the view's camera under PICTURE, and another picture of it that looks away.

    Args:
        points: (n, 3) of the street, for points3D.txt.
    """
    folder.mkdir()
    cx, cy = (value + 0.5 for value in view.center_px)
    (folder / "cameras.txt").write_text(
        f"# Camera list\n1 PINHOLE {view.width} {view.height} {view.focal_px!r} {view.focal_px!r} {cx} {cy}\n"
    )
    # X_camera = R_view (X_street - position), X_street = TURN^-1 (X_cloud - MOVE)
    turn = Rotation.from_matrix(view.rotation) * TURN.inv()
    move = -turn.apply(MOVE) - view.rotation @ view.position
    rows = []
    for number, (name, pose, place) in enumerate(
        ((PICTURE, turn, move), ("gate/away.jpg", _about(turn), _about_move(move))), start=1
    ):
        x, y, z, w = pose.as_quat()
        numbers = " ".join(repr(float(value)) for value in (w, x, y, z, *place))
        rows.append(f"{number} {numbers} 1 {name}\n\n")
    (folder / "images.txt").write_text("# Image list\n" + "".join(rows))
    if points is not None:
        lines = (f"{n} {x:.6f} {y:.6f} {z:.6f} 0 0 0 0.1\n" for n, (x, y, z) in enumerate(to_cloud(points)))
        (folder / "points3D.txt").write_text("".join(lines))
    return folder


_HALF_TURN = Rotation.from_rotvec([0.0, np.pi, 0.0])


def _about(turn: Rotation) -> Rotation:
    """A camera at the same place that looks the other way."""
    return _HALF_TURN * turn


def _about_move(move: np.ndarray) -> np.ndarray:
    return np.asarray(_HALF_TURN.apply(move))
