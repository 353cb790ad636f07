"""All frames of one person at once: one shape, a smooth way, poses that change no faster than people move.

Each Gauss-Newton step solves a banded system for the frames and, bordering it, the shape that they share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.chain import PLACE, ROOT, State
from core.fitting.people.degrees import DEGREES
from core.fitting.people.objective import Local, Objective, Sightings
from core.geometry.poses import vector_from_rotation
from core.shapes.body.skeleton import Joint

Array = NDArray[np.float64]

VELOCITY_M_S = 0.8
"""How much a walker's velocity changes in a second, standard deviation."""
TURN_RAD_S = 1.2
"""How fast a pelvis turns."""
_LEAST_S = 1e-3
_ROUNDS, _TOLERANCE = 25, 0.05
_FIRST_DAMPING, _MOST_DAMPING = 1e-3, 1e5
# frames on either side that tell of one frame's standard deviations
_NEIGHBOURS = 2
_RATES = {
    Joint.SPINE1: 0.8, Joint.NECK: 1.5, Joint.LEFT_COLLAR: 0.5, Joint.LEFT_SHOULDER: 2.5,
    Joint.LEFT_ELBOW: 2.5, Joint.LEFT_HIP: 2.5, Joint.LEFT_KNEE: 5.0, Joint.LEFT_ANKLE: 3.0,
}  # fmt: skip


def pose_rates() -> Array:
    """(28,) how fast people turn each degree, radians a second, standard deviation."""
    names = [Joint(one.parts[0][0]).name.replace("RIGHT", "LEFT") for one in DEGREES]
    return np.array([_RATES[Joint[name]] for name in names])


@dataclass(frozen=True, eq=False)
class Solved:
    """Where a track has arrived.

    Attributes:
        state: (T rows of numpy). cost: (T,) of each frame alone. squares: (T, 17).
        information: (T, K, K) of each frame, with what its neighbours tell of it.
        total: the cost of all together.
    """

    state: State
    cost: Array
    information: Array
    squares: Array
    total: float


@dataclass(frozen=True, eq=False)
class _Linear:
    """The cost around a state: blocks (T, 3, n, n) of frames with themselves and the next two, what borders
    them with the shape (T, n, B), the shape's own (B, B), and half the gradients (T, n) and (B,)."""

    local: Local
    blocks: Array
    border: Array
    inner: Array
    slope: Array
    by_shape: Array


class TrackSolver:
    """The joint cost of one track."""

    def __init__(self, objective: Objective, seen: Sightings, times_s: Array) -> None:
        self._objective, self._seen = objective, seen
        self._steps = np.maximum(np.diff(times_s), _LEAST_S)
        betas = objective.body.betas
        self._own = np.array([*range(ROOT), *range(ROOT + betas, objective.chain.parameters)])
        self._shape = np.arange(ROOT, ROOT + betas)
        self._rates = np.concatenate([np.full(3, TURN_RAD_S), pose_rates()])
        self._level = objective.level
        self._size = len(self._own)

    def solve(self, start: State) -> Solved:
        """Goes down from a start, in numpy's arrays, of which all rows take the mean shape."""
        kit = self._objective.kit
        state = State(*(np.array(part) for part in (start.turn, start.place, start.beta, start.pose)))
        state = State(
            state.turn, state.place, np.tile(state.beta.mean(axis=0), (len(state.beta), 1)), state.pose
        )
        damping = _FIRST_DAMPING
        here, total = self._linearised(state)
        for _ in range(_ROUNDS):
            stepped = self._step(here, damping)
            there = self._moved(state, stepped)
            then, after = self._linearised(there)
            if after <= total:
                gain, state, here, total = total - after, there, then, after
                damping = max(damping / 5, 1e-7)
                if gain < _TOLERANCE:
                    break
            else:
                damping *= 8
                if damping > _MOST_DAMPING:
                    break
        information = self._informations(here.blocks, here.border, here.inner)
        cost, squares = np.array(kit.numpy(here.local.cost)), np.array(kit.numpy(here.local.squares))
        return Solved(state, cost, information, squares, total)

    def _linearised(self, state: State) -> tuple[_Linear, float]:
        """The cost's shape around a state, and the cost."""
        kit, objective = self._objective.kit, self._objective
        local = objective.at(
            objective.chain.state(state.turn, state.place, state.beta, state.pose), self._seen
        )
        cost, information, gradient = (
            np.array(kit.numpy(part)) for part in (local.cost, local.information, local.gradient)
        )
        frames, size = len(cost), self._size
        blocks = np.zeros((frames, 3, size, size))
        blocks[:, 0] = information[:, self._own[:, None], self._own]
        border = information[:, self._own[:, None], self._shape]
        inner = information[:, self._shape[:, None], self._shape].sum(axis=0)
        slope, by_shape = gradient[:, self._own].copy(), gradient[:, self._shape].sum(axis=0)
        # each frame brought the shape's prior; it counts once
        extra = (frames - 1) * state.beta[0]
        inner -= (frames - 1) * np.eye(len(inner))
        by_shape -= extra
        total = float(cost.sum()) - float(extra @ state.beta[0])
        total += self._smooth(state, blocks, slope)
        return _Linear(local, blocks, border, inner, slope, by_shape), total

    def _smooth(self, state: State, blocks: Array, slope: Array) -> float:
        """Adds what is known of motion, and returns its cost."""
        if len(state.place) < 2:
            return 0.0
        turn = vector_from_rotation(state.turn[1:] @ state.turn[:-1].swapaxes(1, 2))
        away = np.concatenate([turn, state.pose[1:] - state.pose[:-1]], axis=1)
        weight = 1 / (self._rates * self._steps[:, None]) ** 2
        rows = np.array([0, 1, 2, *range(ROOT, self._size)])
        for first, sign in ((0, -1.0), (1, 1.0)):
            part = slice(first, len(away) + first)
            slope[part][:, rows] += sign * weight * away
            blocks[part, 0][:, rows, rows] += weight
        blocks[:-1, 1][:, rows, rows] -= weight
        cost = float((weight * away * away).sum())
        return cost + self._way(state, blocks, slope)

    def _way(self, state: State, blocks: Array, slope: Array) -> float:
        """Velocities that change little: second differences of the place on the ground."""
        cost = 0.0
        flat = self._level.T @ self._level
        place = slice(PLACE.start, PLACE.stop)
        for frame in range(1, len(state.place) - 1):
            before, after = self._steps[frame - 1], self._steps[frame]
            shares = np.array([1 / before, -1 / before - 1 / after, 1 / after])
            weight = 1 / (VELOCITY_M_S**2 * (before + after) / 2)
            change = shares @ state.place[frame - 1 : frame + 2]
            cost += weight * float(change @ flat @ change)
            for one in range(3):
                slope[frame - 1 + one, place] += weight * shares[one] * (flat @ change)
                for two in range(one, 3):
                    blocks[frame - 1 + one, two - one, place, place] += (
                        weight * shares[one] * shares[two] * flat
                    )
        return cost

    def _step(self, here: _Linear, damping: float) -> tuple[Array, Array]:
        """(T, n) and (B,) the Gauss-Newton step."""
        from scipy.linalg import solveh_banded

        frames, _, size, _ = here.blocks.shape
        band, border = self._banded(here.blocks, damping), here.border.reshape(frames * size, -1)
        right = np.concatenate([here.slope.reshape(-1, 1), border], axis=1)
        solved = solveh_banded(band, right, lower=True, check_finite=False)
        schur = here.inner * (1 + damping * np.eye(len(here.inner))) - border.T @ solved[:, 1:]
        shape = np.linalg.solve(schur, here.by_shape - border.T @ solved[:, 0])
        own = solved[:, 0] - solved[:, 1:] @ shape
        return -own.reshape(frames, size), -shape

    def _banded(self, blocks: Array, damping: float) -> Array:
        """Lower banded form of the symmetric matrix, damped."""
        frames, _, size, _ = blocks.shape
        width = 3 * size
        band = np.zeros((width, frames * size))
        for apart in range(3):
            for frame in range(frames - apart):
                # the block below the diagonal is the transpose of the one beside it
                block = blocks[frame, apart].T if apart else blocks[frame, 0]
                for column in range(size):
                    begin = column if apart == 0 else 0
                    offset = apart * size - column
                    band[offset + begin : offset + size, frame * size + column] = block[begin:, column]
        band[0] *= 1 + damping
        return band

    def _moved(self, state: State, steps: tuple[Array, Array]) -> State:
        own, shape = steps
        whole = np.zeros((len(own), self._objective.chain.parameters))
        whole[:, self._own], whole[:, self._shape] = own, shape
        kit, chain = self._objective.kit, self._objective.chain
        moved = chain.moved(chain.state(state.turn, state.place, state.beta, state.pose), kit.array(whole))
        return State(
            *(np.array(kit.numpy(part)) for part in (moved.turn, moved.place, moved.beta, moved.pose))
        )

    def _informations(self, blocks: Array, border: Array, inner: Array) -> Array:
        """(T, K, K) what a frame and its neighbours tell of the frame's parameters, the shape among them."""
        frames, size, betas = len(blocks), self._size, len(inner)
        out = np.zeros((frames, self._objective.chain.parameters, self._objective.chain.parameters))
        order = np.concatenate([self._own, self._shape])
        # what each frame would tell of the shape if its pose were known, that is not so
        lost = border.swapaxes(1, 2) @ np.linalg.solve(blocks[:, 0], border)
        for frame in range(frames):
            low, high = max(0, frame - _NEIGHBOURS), min(frames, frame + _NEIGHBOURS + 1)
            many = high - low
            whole = np.zeros((many * size + betas, many * size + betas))
            for one in range(many):
                at = slice(one * size, (one + 1) * size)
                whole[at, at] = blocks[low + one, 0]
                for apart in range(1, min(3, many - one)):
                    beside = slice((one + apart) * size, (one + apart + 1) * size)
                    whole[at, beside] = blocks[low + one, apart]
                    whole[beside, at] = blocks[low + one, apart].T
                whole[at, many * size :], whole[many * size :, at] = border[low + one], border[low + one].T
            outside = lost.sum(axis=0) - lost[low:high].sum(axis=0)
            whole[many * size :, many * size :] = inner - outside
            kept = np.concatenate(
                [
                    np.arange((frame - low) * size, (frame - low + 1) * size),
                    np.arange(many * size, len(whole)),
                ]
            )
            rest = np.setdiff1d(np.arange(len(whole)), kept)
            held = whole[kept[:, None], kept]
            if len(rest):
                across = whole[kept[:, None], rest]
                held = held - across @ np.linalg.solve(whole[rest[:, None], rest], across.T)
            out[frame][order[:, None], order] = (held + held.T) / 2
        return out
