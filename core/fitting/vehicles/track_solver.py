"""Poses of many frames and one shape solved together: the equations are an arrow, the poses along its shaft.

Without a motion prior the shaft is one small block a frame; with it a band. Either is eliminated first, and
the shape's few equations remain (the Schur complement).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.levenberg_marquardt import HUBER_SIGMAS, Minimum, Model, Sightings, linearise
from core.fitting.vehicles.motion import BAND, PLACE, Motion, MotionTerms

Array = NDArray[np.float64]

_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-9, 1e8
_FLOOR = 1e-9
_COLUMNS = 300


class SharedShape:
    """A single-frame model without its prior on the shape, which a track gives once."""

    def __init__(self, model: Model, pose: int) -> None:
        """
        Args:
            pose: how many parameters come before the shape's.
        """
        self._model, self._pose = model, pose

    def project(self, state: Array) -> tuple[Array, Array]:
        """As the model's; a point behind the camera has no slope."""
        pixels, slope = self._model.project(state)
        lost = ~np.isfinite(pixels[:, 0])
        if lost.any():
            slope = np.where(lost[:, None, None], 0.0, slope)
        return pixels, slope

    def prior(self, state: Array) -> tuple[Array, Array, Array]:
        """The model's, of the pose alone."""
        cost, gradient, information = self._model.prior(state)
        shape = gradient[:, self._pose :].copy()
        gradient = gradient.copy()
        gradient[:, self._pose :] = 0.0
        information = information.copy()
        information[..., self._pose :, self._pose :] = 0.0
        return cost - (shape * shape).sum(axis=1), gradient, information

    def moved(self, state: Array, steps: Array) -> Array:
        """As the model's."""
        return self._model.moved(state, steps)


@dataclass(frozen=True, eq=False)
class Solved:
    """A track at its optimum.

    Attributes:
        state: (n, S), the shape in its last columns the same in all rows.
        cost: (n,) of each frame's points and pose; squares: (n, 12) squared residuals in sigmas.
        covariance: (n, P, P) of each frame's pose and the shape, all else free.
    """

    state: Array
    cost: Array
    squares: Array
    covariance: Array


def solve_track(
    model: Model,
    pose: int,
    seen: Sightings,
    start: Array,
    motion: Motion | None = None,
    huber: float = HUBER_SIGMAS,
    rounds: int = 40,
) -> Solved:
    """Goes down from a start.

    Args:
        model: of single frames; its prior on the shape is a unit Gaussian.
        pose: how many of its parameters are the pose's; 3 with a motion prior.
        seen: (n rows) in time order; a row without any weight is held by the motion prior.
        start: (n, S) with one and the same shape.
    """
    shared = SharedShape(model, pose)
    found = linearise(shared, seen, start, huber)
    terms = _terms(motion, start)
    damping = _FIRST_DAMPING
    for _ in range(rounds):
        shaft = _Shaft(found, terms, pose, damping)
        steps = shaft.steps()
        state = shared.moved(found.state, steps)
        then, then_terms = linearise(shared, seen, state, huber), _terms(motion, state)
        gain = _total(found, terms, pose, shaft.components) - _total(then, then_terms, pose, shaft.components)
        if gain >= 0:
            found, terms = then, then_terms
            damping = max(damping / 10, _LEAST_DAMPING)
            if gain < 1e-6 * len(start):
                break
        else:
            damping *= 10
            if damping > _MOST_DAMPING:
                break
    covariance = _Shaft(found, terms, pose, 0.0).covariance()
    return Solved(found.state, found.cost, found.squares, covariance)


def track_covariance(
    model: Model, pose: int, seen: Sightings, state: Array, motion: Motion | None = None
) -> Array:
    """(n, P, P) covariance of each frame's pose and the shape, were the points' noise as said.

    At the truth it is the Bayesian Cramer-Rao bound with the shape's prior (Van Trees 1968).

    Args:
        As `solve_track` takes them.
    """
    found = linearise(SharedShape(model, pose), seen, state, np.inf)
    return _Shaft(found, _terms(motion, state), pose, 0.0).covariance()


def _terms(motion: Motion | None, state: Array) -> MotionTerms | None:
    return None if motion is None else motion.terms(state[:, :PLACE])


def _total(found: Minimum, terms: MotionTerms | None, pose: int, components: int) -> float:
    beta = found.state[0, found.state.shape[1] - components :]
    return float(found.cost.sum() + beta @ beta + (0.0 if terms is None else terms.cost))


class _Shaft:
    """The normal equations at a point, with the poses eliminated."""

    def __init__(self, found: Minimum, terms: MotionTerms | None, pose: int, damping: float) -> None:
        size = found.gradient.shape[1]
        self.components, self._pose = size - pose, pose
        beta = found.state[0, found.state.shape[1] - self.components :]
        own, across = found.information[:, :pose, :pose], found.information[:, :pose, pose:]
        gradient = found.gradient[:, :pose]
        self._rest = found.information[:, pose:, pose:].sum(axis=0) + np.eye(self.components)
        self._rest_gradient = found.gradient[:, pose:].sum(axis=0) + beta
        if terms is not None:
            gradient = gradient + terms.gradient
        self._banded = None if terms is None else _band(own, terms.band, damping)
        self._own = _damped(own, damping)
        right = np.concatenate([across, gradient[..., None]], axis=2)
        solved = self._solve(right)
        self._follow, self._own_step = solved[..., :-1], solved[..., -1]
        self._schur = self._rest - np.einsum("npk,npl->kl", across, self._follow)
        self._schur_gradient = self._rest_gradient - np.einsum("npk,np->k", across, self._own_step)
        self._damping = damping

    def steps(self) -> Array:
        """(n, P) what to add."""
        schur = _damped(self._schur[None], self._damping)[0]
        shape = -np.linalg.solve(schur, self._schur_gradient) if self.components else np.zeros(0)
        poses = -(self._own_step + self._follow @ shape)
        return np.concatenate([poses, np.broadcast_to(shape, (len(poses), self.components))], axis=1)

    def covariance(self) -> Array:
        """(n, P, P) of each frame's pose and the shape."""
        pose = self._pose
        shape = np.linalg.inv(self._schur)
        out = np.empty((len(self._own), pose + self.components, pose + self.components))
        lean = self._follow @ shape
        out[:, pose:, pose:] = shape
        out[:, :pose, pose:] = -lean
        out[:, pose:, :pose] = -lean.swapaxes(1, 2)
        out[:, :pose, :pose] = self._inverse_blocks() + lean @ self._follow.swapaxes(1, 2)
        return out

    def _solve(self, right: Array) -> Array:
        """(n, p, r) -> the same, with the shaft taken to the other side."""
        if self._banded is None:
            return np.asarray(np.linalg.solve(self._own, right), dtype=np.float64)
        from scipy.linalg import solveh_banded

        flat = solveh_banded(self._banded, right.reshape(-1, right.shape[2]), lower=True, check_finite=False)
        return np.asarray(flat, dtype=np.float64).reshape(right.shape)

    def _inverse_blocks(self) -> Array:
        """(n, p, p) the diagonal blocks of the shaft's inverse."""
        if self._banded is None:
            return np.asarray(np.linalg.inv(self._own), dtype=np.float64)
        count, pose = self._own.shape[:2]
        out = np.empty((count, pose, pose))
        frames = _COLUMNS // pose
        for first in range(0, count, frames):
            last = min(first + frames, count)
            unit = np.zeros((count * pose, (last - first) * pose))
            unit[first * pose : last * pose] = np.eye((last - first) * pose)
            columns = self._solve(unit.reshape(count, pose, -1))[first:last]
            for frame in range(last - first):
                out[first + frame] = columns[frame][:, frame * pose : (frame + 1) * pose]
        return out


def _band(own: Array, band: Array, damping: float) -> Array:
    """The motion prior's band with the frames' own blocks."""
    whole = np.zeros((BAND, band.shape[1])) + band
    pose = own.shape[1]
    for column in range(pose):
        for row in range(column, pose):
            whole[row - column, column::pose] += own[:, row, column]
    whole[0] += damping * whole[0] + _FLOOR
    return whole


def _damped(matrix: Array, damping: float) -> Array:
    out = matrix.copy()
    diagonal = np.einsum("bii->bi", out)
    diagonal += damping * diagonal + _FLOOR
    return out
