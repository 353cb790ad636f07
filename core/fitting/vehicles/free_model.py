"""A car anywhere before the camera: six degrees of freedom and its shape, with a weak prior on being upright.

State: nine numbers of the rotation (car to camera, row by row), three of the translation in metres, beta.
Parameters: a small turn w about the camera's axes, exp(w) R; the translation; beta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.facing import turned_away
from core.fitting.vehicles.places import solve_places
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.cameras import Camera
from core.geometry.poses import cross_matrix, heading_rotation, rotation_angle, rotation_from_vector

Array = NDArray[np.float64]

POSE = 6
ROTATION = 9
PLACE = 12
NEAREST_M = 0.2


@dataclass(frozen=True)
class UprightPrior:
    """How a car stands towards a camera of which no ground is known.

    Attributes:
        pitch_rad: how far down the camera looks on the car's ground, most likely.
        pitch_sigma_rad, roll_sigma_rad: standard deviations of that, and of the lean to either side.
    """

    pitch_rad: float = 0.25
    pitch_sigma_rad: float = 0.25
    roll_sigma_rad: float = 0.12

    @property
    def up(self) -> Array:
        """(3,) the likeliest up in the camera frame."""
        return np.array([0.0, -np.cos(self.pitch_rad), -np.sin(self.pitch_rad)])

    @property
    def ahead(self) -> Array:
        """(3,) at right angles to up and to the camera's x."""
        return np.array([0.0, -np.sin(self.pitch_rad), np.cos(self.pitch_rad)])


class FreeModel:
    """Projects cars of any pose, through the camera without its distortion."""

    def __init__(self, camera: Camera, basis: ShapeBasis, upright: UprightPrior) -> None:
        self.basis = basis
        self.matrix = camera.matrix
        self.upright = upright
        # up's share along these, in sigmas, is 0 for the likeliest stand
        self._lean = np.stack(
            [np.array([1.0, 0.0, 0.0]) / upright.roll_sigma_rad, upright.ahead / upright.pitch_sigma_rad]
        )
        self._on_shape = np.diag([0.0] * POSE + [1.0] * basis.components)

    def project(self, state: Array) -> tuple[Array, Array]:
        """See `levenberg_marquardt.Model`: (b, 12 + K) -> (b, 2, 12) and (b, 6 + K, 2, 12)."""
        count, components = len(state), self.basis.components
        rotation = state[:, :ROTATION].reshape(-1, 3, 3)
        turn = self.matrix @ rotation
        turned = rotation @ self.basis.points(state[:, PLACE:])  # camera axes, about the car's origin
        rays = self.matrix @ (turned + state[:, ROTATION:PLACE, None])
        depth = np.where(rays[:, 2] > NEAREST_M, rays[:, 2], np.nan)
        pixels = rays[:, :2] / depth[:, None]
        by_rays = np.empty((count, POSE + components, 3, rays.shape[-1]))
        # d(w x a)/dw = -[a]: columns of K [a]^T
        by_rays[:, :3] = (self.matrix @ -cross_matrix(turned.swapaxes(1, 2))).transpose(0, 3, 2, 1)
        by_rays[:, 3:6] = self.matrix.T[..., None]
        by_rays[:, POSE:] = turn[:, None] @ self.basis.steps
        slope = by_rays[:, :, :2] - pixels[:, None] * by_rays[:, :, 2:]
        slope /= depth[:, None, None]
        return pixels, slope

    def prior(self, state: Array) -> tuple[Array, Array, Array]:
        """A unit Gaussian on beta, and one on how the car's up leans."""
        beta = state[:, PLACE:]
        up = state[:, [2, 5, 8]]
        lean = up @ self._lean.T
        # (w x up).a = w.(up x a)
        by_turn = np.cross(up[:, None], self._lean[None])
        gradient = np.zeros((len(state), POSE + self.basis.components))
        gradient[:, :3] = np.einsum("bi,bij->bj", lean, by_turn)
        gradient[:, POSE:] = beta
        information = np.broadcast_to(self._on_shape, (len(state), *self._on_shape.shape)).copy()
        information[:, :3, :3] = by_turn.swapaxes(1, 2) @ by_turn
        cost = (beta * beta).sum(axis=1) + (lean * lean).sum(axis=1)
        # upside down leans as little as upright
        return np.where(up @ self.upright.up > 0, cost, np.inf), gradient, information

    def moved(self, state: Array, steps: Array) -> Array:
        """Turns first, sums the rest."""
        turn = rotation_from_vector(steps[:, :3])
        rotation = turn @ state[:, :ROTATION].reshape(-1, 3, 3)
        return np.concatenate(
            [rotation.reshape(len(state), ROTATION), state[:, ROTATION:] + steps[:, 3:]], axis=1
        )

    def starts(self, pixels: Array, weights: Array, headings: Array) -> Array:
        """Upright cars of mean shape for each of some headings, placed by their points alone.

        For a known rotation and shape the projection is linear in the translation; see `GroundModel.starts`.

        EPnP's pose of the mean car (Lepetit et al. 2009) comes last, where it has one.

        Args:
            pixels: (n, 2, 12); weights: (n, 12) one over sigma, 0 where there is no point.
            headings: (h,) from the camera's own direction.

        Returns:
            (n, h + 1, 12 + K).
        """
        cars, many = len(pixels), len(headings)
        up, ahead = self.upright.up, self.upright.ahead
        stand = np.stack([ahead, np.cross(up, ahead), up], axis=1)
        rotations = np.stack([stand @ heading_rotation(heading) for heading in headings])
        rays = self.matrix @ (rotations @ self.basis.mean)
        known = pixels[:, None] * rays[None, :, 2:] - rays[None, :, :2]
        columns = self.matrix[:2][None, :, None] - pixels[..., None] * self.matrix[2]
        place = solve_places(columns, known, weights)
        state = np.zeros((cars, many + 1, PLACE + self.basis.components))
        state[:, :many, :ROTATION] = rotations.reshape(many, ROTATION)
        state[:, :many, ROTATION:PLACE] = place
        for row in range(cars):
            pose = self._epnp(pixels[row], weights[row])
            state[row, many, :PLACE] = state[row, 0, :PLACE] if pose is None else pose
        return state

    def _epnp(self, pixels: Array, weights: Array) -> Array | None:
        """(12,) rotation and translation of the mean car by EPnP, if it has one before the camera."""
        import cv2

        there = weights > 0
        if there.sum() < 4:
            return None
        points = np.ascontiguousarray(self.basis.mean[:, there].T)
        try:
            found, turn, place = cv2.solvePnP(
                points, np.ascontiguousarray(pixels[:, there].T), self.matrix, None, flags=cv2.SOLVEPNP_EPNP
            )
        except cv2.error:
            return None
        if not found or not np.isfinite(turn).all() or not place[2, 0] > NEAREST_M:
            return None
        return np.concatenate([rotation_from_vector(turn[:, 0]).reshape(-1), place[:, 0]])

    def turned_away(self, state: Array) -> NDArray[np.bool_]:
        """(b, 12) keypoints that states turn away from the camera."""
        rotation = state[:, :ROTATION].reshape(-1, 3, 3)
        camera = -(state[:, None, ROTATION:PLACE] @ rotation)[:, 0]
        return turned_away(camera, self.basis.points(state[:, PLACE:]))

    def apart(self, first: Array, second: Array) -> Array:
        """(...,) angle between the poses of states, radians."""
        return rotation_angle(
            first[..., :ROTATION].reshape(*first.shape[:-1], 3, 3),
            second[..., :ROTATION].reshape(*second.shape[:-1], 3, 3),
        )
