"""The cars of a street: some models of the procedural family, each with its size, keypoints and shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.records.shapes import BodyStyle
from core.shapes.meshes import corner_normals
from core.shapes.procedural.default import draw_shapes
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space
from core.synthesis.street.solid import Solid
from core.synthesis.street.traffic import CarSize

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CarModel:
    """One model of car.

    Attributes:
        style: what kind it is.
        solid: its body in the car frame.
        keypoints: (12, 3) car frame, metres.
        size: for the traffic.
        shape: (K,) its coefficients in the default shape space.
    """

    style: BodyStyle
    solid: Solid
    keypoints: Floats
    size: CarSize
    shape: Floats


def draw_models(count: int, seed: int) -> tuple[CarModel, ...]:
    """Draws models like the procedural family's, each as the default shape space sees it."""
    space = default_space()
    shapes = draw_shapes(space, count, int(np.random.default_rng([seed, 127]).integers(2**31)))
    return tuple(build_model(shape.car.style, space, shape.beta) for shape in shapes)


def build_model(style: BodyStyle, space: CarShapeSpace, shape: Floats) -> CarModel:
    """One car of a shape space with everything that the street needs."""
    mesh, keypoints = space.car_mesh(shape), space.keypoints(shape)
    part = np.zeros(len(mesh.faces), dtype=np.int32)
    for number, ids in enumerate(mesh.parts.values()):
        part[ids] = number
    solid = Solid(mesh.vertices, mesh.faces, mesh.parts, corner_normals(mesh.vertices, mesh.faces, part))
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    extent = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    wheelbase = float((keypoints[:2, 0] - keypoints[2:4, 0]).mean())
    return CarModel(style, solid, keypoints, CarSize(extent, wheelbase), shape)
