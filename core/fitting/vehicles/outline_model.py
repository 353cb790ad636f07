"""A car on the ground by its outline: how far its mesh reaches in the picture, with analytic derivatives.

It runs on the same least squares as keypoints do: what it "projects" are sixteen reaches and the heading,
as points of which the second coordinate is nought. The vertex that reaches furthest is chosen at every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.ground_model import GroundModel
from core.fitting.vehicles.outline import COUNT, DIRECTIONS
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

HEADING = COUNT
_SPHERE = 256


@dataclass(frozen=True, eq=False)
class HullBasis(ShapeBasis):
    """The vertices of a car's mesh that its outline can touch; as `ShapeBasis`, with V points for twelve."""

    def points(self, beta: Array) -> Array:
        """(b, K) -> (b, 3, V)."""
        flat = beta @ self.steps.reshape(self.components, -1) + self.mean.reshape(-1)
        return flat.reshape(len(beta), 3, -1)


def hull_basis(space: CarShapeSpace, components: int, directions: int = _SPHERE) -> HullBasis:
    """The outermost vertices of a space's mesh, for cars of all shapes; ValueError where it has no mesh.

    Args:
        components: shape coefficients, at most as many as the space has.
        directions: in how many the outermost are looked for; fewer give a faster and a coarser hull.
    """
    mesh = space.mesh
    if mesh is None:
        raise ValueError(f"the shape space {space.name!r} has keypoints only, no mesh")
    count = min(components, space.components)
    steps = mesh.directions[:count] * space.sigmas[:count, None, None]
    shapes = [mesh.mean, *(mesh.mean + 2 * step for step in steps), *(mesh.mean - 2 * step for step in steps)]
    outward = _sphere(directions)
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
        pixels, slope = self._ground.project(state)
        rows = np.arange(len(state))[:, None]
        furthest = np.argmax(DIRECTIONS @ np.nan_to_num(pixels, nan=-np.inf), axis=2)  # (b, 16)
        behind = np.isnan(pixels[:, 0]).any(axis=1)
        reach, reach_slope = np.zeros((len(state), 2, COUNT + 1)), np.zeros((*slope.shape[:2], 2, COUNT + 1))
        chosen = pixels[rows, :, furthest]  # (b, 16, 2)
        reach[:, 0, :COUNT] = (chosen * DIRECTIONS).sum(axis=2)
        by_state = slope[rows, :, :, furthest]  # (b, 16, P, 2)
        reach_slope[:, :, 0, :COUNT] = np.einsum("bdpi,di->bpd", by_state, DIRECTIONS)
        reach[:, 0, HEADING] = state[:, 2]
        reach_slope[:, 2, 0, HEADING] = 1.0
        reach[behind] = np.nan
        return reach, reach_slope

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
