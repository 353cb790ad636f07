"""A car on the ground: three degrees of freedom and its shape, projected with analytic derivatives.

State and parameters are the same numbers: x forward and y left of the ground's own frame
(`GroundPlane.frame`), metres; heading from x towards y, radians; then beta. The shape space's wheel points
stand one wheel radius above z = 0, so that wheels are on the road in every state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.facing import turned_away
from core.fitting.vehicles.places import solve_places
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane

Array = NDArray[np.float64]

POSE = 3
NEAREST_M = 0.2


class GroundModel:
    """Projects cars that stand on a plane, through the camera without its distortion."""

    def __init__(self, camera: Camera, plane: GroundPlane, basis: ShapeBasis) -> None:
        frame = plane.frame()
        self.basis = basis
        # (3, 4) from the ground's frame to homogeneous pixels
        self.matrix = camera.matrix @ np.column_stack([frame.rotation, frame.translation])
        self._height = plane.height
        self._steps = np.ascontiguousarray(basis.steps.swapaxes(0, 1).reshape(3, -1))
        self._prior = np.diag([0.0] * POSE + [1.0] * basis.components)

    def project(self, state: Array) -> tuple[Array, Array]:
        """See `levenberg_marquardt.Model`: (b, 3 + K) -> (b, 2, 12) and (b, 3 + K, 2, 12)."""
        count, components = len(state), self.basis.components
        shape = self.basis.points(state[:, POSE:])
        turn, turning = self._turns(state[:, 2])
        rays = turn @ shape + self._places(state)[..., None]
        depth = np.where(rays[:, 2] > NEAREST_M, rays[:, 2], np.nan)
        pixels = rays[:, :2] / depth[:, None]
        by_rays = np.empty((count, POSE + components, 3, shape.shape[-1]))
        by_rays[:, :2] = self.matrix[:, :2].T[..., None]
        by_rays[:, 2] = turning @ shape
        by_rays[:, POSE:] = (turn @ self._steps).reshape(count, 3, components, -1).swapaxes(1, 2)
        slope = by_rays[:, :, :2] - pixels[:, None] * by_rays[:, :, 2:]
        slope /= depth[:, None, None]
        return pixels, slope

    def prior(self, state: Array) -> tuple[Array, Array, Array]:
        """A unit Gaussian on beta; nothing on the place."""
        beta = state[:, POSE:]
        gradient = np.zeros_like(state)
        gradient[:, POSE:] = beta
        return (beta * beta).sum(axis=1), gradient, self._prior

    def moved(self, state: Array, steps: Array) -> Array:
        """Sums: the ground is flat."""
        return state + steps

    def _turns(self, heading: Array) -> tuple[Array, Array]:
        """(b, 3, 3) car axes to homogeneous pixels, and its derivative by the heading."""
        cosine, sine = np.cos(heading)[:, None], np.sin(heading)[:, None]
        turn, turning = np.zeros((len(heading), 3, 3)), np.zeros((len(heading), 3, 3))
        ahead, aside = self.matrix[:, 0], self.matrix[:, 1]
        turn[..., 0] = turning[..., 1] = cosine * ahead + sine * aside
        turn[..., 1] = turning[..., 0] = cosine * aside - sine * ahead
        turning[..., 1] *= -1
        turn[..., 2] = self.matrix[:, 2]
        return turn, turning

    def _places(self, state: Array) -> Array:
        """(b, 3) homogeneous pixels of the cars' origins."""
        return state[:, :2] @ self.matrix[:, :2].T + self.matrix[:, 3]

    def starts(self, pixels: Array, weights: Array, headings: Array) -> Array:
        """Where cars of mean shape stand for each of some headings, from their points alone.

        For a known heading and shape, u n3 = n1 and v n3 = n2 are linear in the place.

        Args:
            pixels: (n, 2, 12); weights: (n, 12) one over sigma, 0 where there is no point.
            headings: (h,).

        Returns:
            (n, h, 3 + K).
        """
        cars, many = len(pixels), len(headings)
        turn, _ = self._turns(headings)
        rays = turn @ self.basis.mean + self.matrix[:, 3:]  # (h, 3, 12)
        known = pixels[:, None] * rays[None, :, 2:] - rays[None, :, :2]  # (n, h, 2, 12)
        # (n, 2 coordinates, 12, 2 unknowns)
        columns = self.matrix[:2, :2][None, :, None] - pixels[..., None] * self.matrix[2, :2]
        place = solve_places(columns, known, weights)
        state = np.zeros((cars, many, POSE + self.basis.components))
        state[..., :2], state[..., 2] = place, headings
        return state

    def turned_away(self, state: Array) -> NDArray[np.bool_]:
        """(b, 12) keypoints that states turn away from the camera."""
        cosine, sine = np.cos(state[:, 2]), np.sin(state[:, 2])
        x, y = state[:, 0], state[:, 1]
        # the camera stands above the ground's origin
        camera = np.stack(
            [-cosine * x - sine * y, sine * x - cosine * y, np.full(len(x), self._height)], axis=1
        )
        return turned_away(camera, self.basis.points(state[:, POSE:]))

    def apart(self, first: Array, second: Array) -> Array:
        """(...,) angle between the headings of states, radians."""
        return np.abs((first[..., 2] - second[..., 2] + np.pi) % (2 * np.pi) - np.pi)
