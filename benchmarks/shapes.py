"""How well five numbers describe a car, and how fast shapes and bodies are made.

    python -m benchmarks shapes

The drawn cars are always measured; the 79 real cars only where ../shared/data is.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.shapes.alignment import fit_up_to_similarity
from core.shapes.apollo import FRAME, METRES_PER_UNIT, read_apollo_cars
from core.shapes.body.gait import walking_pose
from core.shapes.body.model_file import stand_in_body
from core.shapes.build import space_from_meshes
from core.shapes.procedural.car import car_topology, car_vertices
from core.shapes.procedural.default import build_default_space
from core.shapes.procedural.family import draw_family
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space

REAL_CARS = Path(__file__).resolve().parents[2] / "shared" / "data" / "car_models"
COMPONENTS = 5


@dataclass(frozen=True, slots=True)
class ShapeFigures:
    """What was measured; distances are root mean squares over 3D points, centimetres.

    Attributes:
        cars: how many drawn cars.
        drawn_cm, drawn_worst_cm: what five components leave of their keypoints, of all and of the worst car.
        drawn_mesh_cm: the same of their vertices.
        real_cm, real_worst_cm: what the default space leaves of the real cars' keypoints after a similarity.
        real_own_cm: what a space of five components of their own leaves.
        build_s: to build the default space.
        car_us, proxy_us: for the vertices of one car, and of its light stand-in.
        body_ms: for one posed body.
    """

    cars: int
    drawn_cm: float
    drawn_worst_cm: float
    drawn_mesh_cm: float
    real_cm: float | None
    real_worst_cm: float | None
    real_own_cm: float | None
    build_s: float
    car_us: float
    proxy_us: float
    body_ms: float


def main() -> dict[str, float | int | None]:
    """Measures and prints."""
    space = default_space()
    vertices = np.stack([car_vertices(car.parameters) for car in draw_family()])
    points = vertices[:, car_topology().keypoints]
    beta = space.coefficients(points, COMPONENTS)
    miss = np.linalg.norm(space.keypoints(beta) - points, axis=-1)
    real = _real_cars(space)
    body, pose = stand_in_body(), walking_pose(0.3)
    figures = ShapeFigures(
        cars=len(points),
        drawn_cm=_cm(miss),
        drawn_worst_cm=float(np.sqrt((miss**2).mean(axis=1)).max() * 100),
        drawn_mesh_cm=_cm(np.linalg.norm(space.vertices(beta) - vertices, axis=-1)),
        real_cm=real[0],
        real_worst_cm=real[1],
        real_own_cm=real[2],
        build_s=_seconds(build_default_space, 1),
        car_us=_seconds(lambda: space.vertices(beta[0]), 200) * 1e6,
        proxy_us=_seconds(lambda: space.proxy_vertices(beta[0]), 200) * 1e6,
        body_ms=_seconds(lambda: body.posed(pose), 20) * 1e3,
    )
    for name, value in asdict(figures).items():
        print(f"{name}: {'absent' if value is None else round(value, 2)}")
    return asdict(figures)


def _real_cars(space: CarShapeSpace) -> tuple[float | None, float | None, float | None]:
    if not REAL_CARS.exists():
        return None, None, None
    cars = read_apollo_cars(REAL_CARS)
    own = space_from_meshes("real", cars.meshes.vertices, cars.meshes.faces, cars.vote.ids, FRAME)
    points = FRAME.to_car_axes(cars.meshes.vertices[:, cars.vote.ids]) * METRES_PER_UNIT
    rms = np.array([fit_up_to_similarity(space, car, COMPONENTS).rms for car in points])
    return _cm(rms), float(rms.max() * 100), own.rms_m * 100


def _cm(metres: NDArray[np.float64]) -> float:
    return float(np.sqrt((metres**2).mean()) * 100)


def _seconds(work: Callable[[], object], times: int) -> float:
    return timeit.timeit(work, number=times) / times
