"""The default shape space, from the procedural family alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.components import principal_components
from core.shapes.procedural.car import car_topology, car_vertices
from core.shapes.procedural.family import DrawnCar, draw_car, draw_family
from core.shapes.procedural.proxy import procedural_proxy
from core.shapes.procedural.styles import SHARES
from core.shapes.space import CarShapeSpace, MeshBasis

COMPONENTS = 10


def build_default_space() -> CarShapeSpace:
    """Draws the family and analyses it; the same to 1e-6 on every machine."""
    topology, proxy = car_topology(), procedural_proxy()
    family = draw_family()
    vertices = np.stack([car_vertices(car.parameters) for car in family])
    found = principal_components(vertices[:, topology.keypoints], vertices, COMPONENTS)
    assert found.mesh_mean is not None
    assert found.mesh_directions is not None
    return CarShapeSpace(
        name=f"procedural family of {len(family)} cars",
        mean=found.mean,
        directions=found.directions,
        sigmas=found.sigmas,
        explained=found.explained,
        mesh=MeshBasis(
            mean=found.mesh_mean,
            directions=found.mesh_directions,
            faces=topology.faces,
            parts=topology.parts,
            keypoint_ids=topology.keypoints,
            proxy_ids=proxy.vertex_ids,
            proxy_faces=proxy.faces,
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class DrawnShape:
    """A car of the family as the space sees it: its measures, and the beta nearest to them."""

    car: DrawnCar
    beta: NDArray[np.float64]


def draw_shapes(space: CarShapeSpace, count: int, seed: int) -> list[DrawnShape]:
    """Cars for a street, in no order: drawn like the family, and each expressed in a space.

    Unlike free draws of beta these are never between two kinds of car.

    Args:
        space: the default space, or one with the same keypoints.
        count: any number.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    styles = list(SHARES)
    shares = np.array([SHARES[style] for style in styles])
    drawn = []
    for place in rng.choice(len(styles), size=count, p=shares / shares.sum()):
        car = DrawnCar(styles[place], draw_car(styles[place], rng))
        points = car_vertices(car.parameters)[car_topology().keypoints]
        drawn.append(DrawnShape(car, space.coefficients(points)))
    return drawn
