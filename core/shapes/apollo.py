"""ApolloCar3D's annotations and car models, as GSNet publishes them: files in, annotated cars out.

For a model vertex (x, y, z), the camera point is Rz Ry Rx s (x, -y, z) + t, with pose = [rx, ry, rz, tx, ty,
tz] and s about 2.85. The model files are left-handed: z forward, x left, y down.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ShapeSpaceError
from core.shapes.frames import Handedness, SourceFrame
from core.shapes.keypoints import APOLLO_COUNT, from_apollo
from core.shapes.obj_folder import MeshFolder, read_mesh_folder
from core.shapes.voting import AnnotatedCar, Vote, vote_keypoints

FloatArray = NDArray[np.float64]

METRES_PER_UNIT = 2.85
FRAME = SourceFrame("+z", "+x", "-y", Handedness.LEFT, METRES_PER_UNIT)
_FLIP = np.array([1.0, -1.0, 1.0])
_ACROSS = 0
_MOST_BYTES = 512 * 2**20
_WAY_OUT = "Choose a folder with car_deform_result/, apollo_cars.json and camera_intrinsic/."


@dataclass(frozen=True, slots=True, eq=False)
class ApolloCars:
    """The car models, and the vertices that the annotations vote for."""

    meshes: MeshFolder
    vote: Vote


def read_apollo_cars(folder: Path) -> ApolloCars:
    """Reads models, annotations and camera, and votes the keypoints.

    Raises:
        ShapeSpaceError: a file is missing or not what it must be.
    """
    meshes = read_mesh_folder(folder / "car_deform_result")
    camera = _camera_matrix(folder / "camera_intrinsic" / "camera_intrinsic.npy")
    rows = {name: row for row, name in enumerate(meshes.names)}
    cars = _annotations(folder / "apollo_cars.json", rows)
    turned = meshes.vertices * _FLIP * METRES_PER_UNIT
    return ApolloCars(meshes, vote_keypoints(turned, cars, camera, across=_ACROSS))


def _camera_matrix(path: Path) -> FloatArray:
    try:
        matrix = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise ShapeSpaceError(f"{path} is missing or no camera matrix.", _WAY_OUT) from None
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise ShapeSpaceError(f"{path} holds no 3 by 3 camera matrix.", _WAY_OUT)
    return matrix.astype(np.float64)


def _annotations(path: Path, rows: dict[str, int]) -> list[AnnotatedCar]:
    """The annotated cars whose model is among the meshes, by the model's number as file name."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ShapeSpaceError(f"{path} is larger than {_MOST_BYTES >> 20} MiB.", _WAY_OUT)
        annotations = json.loads(path.read_text(encoding="utf-8"))["annotations"]
        read = [_annotation(item, rows) for item in annotations]
    except OSError as error:
        raise ShapeSpaceError(f"{path} cannot be read: {error.strerror}.", _WAY_OUT) from None
    except (ValueError, KeyError, TypeError):
        raise ShapeSpaceError(f"{path} holds no annotations of ApolloCar3D.", _WAY_OUT) from None
    return [car for car in read if car is not None]


def _annotation(item: dict[str, object], rows: dict[str, int]) -> AnnotatedCar | None:
    model = rows.get(str(item["category_id"]))
    if model is None:
        return None
    points = from_apollo(np.asarray(item["keypoints"], dtype=np.float64).reshape(APOLLO_COUNT, 3))
    pose = np.asarray(item["pose"], dtype=np.float64).reshape(6)
    return AnnotatedCar(model, _rotation(pose[:3]), pose[3:], points[:, :2], points[:, 2] > 0)


def _rotation(angles: FloatArray) -> FloatArray:
    """Rz Ry Rx."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)
