"""Camera, places and shapes refined together: Levenberg and Marquardt on a twofold arrow of normal equations.

Poses are eliminated first, frame by frame, then shapes, car by car; what remains is the camera's four by four
system (the Schur complement; Triggs et al., "Bundle Adjustment - A Modern Synthesis", 2000, section 6.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.calibration.camera_model import CAMERA, FOCAL, HEIGHT, CameraModel, RoadCamera
from core.fitting.calibration.sightings import Stack
from core.fitting.vehicles.ground_model import POSE
from core.fitting.vehicles.levenberg_marquardt import Minimum, linearise
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.geometry.poses import heading_rotation

Array = NDArray[np.float64]

_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-9, 1e8
_FLOOR = 1e-9
# one step changes focal length and height by no more than a third, and turns by no more than 10 degrees
_LONGEST = np.array([0.3, 0.17, 0.17, 0.3])


@dataclass(frozen=True, eq=False)
class Bundle:
    """A camera with its cars.

    Attributes:
        camera: the camera.
        poses: (b, 3) x, y and heading of each row on the ground's own frame.
        shapes: (n, K) beta of each car.
    """

    camera: RoadCamera
    poses: Array
    shapes: Array

    def states(self, stack: Stack) -> Array:
        """(b, 3 + K) as the ground model takes them."""
        return np.concatenate([self.poses, self.shapes[stack.car]], axis=1)


@dataclass(frozen=True, eq=False)
class Refined:
    """Where the refinement has arrived.

    Attributes:
        bundle: camera and cars.
        cost: Huber's loss over all points and the shapes' prior, in squared sigmas.
        squares: (b, 12) squared residuals in sigmas.
        pixels: (b, 2, 12) where the cars' points are, from the principal point.
        information: (4, 4) of the camera's parameters with all else free, the inverse of their covariance;
            rows and columns of what is held are zero.
    """

    bundle: Bundle
    cost: float
    squares: Array
    pixels: Array
    information: Array

    def residuals_px(self, stack: Stack) -> Array:
        """(m,) x and y of each point used, pixels."""
        wrong = (self.pixels - stack.seen.pixels).swapaxes(1, 2)
        return wrong[stack.seen.weights > 0].ravel()


def refine(
    stack: Stack, basis: ShapeBasis, start: Bundle, free: NDArray[np.bool_], rounds: int = 60
) -> Refined:
    """Goes down from a start.

    Args:
        stack: what is seen.
        basis: of the shapes.
        start: camera and cars to begin with.
        free: (4,) which of the camera's parameters move.
        rounds: the most steps that are tried.
    """
    bundle, damping = start, _FIRST_DAMPING
    now = _at(stack, basis, bundle)
    cost = _cost(now, bundle)
    for _ in range(rounds):
        step = _step(now, stack, bundle, free, damping)
        tried = _moved(bundle, stack, step)
        then = _at(stack, basis, tried)
        new_cost = _cost(then, tried)
        if new_cost <= cost:
            gain, bundle, now, cost = cost - new_cost, tried, then, new_cost
            damping = max(damping / 10, _LEAST_DAMPING)
            if gain < 1e-6 * max(cost, 1.0):
                break
        else:
            damping *= 10
            if damping > _MOST_DAMPING:
                break
    _, _, camera = _reduce(now, stack, bundle, 0.0)
    information = np.zeros((CAMERA, CAMERA))
    information[np.ix_(free, free)] = camera[0][np.ix_(free, free)]
    pixels, _ = CameraModel(bundle.camera, basis).project(bundle.states(stack))
    return Refined(bundle, cost, now.squares, pixels, information)


def _at(stack: Stack, basis: ShapeBasis, bundle: Bundle) -> Minimum:
    return linearise(CameraModel(bundle.camera, basis), stack.seen, bundle.states(stack))


def _cost(found: Minimum, bundle: Bundle) -> float:
    return float(found.cost.sum() + (bundle.shapes**2).sum())


@dataclass(frozen=True, eq=False)
class _Step:
    poses: Array
    shapes: Array
    camera: Array


def _step(now: Minimum, stack: Stack, bundle: Bundle, free: NDArray[np.bool_], damping: float) -> _Step:
    poses, shapes, (information, gradient) = _reduce(now, stack, bundle, damping)
    camera = np.zeros(CAMERA)
    if free.any():
        part = information[np.ix_(free, free)]
        camera[free] = -np.linalg.lstsq(_damped(part[None], damping)[0], gradient[free], rcond=None)[0]
    camera *= min(1.0, float((_LONGEST / np.maximum(np.abs(camera), 1e-12)).min()))
    shape_step = -(shapes[1] + shapes[0] @ camera)
    rest = np.concatenate([shape_step[stack.car], np.broadcast_to(camera, (len(stack.car), CAMERA))], axis=1)
    pose_step = -(poses[1] + np.einsum("bij,bj->bi", poses[0], rest))
    return _Step(pose_step, shape_step, camera)


def _reduce(
    now: Minimum, stack: Stack, bundle: Bundle, damping: float
) -> tuple[tuple[Array, Array], tuple[Array, Array], tuple[Array, Array]]:
    """The normal equations without poses, and without shapes.

    Returns:
        For poses and shapes what they follow with: (matrix, vector), the step being -(vector + matrix @ the
        steps of all after them); for the camera its information (4, 4) and gradient (4,).
    """
    matrix, vector = now.information, now.gradient
    poses, rest, rest_vector = _eliminate(matrix, vector, POSE, damping)
    cars, size = stack.cars, rest.shape[1]
    by_car, by_car_vector = np.zeros((cars, size, size)), np.zeros((cars, size))
    np.add.at(by_car, stack.car, rest)
    np.add.at(by_car_vector, stack.car, rest_vector)
    count = bundle.shapes.shape[1]
    by_car[:, range(count), range(count)] += 1.0
    by_car_vector[:, :count] += bundle.shapes
    shapes, last, last_vector = _eliminate(by_car, by_car_vector, count, damping)
    return poses, shapes, (last.sum(axis=0), last_vector.sum(axis=0))


def _eliminate(
    matrix: Array, vector: Array, count: int, damping: float
) -> tuple[tuple[Array, Array], Array, Array]:
    """Takes the first unknowns out of (b, n, n) systems."""
    first, across, rest = matrix[:, :count, :count], matrix[:, :count, count:], matrix[:, count:, count:]
    right = np.concatenate([across, vector[:, :count, None]], axis=2)
    solved = np.linalg.solve(_damped(first, damping), right)
    back = across.swapaxes(1, 2) @ solved
    return (solved[..., :-1], solved[..., -1]), rest - back[..., :-1], vector[:, count:] - back[..., -1]


def _damped(matrix: Array, damping: float) -> Array:
    out = matrix.copy()
    diagonal = np.einsum("bii->bi", out)
    diagonal += damping * diagonal + _FLOOR
    return out


def _moved(bundle: Bundle, stack: Stack, step: _Step) -> Bundle:
    camera, turn = bundle.camera.moved(step.camera)
    poses = bundle.poses + step.poses
    turned = poses[:, :2] @ heading_rotation(turn)[:2, :2].T
    poses = np.column_stack([turned * np.exp(step.camera[HEIGHT]), poses[:, 2] + turn])
    return Bundle(camera, poses, bundle.shapes + step.shapes)


FREE = np.ones(CAMERA, dtype=np.bool_)
KNOWN_LENS = np.arange(CAMERA) != FOCAL
