"""A car on the ground with what is known of it before its points: outline, heading, shape.

All of it enters as the model's prior, so that the search over keypoints stays what it is. Outline and heading
may be wrong altogether (a pole hides half the car, a car reverses): both have Cauchy's loss, which lets go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.ground_model import NEAREST_M, POSE, GroundModel
from core.fitting.vehicles.outline import Outline
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

# where the car reaches farther than its mask, something may hide it, at this cost at most in squared sigmas
# (Geman and McClure's loss); where the mask reaches farther than the car, only the mask can be wrong
_BEYOND_COST = 6.0
_SHORT_SIGMAS = 4.0
_HEADING_SIGMAS = 3.0
_MIDDLE_HEIGHT_M = 0.7
_EXTREMES = 200


@dataclass(frozen=True, eq=False)
class Guide:
    """What is known of a car in a frame before anybody has placed a point.

    Attributes:
        outline: of its mask, or None.
        heading_rad, heading_sigma_rad: from its track's motion, or None.
        shape, shape_sigma: (k,) coefficients that its track's other frames tell, and how well; None for the
            space's own unit Gaussian.
    """

    outline: Outline | None = None
    heading_rad: float | None = None
    heading_sigma_rad: float = 0.2
    shape: Array | None = None
    shape_sigma: Array | None = None


class GuidedModel(GroundModel):
    """A `GroundModel` of one car, with its guide as prior."""

    def __init__(
        self, camera: Camera, plane: GroundPlane, basis: ShapeBasis, space: CarShapeSpace, guide: Guide
    ) -> None:
        super().__init__(camera, plane, basis)
        self.guide = guide
        components = basis.components
        self._shape, self._shape_weight = np.zeros(components), np.ones(components)
        if guide.shape is not None:
            count = min(components, len(guide.shape))
            self._shape[:count] = guide.shape[:count]
            if guide.shape_sigma is not None:
                self._shape_weight[:count] = 1 / np.clip(guide.shape_sigma[:count], 1e-3, 1.0)
        self._prior = np.diag(np.concatenate([np.zeros(POSE), self._shape_weight**2]))
        self._outline = guide.outline if space.mesh is not None else None
        if self._outline is not None:
            self._mean, self._spread = extreme_points(space, components)

    def prior(self, state: Array) -> tuple[Array, Array, Array]:
        """See `levenberg_marquardt.Model`; the information is (b, P, P) here."""
        count = len(state)
        off = (state[:, POSE:] - self._shape) * self._shape_weight
        cost = (off * off).sum(axis=1)
        gradient = np.zeros_like(state)
        gradient[:, POSE:] = off * self._shape_weight
        information = np.broadcast_to(self._prior, (count, *self._prior.shape)).copy()
        if self.guide.heading_rad is not None:
            weight = 1 / self.guide.heading_sigma_rad
            turn = (state[:, 2] - self.guide.heading_rad + np.pi) % (2 * np.pi) - np.pi
            loss, pull = _cauchy(turn * weight, np.full(count, _HEADING_SIGMAS))
            cost = cost + loss
            gradient[:, 2] += pull * turn * weight**2
            information[:, 2, 2] += pull * weight**2
        if self._outline is not None:
            loss, slope, second = self._by_outline(state, self._outline)
            cost, gradient = cost + loss, gradient + slope
            information += second
        return cost, gradient, information

    def starts(self, pixels: Array, weights: Array, headings: Array) -> Array:
        """Where the mean car stands for each heading, by its outline's middle; by its points without one."""
        if self.guide.heading_rad is not None:
            headings = np.concatenate([headings, [self.guide.heading_rad]])
        state = super().starts(pixels, weights, headings)
        state[..., POSE:] = self._shape
        place = self._middle_place()
        if place is None:
            return state
        by_outline = state.copy()
        by_outline[..., :2] = place
        return np.concatenate([by_outline, state], axis=1) if (weights > 0).any() else by_outline

    def _middle_place(self) -> Array | None:
        """(2,) the ground below the outline's middle, None where it is no ground before the camera."""
        if self._outline is None:
            return None
        pixel = self._outline.middle
        rest = self.matrix[:, 2] * _MIDDLE_HEIGHT_M + self.matrix[:, 3]
        columns = self.matrix[:2, :2] - np.outer(pixel, self.matrix[2, :2])
        place = np.linalg.lstsq(columns, pixel * rest[2] - rest[:2], rcond=None)[0]
        depth = float(self.matrix[2, :2] @ place + rest[2])
        return place if depth > NEAREST_M else None

    def _by_outline(self, state: Array, outline: Outline) -> tuple[Array, Array, Array]:
        """Cost (b,), half its gradient (b, P) and half its second derivative (b, P, P)."""
        count, components = len(state), self.basis.components
        flat = state[:, POSE:] @ self._spread.reshape(components, -1) + self._mean.reshape(-1)
        points = flat.reshape(count, 3, -1)
        turn, turning = self._turns(state[:, 2])
        rays = turn @ points + self._places(state)[..., None]
        depth = np.maximum(rays[:, 2], NEAREST_M)
        pixels = rays[:, :2] / depth[:, None]
        along = outline.directions @ pixels  # (b, D, V)
        farthest = along.argmax(axis=-1)
        each = np.arange(count)[:, None]
        reach = np.take_along_axis(along, farthest[..., None], axis=-1)[..., 0]
        over = (reach - outline.reach_px) / outline.sigma_px
        over[:, outline.open] = np.minimum(over[:, outline.open], 0.0)
        beyond = over > 0
        loss, pull = _cauchy(over, np.full(over.shape, _SHORT_SIGMAS))
        most = _BEYOND_COST / (_BEYOND_COST + over[beyond] ** 2)
        loss[beyond], pull[beyond] = over[beyond] ** 2 * most, most**2
        # derivatives of u.p at the vertices that reach farthest
        chosen = points[each, :, farthest].swapaxes(1, 2)  # (b, 3, D)
        by_rays = np.empty((count, POSE + components, 3, chosen.shape[-1]))
        by_rays[:, :2] = self.matrix[:, :2].T[..., None]
        by_rays[:, 2] = turning @ chosen
        steps = self._spread[:, :, farthest]  # (K, 3, b, D)
        by_rays[:, POSE:] = turn[:, None] @ steps.transpose(2, 0, 1, 3)
        there = pixels[each, :, farthest].swapaxes(1, 2)[:, None]  # (b, 1, 2, D)
        slope = by_rays[:, :, :2] - there * by_rays[:, :, 2:]
        slope = (slope * outline.directions.T).sum(axis=2)
        slope /= depth[each, farthest][:, None] * outline.sigma_px
        pulled = slope * pull[:, None]
        behind = rays[:, 2].min(axis=1) < NEAREST_M
        cost = np.where(behind, np.inf, loss.sum(axis=1))
        return cost, (pulled @ over[..., None])[..., 0], pulled @ slope.swapaxes(1, 2)


def extreme_points(space: CarShapeSpace, components: int) -> tuple[Array, Array]:
    """The light stand-in's vertices that can be the farthest in some direction, as mean and steps.

    Returns:
        (3, V) mean and (K, 3, V) what one unit of each beta moves, car frame, metres.
    """
    beta = np.concatenate([np.zeros((1, components)), 2 * np.eye(components), -2 * np.eye(components)])
    cars = space.proxy_vertices(beta)  # (n, V, 3)
    index = np.arange(_EXTREMES) + 0.5
    height, angle = 1 - 2 * index / _EXTREMES, np.pi * (1 + 5**0.5) * index  # Fibonacci's even sphere
    flat = np.sqrt(1 - height**2)
    directions = np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1)
    ids = np.unique((cars @ directions.T).argmax(axis=1))
    mean, moved = cars[0, ids], space.proxy_vertices(np.eye(components))[:, ids]
    return np.ascontiguousarray(mean.T), np.ascontiguousarray((moved - mean).swapaxes(1, 2))


def _cauchy(residual: Array, bend: Array) -> tuple[Array, Array]:
    """Cauchy's loss c^2 log(1 + r^2 / c^2), and the weight that least squares gives the residual for it."""
    share = (residual / bend) ** 2
    return bend**2 * np.log1p(share), 1 / (1 + share)
