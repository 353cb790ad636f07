"""Shape spaces as npz files: plain arrays only, everything checked before it is believed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.errors import ShapeSpaceError
from core.shapes.keypoints import COUNT, LEFT, RIGHT
from core.shapes.npz import read_arrays
from core.shapes.space import CarShapeSpace, MeshBasis

FORMAT = "amodal car shape space 1"
_UNITS = "metres; x forward, y left, z up; right-handed"
_KEYPOINT_KEYS = ("mean", "directions", "sigmas", "explained")
_MESH_KEYS = (
    "mesh_mean",
    "mesh_directions",
    "faces",
    "part_names",
    "face_parts",
    "keypoint_ids",
    "proxy_ids",
    "proxy_faces",
)
_MOST_BYTES = 256 * 2**20
_MOST_COMPONENTS = 100
_WAY_OUT = "Build the space again, or use the default one."


def save_space(space: CarShapeSpace, path: Path) -> None:
    """Writes a space; the same space gives the same bytes."""
    arrays: dict[str, NDArray[np.generic]] = {
        "format": np.array(FORMAT),
        "units": np.array(_UNITS),
        "name": np.array(space.name),
        "mean": space.mean.astype(np.float32),
        "directions": space.directions.astype(np.float32),
        "sigmas": space.sigmas,
        "explained": space.explained,
    }
    if space.mesh is not None:
        arrays |= _mesh_arrays(space.mesh)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _mesh_arrays(mesh: MeshBasis) -> dict[str, NDArray[np.generic]]:
    names = sorted(mesh.parts)
    face_parts = np.empty(len(mesh.faces), dtype=np.uint8)
    for number, name in enumerate(names):
        face_parts[mesh.parts[name]] = number
    return {
        "mesh_mean": mesh.mean.astype(np.float32),
        "mesh_directions": mesh.directions.astype(np.float32),
        "faces": mesh.faces,
        "part_names": np.array(names),
        "face_parts": face_parts,
        "keypoint_ids": mesh.keypoint_ids,
        "proxy_ids": mesh.proxy_ids,
        "proxy_faces": mesh.proxy_faces,
    }


def load_space(path: Path) -> CarShapeSpace:
    """Reads a space.

    Raises:
        ShapeSpaceError: the file is missing, no space, damaged, or of another frame or unit.
    """
    try:
        with path.open("rb") as stream:
            return _read(stream, str(path))
    except OSError as error:
        raise ShapeSpaceError(f"The shape space {path} cannot be read: {error.strerror}.", _WAY_OUT) from None


def default_space() -> CarShapeSpace:
    """The space that comes with the program, from the procedural family alone."""
    with (resources.files("resources") / "car_shapes" / "default.npz").open("rb") as stream:
        return _read(stream, "default.npz")


def _read(stream: IO[bytes], name: str) -> CarShapeSpace:
    known = {"format", "units", "name", *_KEYPOINT_KEYS, *_MESH_KEYS}
    arrays = read_arrays(
        stream, known, _MOST_BYTES, lambda problem: ShapeSpaceError(f"{name} {problem}", _WAY_OUT)
    )
    if str(arrays.get("format")) != FORMAT:
        raise ShapeSpaceError(f"{name} is no car shape space of this program.", _WAY_OUT)
    if str(arrays.get("units")) != _UNITS:
        raise ShapeSpaceError(f"{name} is in other units or another frame than {_UNITS}.", _WAY_OUT)
    check = _Checker(arrays, name)
    count = check.length("sigmas", most=_MOST_COMPONENTS)
    mean = check.numbers("mean", (COUNT, 3))
    if mean[list(LEFT), 1].min() <= 0 or mean[list(RIGHT), 1].max() >= 0:
        raise ShapeSpaceError(f"{name} has left and right keypoints on the wrong sides.", _WAY_OUT)
    return CarShapeSpace(
        name=str(arrays["name"]) if "name" in arrays else name,
        mean=mean,
        directions=check.numbers("directions", (count, COUNT, 3)),
        sigmas=check.numbers("sigmas", (count,)),
        explained=check.numbers("explained", (count,)),
        mesh=_read_mesh(check, count) if "mesh_mean" in arrays else None,
    )


def _read_mesh(check: _Checker, count: int) -> MeshBasis:
    vertices = check.length("mesh_mean", most=1_000_000)
    faces = check.length("faces", most=2_000_000)
    proxy = check.length("proxy_ids", most=vertices)
    names = [str(name) for name in check.array("part_names", (check.length("part_names", most=256),))]
    face_parts = check.indices("face_parts", (faces,), len(names))
    return MeshBasis(
        mean=check.numbers("mesh_mean", (vertices, 3)),
        directions=check.numbers("mesh_directions", (count, vertices, 3)),
        faces=check.indices("faces", (faces, 3), vertices),
        parts={name: np.flatnonzero(face_parts == i).astype(np.int32) for i, name in enumerate(names)},
        keypoint_ids=check.indices("keypoint_ids", (COUNT,), vertices),
        proxy_ids=check.indices("proxy_ids", (proxy,), vertices),
        proxy_faces=check.indices("proxy_faces", (check.length("proxy_faces", most=2_000_000), 3), proxy),
    )


class _Checker:
    """Hands out a file's arrays in the shape that they must have."""

    def __init__(self, arrays: dict[str, NDArray[np.generic]], name: str) -> None:
        self._arrays = arrays
        self._name = name

    def length(self, key: str, most: int) -> int:
        """How many rows an array has."""
        shape = self._get(key).shape
        if not shape or not 1 <= shape[0] <= most:
            raise self._wrong(key)
        return shape[0]

    def array(self, key: str, shape: tuple[int, ...]) -> NDArray[np.generic]:
        """An array of this shape."""
        array = self._get(key)
        if array.shape != shape:
            raise self._wrong(key)
        return array

    def numbers(self, key: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Finite floating-point numbers."""
        array = self.array(key, shape)
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise self._wrong(key)
        return array.astype(np.float64)

    def indices(self, key: str, shape: tuple[int, ...], below: int) -> NDArray[np.int32]:
        """Whole numbers from 0 to `below` - 1."""
        array = self.array(key, shape)
        if array.dtype.kind not in "iu" or array.min(initial=0) < 0 or array.max(initial=0) >= below:
            raise self._wrong(key)
        return array.astype(np.int32)

    def _get(self, key: str) -> NDArray[np.generic]:
        if key not in self._arrays:
            raise self._wrong(key)
        return self._arrays[key]

    def _wrong(self, key: str) -> ShapeSpaceError:
        return ShapeSpaceError(
            f"{self._name} is damaged: its {key!r} is missing or not what it must be.", _WAY_OUT
        )
