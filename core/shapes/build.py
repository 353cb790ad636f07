"""Shape spaces from other people's cars: meshes of one topology, or arrays of twelve keypoints.

Defective cars are reported and dropped, axes, unit and handedness are declared and checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ShapeSpaceError
from core.shapes.components import Components, principal_components
from core.shapes.defects import DroppedCar, find_defects
from core.shapes.frames import SourceFrame
from core.shapes.keypoints import COUNT, WHEELS
from core.shapes.meshes import signed_volume
from core.shapes.proxy import cluster_proxy
from core.shapes.space import CarShapeSpace, MeshBasis

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]

MEAN_WHEELBASE_M = 2.70
"""What the mean wheelbase of a set without a unit is taken to be (ALGORITHMS 3.4)."""
WHEEL_RADIUS_M = 0.32
"""How high the hubs of a set without meshes are taken to be above the road (ALGORITHMS 3.4)."""
_FEWEST_CARS = 8


@dataclass(frozen=True, slots=True, eq=False)
class BuiltSpace:
    """A new space and what it was made of.

    Attributes:
        space: the space.
        kept: how many cars it was made from.
        dropped: the others, each with its reason.
        metres_per_unit: the unit that was declared, or that the wheelbase gave.
        rms_m: what five components leave of the kept cars' keypoints, root mean square distance.
    """

    space: CarShapeSpace
    kept: int
    dropped: tuple[DroppedCar, ...]
    metres_per_unit: float
    rms_m: float


def space_from_keypoints(
    name: str,
    points: ArrayLike,
    frame: SourceFrame,
    *,
    components: int = 10,
    car_names: Sequence[str] | None = None,
) -> BuiltSpace:
    """A space of keypoints only.

    Args:
        name: for the report and the file.
        points: (N, 12, 3) in the order of `core.shapes.keypoints.Keypoint`.
        frame: its declared axes, handedness and unit.
        components: how many to keep.
        car_names: (N,) for the report; the rows' numbers where None.

    Raises:
        ShapeSpaceError: the array has another shape, the declaration contradicts itself or the points, or
            too few sound cars are left.
    """
    cars = _keypoint_array(points, name)
    turned = frame.to_car_axes(cars)
    sound, dropped = _sift(name, turned, car_names)
    unit = _unit(turned[sound], frame)
    placed = _on_the_road(turned[sound] * unit, WHEEL_RADIUS_M)
    return _built(name, principal_components(placed, None, components), placed, dropped, unit, None)


def space_from_meshes(
    name: str,
    vertices: ArrayLike,
    faces: ArrayLike,
    keypoint_ids: ArrayLike,
    frame: SourceFrame,
    *,
    components: int = 10,
    car_names: Sequence[str] | None = None,
) -> BuiltSpace:
    """A space of keypoints and a mesh.

    Args:
        name: for the report and the file.
        vertices: (N, V, 3) of one topology.
        faces: (F, 3).
        keypoint_ids: (12,) the vertex of each keypoint.
        frame: declared axes, handedness and unit.
        components: how many to keep.
        car_names: (N,) for the report.

    Raises:
        ShapeSpaceError: as for `space_from_keypoints`.
    """
    meshes = np.asarray(vertices, dtype=np.float64)
    triangles = np.asarray(faces, dtype=np.int32)
    ids = np.asarray(keypoint_ids, dtype=np.int32)
    if meshes.ndim != 3 or meshes.shape[2] != 3 or triangles.ndim != 2 or triangles.shape[1] != 3:
        raise ShapeSpaceError(f"{name} holds no meshes of one topology.", "Give (N, V, 3) and (F, 3) arrays.")
    highest = max(triangles.max(initial=0), ids.max(initial=0))
    if (
        ids.shape != (COUNT,)
        or len(set(ids.tolist())) != COUNT
        or ids.min() < 0
        or highest >= meshes.shape[1]
    ):
        raise ShapeSpaceError(
            f"The keypoints of {name} are not twelve different vertices of its meshes.",
            "Give one vertex for each keypoint, or vote them from annotations.",
        )
    turned = frame.to_car_axes(meshes)
    sound, dropped = _sift(name, turned[:, ids], car_names)
    unit = _unit(turned[sound][:, ids], frame)
    placed = turned[sound] * unit
    placed -= _origins(placed[:, ids], placed[..., 2].min(axis=1))[:, None]
    found = principal_components(placed[:, ids], placed, components)
    assert found.mesh_mean is not None
    assert found.mesh_directions is not None
    if signed_volume(found.mesh_mean, triangles) < 0:
        triangles = np.ascontiguousarray(triangles[:, ::-1])
    proxy = cluster_proxy(found.mesh_mean, triangles, ids)
    basis = MeshBasis(
        mean=found.mesh_mean,
        directions=found.mesh_directions,
        faces=triangles,
        parts={"body": np.arange(len(triangles), dtype=np.int32)},
        keypoint_ids=ids,
        proxy_ids=proxy.vertex_ids,
        proxy_faces=proxy.faces,
    )
    return _built(name, found, placed[:, ids], dropped, unit, basis)


def read_keypoint_array(path: Path, columns: tuple[int, int, int] = (0, 1, 2)) -> FloatArray:
    """(N, 12, 3) from an npy file of shape (N, 12, C).

    Args:
        path: the file; nothing in it is unpickled.
        columns: which of the C numbers are x, y and z.

    Raises:
        ShapeSpaceError: the file is missing, holds objects, or has another shape.
    """
    way_out = "Give an npy file with an array of shape (N, 12, 3)."
    try:
        array = np.load(path, allow_pickle=False, mmap_mode="r")
    except OSError as error:
        raise ShapeSpaceError(f"{path} cannot be read: {error.strerror or 'no npy file'}.", way_out) from None
    except (ValueError, EOFError):
        raise ShapeSpaceError(f"{path} is damaged or holds more than plain numbers.", way_out) from None
    if not isinstance(array, np.ndarray) or array.ndim != 3 or array.shape[1] != COUNT:
        raise ShapeSpaceError(f"{path} holds no twelve keypoints a car.", way_out)
    if array.dtype.kind not in "fiu" or not 0 <= min(columns) <= max(columns) < array.shape[2]:
        raise ShapeSpaceError(f"{path} has no columns {columns} of numbers.", way_out)
    return np.asarray(array[..., list(columns)], dtype=np.float64)


def _keypoint_array(points: ArrayLike, name: str) -> FloatArray:
    cars = np.asarray(points, dtype=np.float64)
    if cars.ndim != 3 or cars.shape[1:] != (COUNT, 3):
        raise ShapeSpaceError(
            f"{name} has an array of shape {cars.shape}, not (N, 12, 3).",
            "Order the twelve keypoints as in docs, one car a row.",
        )
    return cars


def _sift(
    name: str, points: FloatArray, car_names: Sequence[str] | None
) -> tuple[NDArray[np.bool_], tuple[DroppedCar, ...]]:
    """Which cars are sound, and the others with their reasons."""
    reasons = find_defects(points)
    mirrored = points * np.array([1.0, -1.0, 1.0])
    if len(reasons) > len(points) / 2 and len(find_defects(mirrored)) < len(points) / 2:
        raise ShapeSpaceError(
            f"In {name} the keypoints named right lie on the left.",
            "Declare the other handedness and turn the left axis round, or swap left rows with right ones.",
        )
    names = list(car_names) if car_names is not None else [str(row) for row in range(len(points))]
    dropped = tuple(DroppedCar(row, names[row], reason) for row, reason in reasons.items())
    sound = np.ones(len(points), dtype=bool)
    sound[list(reasons)] = False
    if sound.sum() < _FEWEST_CARS:
        first = f" The first: {dropped[0].reason}" if dropped else ""
        raise ShapeSpaceError(
            f"{name} has {sound.sum()} sound cars of {len(points)}; a space needs {_FEWEST_CARS}.{first}",
            "Check the declared axes and the order of the keypoints.",
        )
    return sound, dropped


def _unit(points: FloatArray, frame: SourceFrame) -> float:
    """Metres per unit: as declared, or so that the mean wheelbase is that of ordinary cars."""
    if frame.metres_per_unit is not None:
        return frame.metres_per_unit
    wheelbase = points[:, :2, 0].mean(axis=1) - points[:, 2:4, 0].mean(axis=1)
    return float(MEAN_WHEELBASE_M / wheelbase.mean())


def _on_the_road(points: FloatArray, wheel_radius: float) -> FloatArray:
    """Cars with their origin below the middle of the wheels, hubs one wheel radius up."""
    ground = points[:, list(WHEELS), 2].mean(axis=1) - wheel_radius
    return points - _origins(points, ground)[:, None]


def _origins(points: FloatArray, ground: FloatArray) -> FloatArray:
    """(N, 3): the wheels' middle, on the ground."""
    middle = points[:, list(WHEELS)].mean(axis=1)
    middle[:, 2] = ground
    return middle


def _built(
    name: str,
    found: Components,
    points: FloatArray,
    dropped: tuple[DroppedCar, ...],
    unit: float,
    mesh: MeshBasis | None,
) -> BuiltSpace:
    space = CarShapeSpace(name, found.mean, found.directions, found.sigmas, found.explained, mesh)
    five = min(5, space.components)
    left = np.linalg.norm(space.keypoints(space.coefficients(points, five)) - points, axis=-1)
    return BuiltSpace(space, len(points), dropped, unit, float(np.sqrt((left**2).mean())))
