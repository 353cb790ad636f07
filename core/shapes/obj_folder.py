"""Folders of OBJ meshes of one topology: vertices and triangles, nothing else of the format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ShapeSpaceError
from core.shapes.defects import DroppedCar

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]

_MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class MeshFolder:
    """Meshes of one topology.

    Attributes:
        names: (N,) file names without their ending, in natural order.
        vertices: (N, V, 3) in the files' own axes and unit.
        faces: (F, 3), of the first file; the others have the same.
        dropped: files that are no mesh or of another topology, with the reason.
    """

    names: tuple[str, ...]
    vertices: FloatArray
    faces: IndexArray
    dropped: tuple[DroppedCar, ...]


def read_mesh_folder(folder: Path) -> MeshFolder:
    """Reads all `*.obj` of a folder.

    Raises:
        ShapeSpaceError: the folder is missing or holds no readable mesh.
    """
    paths = sorted(folder.glob("*.obj"), key=lambda path: (len(path.stem), path.stem))
    read: dict[str, tuple[FloatArray, IndexArray]] = {}
    dropped: list[DroppedCar] = []
    for row, path in enumerate(paths):
        try:
            read[path.stem] = read_obj(path)
        except ShapeSpaceError as error:
            dropped.append(DroppedCar(row, path.stem, error.problem))
    if not read:
        raise ShapeSpaceError(f"{folder} holds no readable OBJ mesh.", "Choose a folder of *.obj files.")
    shapes = [(len(vertices), faces.tobytes()) for vertices, faces in read.values()]
    usual = max(set(shapes), key=shapes.count)
    kept = {name: mesh for (name, mesh), shape in zip(read.items(), shapes, strict=True) if shape == usual}
    places = {path.stem: row for row, path in enumerate(paths)}
    dropped += [
        DroppedCar(places[name], name, "Its mesh has another topology than most.")
        for name in read
        if name not in kept
    ]
    vertices = np.stack([mesh[0] for mesh in kept.values()])
    faces = next(iter(kept.values()))[1]
    return MeshFolder(tuple(kept), vertices, faces, tuple(sorted(dropped, key=lambda car: car.row)))


def read_obj(path: Path) -> tuple[FloatArray, IndexArray]:
    """(V, 3) vertices and (F, 3) triangles of one OBJ file; polygons are cut into fans.

    Raises:
        ShapeSpaceError: the file cannot be read or is no such mesh.
    """
    way_out = "Export it again as an OBJ with vertices and faces."
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ShapeSpaceError(f"{path.name} is larger than {_MOST_BYTES >> 20} MiB.", way_out)
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise ShapeSpaceError(f"{path.name} cannot be read: {error.strerror}.", way_out) from None
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        try:
            if words[:1] == ["v"]:
                vertices.append([float(word) for word in words[1:4]])
            elif words[:1] == ["f"]:
                faces += _fan([int(word.split("/")[0]) for word in words[1:]], len(vertices))
        except ValueError:
            raise ShapeSpaceError(f"Line {number} of {path.name} is damaged.", way_out) from None
    points = np.array(vertices, dtype=np.float64) if all(len(row) == 3 for row in vertices) else np.empty(0)
    triangles = np.array(faces, dtype=np.int32)
    if points.ndim != 2 or triangles.ndim != 2 or not np.isfinite(points).all():
        raise ShapeSpaceError(f"{path.name} has no vertices or faces.", way_out)
    if triangles.min() < 0 or triangles.max() >= len(points):
        raise ShapeSpaceError(f"{path.name} has a face without its vertices.", way_out)
    return points, triangles


def _fan(corners: list[int], so_far: int) -> list[tuple[int, int, int]]:
    """A polygon's triangles; OBJ counts from 1, and from the end where negative."""
    places = [corner - 1 if corner > 0 else so_far + corner for corner in corners]
    if len(places) < 3 or 0 in corners:
        raise ValueError("no polygon")
    return [(places[0], places[i], places[i + 1]) for i in range(1, len(places) - 1)]
