"""A car on the ground with what is known of it before its points: outline, heading, shape.

All of it enters as the model's prior, so that the search over keypoints stays what it is. Outline and heading
may be wrong altogether (a pole hides half the car, a car reverses): both have a loss that lets go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.ground_model import NEAREST_M, POSE, GroundModel
from core.fitting.vehicles.outline import COUNT, DIRECTIONS, Outline
from core.fitting.vehicles.outline_model import HullBasis
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane

Array = NDArray[np.float64]

# noise of an outline's reach: in pixels, and as a share of the car's size for what no car of the space has
EDGE_PX, EDGE_SHARE = 1.0, 0.01
# where the car reaches farther than its mask, something may hide it, at this cost at most in squared sigmas
# (Geman and McClure's loss); where the mask reaches farther than the car, only the mask can be wrong
_BEYOND_COST = 6.0
_SHORT_SIGMAS = 4.0
_HEADING_SIGMAS = 3.0
_LEAST_SHAPE_SIGMA = 1e-3
_MIDDLE_HEIGHT_M = 0.7
_TURNS = np.asarray(np.arange(4) * (np.pi / 2), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Guide:
    """What is known of a car in a frame before anybody has placed a point.

    Attributes:
        outline: of its mask, or None.
        heading_rad, heading_sigma_rad: by its track's motion; None where that says nothing.
        shape, shape_sigma: (k,) coefficients that other frames of its track tell, and how well; None for the
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
        self, camera: Camera, plane: GroundPlane, basis: ShapeBasis, hull: HullBasis | None, guide: Guide
    ) -> None:
        """The model of one car.

        Args:
            basis: of the keypoints. hull: the vertices that an outline can touch, with as many coefficients;
                None where the space has no mesh, which leaves an outline without a say.
            guide: what is known of the car.
        """
        super().__init__(camera, plane, basis)
        self.guide = guide
        components = basis.components
        self._shape, weight = np.zeros(components), np.ones(components)
        if guide.shape is not None:
            count = min(components, len(guide.shape))
            self._shape[:count] = guide.shape[:count]
            if guide.shape_sigma is not None:
                weight[:count] = 1 / np.clip(guide.shape_sigma[:count], _LEAST_SHAPE_SIGMA, 1.0)
        self._shape_weight = weight
        self._prior = np.diag(np.concatenate([np.zeros(POSE), weight**2]))
        self._outline = guide.outline
        if hull is None:
            self._outline = None
        else:
            self._hull = hull
        if self._outline is not None:
            self._edge_px = float(np.hypot(EDGE_PX, EDGE_SHARE * self._outline.size_px))

    @property
    def has_outline(self) -> bool:
        """Whether an outline has a say."""
        return self._outline is not None

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
            loss, pull = _cauchy(turn * weight, _HEADING_SIGMAS)
            cost = cost + loss
            gradient[:, 2] += pull * turn * weight**2
            information[:, 2, 2] += pull * weight**2
        if self._outline is not None:
            loss, slope, second = self._by_outline(state, self._outline)
            cost, gradient = cost + loss, gradient + slope
            information += second
        return cost, gradient, information

    def starts(self, pixels: Array, weights: Array, headings: Array) -> Array:
        """Where the likeliest car stands for each heading: by its outline's middle, and by its points.

        Either may be wrong where the other is right, so that both are tried. A heading that is known is tried
        with the three at right angles to it, instead of those given.
        """
        if self.guide.heading_rad is not None:
            headings = self.guide.heading_rad + _TURNS
        by_points = super().starts(pixels, weights, headings)
        by_points[..., POSE:] = self._shape
        place = self._middle_place()
        if place is None:
            return by_points
        by_outline = by_points.copy()
        by_outline[..., :2] = place
        return np.concatenate([by_outline, by_points], axis=1) if (weights > 0).any() else by_outline

    def _middle_place(self) -> Array | None:
        """(2,) the ground below the outline's middle, None where it is no ground before the camera."""
        if self._outline is None:
            return None
        reach = self._outline.supports_px
        half = COUNT // 2
        pixel = np.linalg.lstsq(DIRECTIONS[:half], (reach[:half] - reach[half:]) / 2, rcond=None)[0]
        rest = self.matrix[:, 2] * _MIDDLE_HEIGHT_M + self.matrix[:, 3]
        columns = self.matrix[:2, :2] - np.outer(pixel, self.matrix[2, :2])
        place = np.asarray(np.linalg.lstsq(columns, pixel * rest[2] - rest[:2], rcond=None)[0])
        return place if float(self.matrix[2, :2] @ place + rest[2]) > NEAREST_M else None

    def _by_outline(self, state: Array, outline: Outline) -> tuple[Array, Array, Array]:
        """Cost (b,), half its gradient (b, P) and half its second derivative (b, P, P)."""
        points = self._hull.points(state[:, POSE:])
        turn, turning = self._turns(state[:, 2])
        rays = turn @ points + self._places(state)[..., None]
        depth = np.maximum(rays[:, 2], NEAREST_M)
        pixels = rays[:, :2] / depth[:, None]
        along = DIRECTIONS @ pixels  # (b, 16, V)
        farthest = along.argmax(axis=-1)
        reach = np.take_along_axis(along, farthest[..., None], axis=-1)[..., 0]
        over = (reach - outline.supports_px) / self._edge_px
        over[:, ~outline.free] = np.minimum(over[:, ~outline.free], 0.0)
        loss, pull = _cauchy(over, _SHORT_SIGMAS)
        beyond = over > 0
        least = _BEYOND_COST / (_BEYOND_COST + over[beyond] ** 2)
        loss[beyond], pull[beyond] = over[beyond] ** 2 * least, least**2
        slope = self._reach_slope(points, turn, turning, pixels, depth, farthest) / self._edge_px
        pulled = slope * pull[:, None]
        cost = np.where(rays[:, 2].min(axis=1) < NEAREST_M, np.inf, loss.sum(axis=1))
        return cost, (pulled @ over[..., None])[..., 0], pulled @ slope.swapaxes(1, 2)

    def _reach_slope(
        self,
        points: Array,
        turn: Array,
        turning: Array,
        pixels: Array,
        depth: Array,
        farthest: NDArray[np.intp],
    ) -> Array:
        """(b, P, 16) derivatives of u.p at the vertices (b, 16) that reach farthest."""
        count, components = len(points), self.basis.components
        each = np.arange(count)[:, None]
        by_rays = np.empty((count, POSE + components, 3, COUNT))
        by_rays[:, :2] = self.matrix[:, :2].T[..., None]
        by_rays[:, 2] = turning @ points[each, :, farthest].swapaxes(1, 2)
        steps = self._hull.steps[:, :, farthest].transpose(2, 0, 1, 3)  # (b, K, 3, 16)
        by_rays[:, POSE:] = turn[:, None] @ steps
        there = pixels[each, :, farthest].swapaxes(1, 2)[:, None]
        slope = ((by_rays[:, :, :2] - there * by_rays[:, :, 2:]) * DIRECTIONS.T).sum(axis=2)
        return np.asarray(slope / depth[each, farthest][:, None])


def _cauchy(residual: Array, bend: float) -> tuple[Array, Array]:
    """Cauchy's loss c^2 log(1 + r^2 / c^2), and the weight that least squares gives the residual for it."""
    share = (residual / bend) ** 2
    return bend**2 * np.log1p(share), 1 / (1 + share)
