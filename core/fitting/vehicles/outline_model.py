"""A car on the ground by its outline: how far its mesh reaches in the picture, with analytic derivatives.

It runs on the same least squares as keypoints do: what it "projects" are sixteen reaches and the heading,
as points of which the second coordinate is nought. The vertex that reaches furthest is chosen at every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.ground_model import NEAREST_M, POSE, GroundModel
from core.fitting.vehicles.outline import COUNT, DIRECTIONS
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

HEADING = COUNT
_SPHERE = 160


@dataclass(frozen=True, eq=False)
class HullBasis(ShapeBasis):
    """The vertices of a car's mesh that its outline can touch; as `ShapeBasis`, with V points for twelve."""

    def points(self, beta: Array) -> Array:
        """(b, K) -> (b, 3, V)."""
        flat = beta @ self.steps.reshape(self.components, -1) + self.mean.reshape(-1)
        return flat.reshape(len(beta), 3, -1)


def hull_basis(space: CarShapeSpace, components: int) -> HullBasis:
    """The outermost vertices of a space's mesh, for cars of all shapes; ValueError where it has no mesh."""
    mesh = space.mesh
    if mesh is None:
        raise ValueError(f"the shape space {space.name!r} has keypoints only, no mesh")
    count = min(components, space.components)
    steps = mesh.directions[:count] * space.sigmas[:count, None, None]
    shapes = [mesh.mean, *(mesh.mean + 2 * step for step in steps), *(mesh.mean - 2 * step for step in steps)]
    outward = _sphere(_SPHERE)
    chosen = np.unique([np.argmax(shape @ outward.T, axis=0) for shape in shapes])
    return HullBasis(
        np.ascontiguousarray(mesh.mean[chosen].T), np.ascontiguousarray(steps[:, chosen].swapaxes(1, 2))
    )


class OutlineModel:
    """Reaches and heading of cars on a plane; see `levenberg_marquardt.Model`."""

    def __init__(self, camera: Camera, plane: GroundPlane, basis: HullBasis) -> None:
        self._ground = GroundModel(camera, plane, basis)
        self.basis = basis

    def project(self, state: Array) -> tuple[Array, Array]:
        """(b, 3 + K) -> (b, 2, 17) and (b, 3 + K, 2, 17): reaches, then heading; NaN where it is behind."""
        matrix, basis = self._ground.matrix, self.basis
        count, components = len(state), basis.components
        shape = basis.points(state[:, POSE:])
        cosine, sine = np.cos(state[:, 2])[:, None], np.sin(state[:, 2])[:, None]
        ahead, aside = (
            cosine * matrix[:, 0] + sine * matrix[:, 1],
            cosine * matrix[:, 1] - sine * matrix[:, 0],
        )
        up = np.broadcast_to(matrix[:, 2], ahead.shape)
        turn = np.stack([ahead, aside, up], axis=2)
        rays = turn @ shape + (state[:, :2] @ matrix[:, :2].T + matrix[:, 3])[..., None]
        behind = (rays[:, 2] < NEAREST_M).any(axis=1)
        depth = np.maximum(rays[:, 2], NEAREST_M)
        pixels = rays[:, :2] / depth[:, None]
        furthest = np.argmax(DIRECTIONS @ pixels, axis=2)  # (b, 16)
        # what touches the outline, and how it moves
        chosen = np.take_along_axis(shape, furthest[:, None], axis=2)
        touching = np.take_along_axis(pixels, furthest[:, None], axis=2)
        by_rays = np.empty((count, POSE + components, 3, COUNT))
        by_rays[:, :2] = matrix[:, :2].T[..., None]
        by_rays[:, 2] = aside[..., None] * chosen[:, :1] - ahead[..., None] * chosen[:, 1:2]
        by_rays[:, POSE:] = turn[:, None] @ basis.steps[:, :, furthest].transpose(2, 0, 1, 3)
        slope = by_rays[:, :, :2] - touching[:, None] * by_rays[:, :, 2:]
        slope /= np.take_along_axis(depth, furthest, axis=1)[:, None, None]
        reach, by_state = np.zeros((count, 2, COUNT + 1)), np.zeros((*slope.shape[:2], 2, COUNT + 1))
        reach[:, 0, :COUNT] = (touching * DIRECTIONS.T).sum(axis=1)
        by_state[:, :, 0, :COUNT] = (slope * DIRECTIONS.T).sum(axis=2)
        reach[:, 0, HEADING] = state[:, 2]
        by_state[:, 2, 0, HEADING] = 1.0
        reach[behind] = np.nan
        return reach, by_state

    def prior(self, state: Array) -> tuple[Array, Array, Array]:
        """A unit Gaussian on beta."""
        return self._ground.prior(state)

    def moved(self, state: Array, steps: Array) -> Array:
        """Sums: the ground is flat."""
        return state + steps

    def apart(self, first: Array, second: Array) -> Array:
        """(...,) angle between the headings of states, radians."""
        return self._ground.apart(first, second)


def _sphere(count: int) -> Array:
    """(count, 3) directions spread evenly (Fibonacci's spiral)."""
    number = np.arange(count) + 0.5
    z = 1 - 2 * number / count
    turn = np.pi * (1 + np.sqrt(5)) * number
    across = np.sqrt(1 - z * z)
    return np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)
