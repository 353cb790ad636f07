"""Where fits of people begin: mid-stride, of mean shape, turned every way, where their points put them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.arrays import kit_of
from core.fitting.people.chain import Chain
from core.fitting.people.ends import Ends
from core.fitting.people.marks import CROWN, POINTS, SOLES, BodyMarks
from core.fitting.people.prior import PosePrior
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane

Array = NDArray[np.float64]

HEADINGS = 8
_NEAREST_M, _FARTHEST_M = 1.0, 500.0
# keeps the place where points say nothing of it, 1 / m
_RIDGE = 1e-6


class Starts:
    """The starts of one camera's people."""

    def __init__(self, camera: Camera, plane: GroundPlane | None, body: BodyMarks, prior: PosePrior) -> None:
        self._camera, self._plane = camera.without_distortion(), plane
        self._lens = camera
        self.poses = np.repeat(prior.starts, HEADINGS, axis=0)
        count = len(prior.starts)
        chain = Chain(kit_of(None), body)
        state = chain.state(
            np.broadcast_to(np.eye(3), (count, 3, 3)), np.zeros((count, 3)),
            np.zeros((count, body.betas)), prior.starts,
        )  # fmt: skip
        points = np.asarray(chain.posed(state, body.marks).points)
        self._above = float(-points[:, SOLES, 1].min(axis=1).mean())
        self.tall = float((points[:, CROWN, 1].max(axis=1) - points[:, SOLES, 1].min(axis=1)).mean())
        self.up = np.array([0.0, -1.0, 0.0]) if plane is None else plane.normal
        around = np.arange(HEADINGS) * (2 * np.pi / HEADINGS)
        forward = np.outer(np.cos(around), self._ahead()) + np.outer(
            np.sin(around), np.cross(self.up, self._ahead())
        )
        turns = np.stack(
            [np.cross(self.up, forward), np.broadcast_to(self.up, forward.shape), forward], axis=2
        )
        self.turns = np.tile(turns, (count, 1, 1))
        # (S, 17, 3) points about the pelvis, in the camera's directions
        self._points = np.einsum("sab,spb->spa", self.turns, np.repeat(points[:, POINTS], HEADINGS, axis=0))

    @property
    def count(self) -> int:
        """How many each person has."""
        return len(self.turns)

    def places(self, pixels: Array, weights: Array, ends: list[Ends]) -> Array:
        """(n, S, 3) where the pelvis is for each start, from the points alone: they are linear in it.

        Args:
            pixels: (n, 17, 2), ideal. weights: (n, 17) one over sigma, 0 where there is no point.
        """
        flat = (pixels - self._camera.centre) / np.array(self._camera.focal)
        base, ways = self._ways()
        # x (Z + w.t_z) = X + w.t_x for each coordinate of each point
        columns = flat[..., None] * ways[2] - ways[:2]  # (n, 17, 2, U)
        points = self._points + base
        known = points[None, :, :, :2] - flat[:, None] * points[None, :, :, 2:]  # (n, S, 17, 2)
        columns = (columns * weights[..., None, None]).reshape(len(pixels), -1, ways.shape[1])
        known = (known * weights[:, None, :, None]).reshape(len(pixels), self.count, -1)
        turned = columns.swapaxes(1, 2)
        spots = np.stack([self.standing(one) for one in ends]) - base
        normal = turned @ columns
        normal += _RIDGE * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(ways.shape[1])
        normal += 1e-12 * np.eye(ways.shape[1])
        solved = np.linalg.solve(normal, turned @ known.swapaxes(1, 2)).swapaxes(1, 2)
        place = base + solved @ ways.T
        wrong = ~((place[..., 2] > _NEAREST_M) & (place[..., 2] < _FARTHEST_M)).all(axis=-1)
        place[wrong] = (spots + base)[wrong][:, None]
        return np.asarray(place)

    def standing(self, ends: Ends) -> Array:
        """(3,) the pelvis of somebody of mean shape who stands where the box ends."""
        pixel = self._lens.undistort(np.array([ends.middle, ends.bottom]))
        if not np.isfinite(pixel).all():
            pixel = np.array([ends.middle, ends.bottom])  # beyond what the lens shows: nearly there
        foot = self._camera.unproject(pixel)
        if self._plane is None:
            return np.asarray(foot * self._by_height(ends) + self._above * self.up)
        spot = self._plane.points_or_nan(self._camera, pixel)
        if not (np.isfinite(spot).all() and spot[2] < _FARTHEST_M):
            # above the horizon: as far as the height tells
            spot = self._plane.foot(foot * self._by_height(ends))
        return np.asarray(spot + self._above * self.up)

    def _by_height(self, ends: Ends) -> float:
        far = self._camera.focal[1] * self.tall / max(ends.height, 1.0)
        return float(np.clip(far, 2 * _NEAREST_M, _FARTHEST_M))

    def _ahead(self) -> Array:
        axis = np.array([0.0, 0.0, 1.0]) - self.up[2] * self.up
        if np.linalg.norm(axis) < 1e-6:
            axis = np.array([0.0, -1.0, 0.0]) + self.up[1] * self.up
        return np.asarray(axis / np.linalg.norm(axis))

    def _ways(self) -> tuple[Array, Array]:
        """A place and the (3, U) directions from it that the pelvis may lie in."""
        if self._plane is None:
            return np.zeros(3), np.eye(3)
        ahead = self._ahead()
        return (self._above - self._plane.height) * self.up, np.stack(
            [ahead, np.cross(self.up, ahead)], axis=1
        )
