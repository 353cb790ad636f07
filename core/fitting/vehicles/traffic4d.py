"""Traffic4D's objective (Li et al. 2021; ALGORITHMS 5.1), to compare with and not to use.

As published: EPnP with RANSAC on the mean car starts each detection, points that it calls outliers are
replaced by their projection, then all detections, one shape for each car and one plane are solved together by
plain least squares: 24 pixel residuals times 2/12 and four distances of wheel centres to the plane times 10
for each detection. Its weak points are kept: no robust loss; a start in the wrong basin stays there; the
plane starts at (1, 1, 1, 1) and goes through the wheels' centres, one wheel radius above the road; shapes
have bounds in place of a prior. Not kept: the division by the length of the rotation vector, which fails at
nought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fit_mesh import sizes_m
from core.fitting.vehicles.free_model import PLACE, POSE, ROTATION, FreeModel, UprightPrior
from core.fitting.vehicles.shape_basis import basis_of
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, place_on_ground
from core.geometry.poses import Pose, rotation_from_vector
from core.records.fits import FitMethod, FitVerdict, VehicleFit
from core.shapes.keypoints import COUNT, WHEELS
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

FEWEST_POINTS = 4
COMPONENTS = 5
# +-0.15 in CAD units, over the spreads of the thirteen numbers' components (ALGORITHMS 3.5)
SHAPE_BOUNDS = 0.15 / np.array([0.074, 0.038, 0.026, 0.021, 0.019])
_PIXEL_WEIGHT = 2.0 / COUNT
_PLANE_WEIGHT = 10.0
_RANSAC_PX = 10.0
_MOST_INLIER_ERROR_PX = 300.0
_LEAST_OVERLAP = 0.3
_ROUNDS = 100
_NO_VERDICT = "Traffic4D says nothing of how sure it is."


@dataclass(frozen=True, eq=False)
class Traffic4DResult:
    """What the joint solution came to.

    Attributes:
        fits: for each track and detection, None where EPnP found no start.
        plane: through the wheels' centres, or None where it does not face the camera.
        cost: half the sum of squares at the end.
    """

    fits: list[list[VehicleFit | None]]
    plane: GroundPlane | None
    cost: float


def fit_traffic4d(
    camera: Camera, space: CarShapeSpace, tracks: Sequence[Sequence[KeypointEvidence]]
) -> Traffic4DResult:
    """All detections of all cars together.

    Args:
        tracks: the detections of each car. The noise that they assume is not used: Traffic4D knows none.
    """
    problem = _Problem(camera, space, tracks)
    if not len(problem.states):
        return Traffic4DResult([[None] * len(track) for track in tracks], None, 0.0)
    plane, cost = problem.solve()
    return Traffic4DResult(problem.fits(plane), _facing(plane), cost)


class _Problem:
    """The unknowns, and Levenberg and Marquardt's method on them, with the poses eliminated."""

    def __init__(
        self, camera: Camera, space: CarShapeSpace, tracks: Sequence[Sequence[KeypointEvidence]]
    ) -> None:
        self.camera, self.space, self.tracks = camera, space, tracks
        self.model = FreeModel(camera, basis_of(space, COMPONENTS), UprightPrior())
        self.owner: list[tuple[int, int]] = []
        states, pixels = [], []
        for car, track in enumerate(tracks):
            for index, evidence in enumerate(track):
                start = self._start(evidence)
                if start is not None:
                    self.owner.append((car, index))
                    states.append(start[0])
                    pixels.append(start[1])
        self.states = np.array(states)
        self.pixels = np.array(pixels)
        cars = sorted({car for car, _ in self.owner})
        self.car = np.array([cars.index(car) for car, _ in self.owner], dtype=np.intp)
        self.betas = np.zeros((len(cars), self.model.basis.components))

    def _start(self, evidence: KeypointEvidence) -> tuple[Array, Array] | None:
        """State and (2, 12) pixels, outliers and missing points replaced by the start's projection."""
        import cv2

        pixels = self.camera.undistort(np.nan_to_num(evidence.pixels))
        there = evidence.used & np.isfinite(pixels).all(axis=1)
        if there.sum() < FEWEST_POINTS:
            return None
        mean = self.space.mean
        found, turn, place, inliers = cv2.solvePnPRansac(
            np.ascontiguousarray(mean[there]),
            np.ascontiguousarray(pixels[there]),
            self.camera.matrix,
            None,
            reprojectionError=_RANSAC_PX,
            flags=cv2.SOLVEPNP_EPNP,
        )
        if not found or inliers is None or not place[2, 0] > 0:
            return None
        rotation = rotation_from_vector(turn[:, 0])
        state = np.concatenate([rotation.reshape(-1), place[:, 0], np.zeros(self.model.basis.components)])
        projected = self.model.project(state[None])[0][0].T
        chosen = np.flatnonzero(there)[inliers[:, 0]]
        if not np.isfinite(projected).all():
            return None
        error = np.linalg.norm(projected[chosen] - pixels[chosen], axis=1).mean()
        if error > _MOST_INLIER_ERROR_PX or _overlap(projected, pixels[there]) <= _LEAST_OVERLAP:
            return None
        projected[chosen] = pixels[chosen]
        return state, projected.T

    def solve(self) -> tuple[Array, float]:
        """The plane's four numbers, and the cost; poses and shapes are left in place."""
        plane = np.ones(4)
        bounds = SHAPE_BOUNDS[: self.betas.shape[1]]
        damping = 1e-3
        here = self._linearise(self.states, self.betas, plane)
        for _ in range(_ROUNDS):
            steps, shared = _eliminated(here, self.car, len(self.betas), damping)
            betas = np.clip(self.betas + shared[:-4].reshape(self.betas.shape), -bounds, bounds)
            moved = self.model.moved(
                self.states, np.concatenate([steps, np.zeros((len(steps), betas.shape[1]))], axis=1)
            )
            then = self._linearise(moved, betas, plane + shared[-4:])
            if then.cost <= here.cost:
                gain = here.cost - then.cost
                self.states, self.betas, plane, here = moved, betas, plane + shared[-4:], then
                damping = max(damping / 3, 1e-9)
                if gain < 1e-8 * (1 + here.cost):
                    break
            else:
                damping *= 4
                if damping > 1e9:
                    break
        return plane, here.cost / 2

    def _linearise(self, states: Array, betas: Array, plane: Array) -> _Linear:
        count, components = len(states), betas.shape[1]
        states = states.copy()
        states[:, PLACE:] = betas[self.car]
        pixels, slope = self.model.project(states)
        if not np.isfinite(pixels).all():
            empty = np.zeros((count, 28, 1))
            return _Linear(np.zeros((count, 28)), empty, empty, np.inf)
        wrong = ((pixels - self.pixels) * _PIXEL_WEIGHT).reshape(count, -1)
        slope = (slope * _PIXEL_WEIGHT).reshape(count, POSE + components, -1).swapaxes(1, 2)
        rotation = states[:, :ROTATION].reshape(-1, 3, 3)
        wheels = list(WHEELS)
        turned = rotation @ self.model.basis.points(betas[self.car])[..., wheels]
        points = turned + states[:, ROTATION:PLACE, None]
        length = float(np.linalg.norm(plane[:3]))
        normal = plane[:3] / length
        off = np.einsum("i,bin->bn", normal, points) + plane[3] / length
        by_pose = np.concatenate(
            [np.cross(turned.swapaxes(1, 2), normal), np.broadcast_to(normal, (count, 4, 3))], axis=2
        )
        steps = self.model.basis.steps[..., wheels]
        by_shape = np.einsum("i,bij,kjn->bnk", normal, rotation, steps)
        by_plane = np.concatenate(
            [(points.swapaxes(1, 2) - off[..., None] * normal) / length, np.full((count, 4, 1), 1 / length)],
            axis=2,
        )
        residuals = np.concatenate([wrong, _PLANE_WEIGHT * off], axis=1)
        on_pose = np.concatenate([slope[..., :POSE], _PLANE_WEIGHT * by_pose], axis=1)
        on_shared = np.zeros((count, residuals.shape[1], components + 4))
        on_shared[:, : wrong.shape[1], :components] = slope[..., POSE:]
        on_shared[:, wrong.shape[1] :, :components] = _PLANE_WEIGHT * by_shape
        on_shared[:, wrong.shape[1] :, components:] = _PLANE_WEIGHT * by_plane
        return _Linear(residuals, on_pose, on_shared, float((residuals * residuals).sum()))

    def fits(self, plane: Array) -> list[list[VehicleFit | None]]:
        """The records of all detections."""
        ground = _facing(plane)
        sizes = sizes_m(self.space, self.betas)
        found: list[list[VehicleFit | None]] = [[None] * len(track) for track in self.tracks]
        for row, (car, index) in enumerate(self.owner):
            beta = self.betas[self.car[row]]
            state = self.states[row]
            pose = Pose(state[:ROTATION].reshape(3, 3), state[ROTATION:PLACE])
            found[car][index] = self._fit(self.tracks[car][index], pose, beta, sizes[self.car[row]], ground)
        return found

    def _fit(
        self, evidence: KeypointEvidence, pose: Pose, beta: Array, size: Array, ground: GroundPlane | None
    ) -> VehicleFit:
        pixels = self.camera.project(pose.apply(self.space.keypoints(beta)))
        distance = np.linalg.norm(pixels - evidence.pixels, axis=1)
        residuals = tuple(float(value) if np.isfinite(value) else None for value in distance)
        kept = [value for value in residuals if value is not None]
        on_ground = None if ground is None else place_on_ground(ground, pose)
        x, y, z = pose.translation.tolist()
        return VehicleFit(
            method=FitMethod.TRAFFIC4D,
            verdict=FitVerdict.GOOD,
            reason=_NO_VERDICT,
            rotation=tuple(pose.rotation.reshape(-1).tolist()),
            translation=(x, y, z),
            place_m=None if on_ground is None else (float(on_ground[0][0]), float(on_ground[0][1])),
            heading_rad=None if on_ground is None else on_ground[1],
            shape=tuple(beta.tolist()),
            size_m=(float(size[0]), float(size[1]), float(size[2])),
            rms_px=float(np.sqrt(np.mean(np.square(kept)))) if kept else 0.0,
            sigma_px=evidence.sharp_px,
            residuals_px=residuals,
            outliers=(),
            used=len(kept),
            swapped=False,
            sigmas=None,
        )


@dataclass(frozen=True, eq=False)
class _Linear:
    """Residuals (d, 28), and their slopes by each pose (d, 28, 6) and by shape and plane (d, 28, K + 4)."""

    residuals: Array
    on_pose: Array
    on_shared: Array
    cost: float


def _eliminated(here: _Linear, car: NDArray[np.intp], cars: int, damping: float) -> tuple[Array, Array]:
    """The damped step: poses (d, 6), then shapes and plane (cars K + 4,), by the Schur complement."""
    pose, shared, wrong = here.on_pose, here.on_shared, here.residuals[..., None]
    own = pose.swapaxes(1, 2) @ pose
    own += damping * own * np.eye(POSE) + 1e-12 * np.eye(POSE)
    cross = pose.swapaxes(1, 2) @ shared
    solved = np.linalg.solve(own, np.concatenate([cross, pose.swapaxes(1, 2) @ wrong], axis=2))
    block = shared.swapaxes(1, 2) @ shared
    block += damping * block * np.eye(block.shape[1])
    block -= cross.swapaxes(1, 2) @ solved[..., :-1]
    right = (shared.swapaxes(1, 2) @ wrong - cross.swapaxes(1, 2) @ solved[..., -1:])[..., 0]
    components = block.shape[1] - 4
    size = cars * components + 4
    whole, target = 1e-12 * np.eye(size), np.zeros(size)
    places = np.concatenate(
        [
            car[:, None] * components + np.arange(components),
            np.broadcast_to(np.arange(size - 4, size), (len(car), 4)),
        ],
        axis=1,
    )
    np.add.at(whole, (places[:, :, None], places[:, None, :]), block)
    np.add.at(target, places, right)
    step = np.asarray(-np.linalg.lstsq(whole, target, rcond=None)[0], dtype=np.float64)
    poses = -(solved[..., -1] + (solved[..., :-1] @ step[places][..., None])[..., 0])
    return poses, step


def _facing(plane: Array) -> GroundPlane | None:
    """The plane with its normal towards the camera."""
    length = float(np.linalg.norm(plane[:3]))
    height = float(plane[3]) / length if length > 0 else 0.0
    if not np.isfinite(height) or height == 0:
        return None
    return GroundPlane(plane[:3] / length * np.sign(height), abs(height))


def _overlap(first: Array, second: Array) -> float:
    """Intersection over union of the boxes around points (n, 2)."""
    low, high = (
        np.maximum(first.min(axis=0), second.min(axis=0)),
        np.minimum(first.max(axis=0), second.max(axis=0)),
    )
    shared = float(np.prod(np.maximum(high - low, 0.0)))
    areas = float(np.prod(np.ptp(first, axis=0)) + np.prod(np.ptp(second, axis=0)))
    return shared / max(areas - shared, 1e-12)
