"""The best pose of each car, what rivals it, and which points disagree: all hypotheses of a batch at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.levenberg_marquardt import (
    Indices,
    Minimum,
    Model,
    Sightings,
    linearise,
    minimise,
)

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

KEPT = 3
APART_RAD = np.deg2rad(25.0)
TOLERANCE = 1e-6
_FIRST_ROUNDS = 5
# after the first rounds a start that costs so much more, in squared sigmas, is no rival of the best
_HOPELESS = 100.0
# a squared residual in sigmas beyond this is met by one point in a thousand: chi-square of 2, 0.999
OUTLIER_SQUARE = 13.8
# that a point is called visible which the car's body hides: one in a hundred, -2 ln 0.01
UNSEEN_COST = 9.2
_FEWEST_LEFT = 4
_SIFTINGS = 4


class PoseModel(Model, Protocol):
    """A model whose poses can be told apart."""

    def turned_away(self, state: Array) -> Bits:
        """(b, 12) keypoints that states turn away from the camera."""
        ...

    def apart(self, first: Array, second: Array) -> Array:
        """(...,) angle between the poses of states (..., S), radians."""
        ...


@dataclass(eq=False)
class Found:
    """The result for each car of a batch.

    Attributes:
        best: (n rows) fitted to the points that agree.
        outliers: (n, 12) points that disagree.
        squares: (n, 12) squared residuals in sigmas of all points, outliers too.
        unseen: (n, 12) points that are said to be visible, and that the pose turns away from the camera.
        rival_cost: (n,) how much more the best pose of another heading costs; inf where there is none.
        rival: (n, S) that pose.
    """

    best: Minimum
    outliers: Bits
    squares: Array
    unseen: Bits
    rival_cost: Array
    rival: Array

    def put(self, rows: Indices, other: Found) -> None:
        """Writes another's rows over some of these."""
        self.best.put(rows, other.best)
        self.outliers[rows], self.squares[rows] = other.outliers, other.squares
        self.unseen[rows] = other.unseen
        self.rival_cost[rows], self.rival[rows] = other.rival_cost, other.rival


def search(
    model: PoseModel, seen: Sightings, starts: Array, huber: float, tolerance: float = TOLERANCE
) -> Found:
    """Goes down from all starts of all cars, and leaves out points that disagree.

    Args:
        seen: (n rows).
        starts: (n, s, S).
        tolerance: see `minimise`.
    """
    found = _explore(model, seen, starts, huber, tolerance)
    rows = np.arange(len(starts))
    outliers = found.outliers
    for _ in range(_SIFTINGS):
        marked = _disagreeing(found.squares[rows], seen.weights[rows], outliers[rows])
        changed = (marked != outliers[rows]).any(axis=1)
        rows, marked = rows[changed], marked[changed]
        if not len(rows):
            break
        outliers[rows] = marked
        those = seen.of(rows)
        kept = Sightings(those.pixels, np.where(marked, 0.0, those.weights), those.seen)
        again = _explore(model, kept, starts[rows], huber, tolerance)
        again.outliers = marked
        again.squares = linearise(model, those, again.best.state).squares
        found.put(rows, again)
    return found


def _explore(model: PoseModel, seen: Sightings, starts: Array, huber: float, tolerance: float) -> Found:
    """The best of all starts, and the best one that is turned away from it."""
    cars, many, size = starts.shape
    every = np.repeat(np.arange(cars), many)
    rough = minimise(model, seen.of(every), starts.reshape(-1, size), _FIRST_ROUNDS, 1e-2, huber)
    chosen = _distinct(model, rough.state.reshape(cars, many, size), rough.cost.reshape(cars, many))
    kept = chosen.shape[1]
    rows = (chosen + np.arange(cars)[:, None] * many).reshape(-1)
    fine = rough.of(rows)
    hopeful = np.flatnonzero(
        fine.cost <= np.repeat(rough.cost.reshape(cars, many).min(axis=1), kept) + _HOPELESS
    )
    those = seen.of(hopeful // kept)
    fine.put(hopeful, minimise(model, those, fine.state[hopeful], tolerance=tolerance, huber=huber))
    cost, state = fine.cost.reshape(cars, kept), fine.state.reshape(cars, kept, size)
    unseen = _unseen(model, seen, fine.state, kept)
    cost = cost + UNSEEN_COST * unseen.sum(axis=1).reshape(cars, kept)
    first = cost.argmin(axis=1)
    each = np.arange(cars)
    away = model.apart(state, state[each, first][:, None]) > APART_RAD
    with np.errstate(invalid="ignore"):
        behind = np.where(away, cost - cost[each, first][:, None], np.inf)
    behind[np.isnan(behind)] = np.inf
    second = behind.argmin(axis=1)
    best = fine.of(each * kept + first)
    return Found(
        best,
        np.zeros(seen.weights.shape, dtype=np.bool_),
        best.squares,
        unseen[each * kept + first],
        behind[each, second],
        state[each, second],
    )


def _unseen(model: PoseModel, seen: Sightings, states: Array, many: int) -> Bits:
    """(n * many, 12) points called visible that states, `many` of each car, turn away."""
    if seen.seen is None:
        return np.zeros((len(states), seen.weights.shape[1]), dtype=np.bool_)
    claimed = seen.seen & (seen.weights > 0)
    return model.turned_away(np.nan_to_num(states)) & np.repeat(claimed, many, axis=0)


def _distinct(model: PoseModel, states: Array, costs: Array) -> Indices:
    """(n, kept) the cheapest starts of each car, each turned away from those before it where there is one."""
    left = costs.copy()
    each = np.arange(len(costs))
    chosen = []
    for _ in range(min(KEPT, costs.shape[1])):
        index = left.argmin(axis=1)
        chosen.append(index)
        near = model.apart(states, states[each, index][:, None]) <= APART_RAD
        left[near] = np.inf
        left[each, index] = np.inf
    return np.stack(chosen, axis=1)


def _disagreeing(squares: Array, weights: Array, before: Bits) -> Bits:
    """(n, 12) points that disagree: far ones, those first that are at least half as far as the farthest.

    One that only came to lie far because of a worse one gets another chance once that one is gone. A majority
    of the points, and four of them, always stay.
    """
    there = weights > 0
    out = there & (squares > OUTLIER_SQUARE)
    # among those that were not left out before, only the worst leave at once
    fresh = np.where(out & ~before, squares, 0.0)
    out &= before | (squares >= fresh.max(axis=1, keepdims=True) / 4)
    count = there.sum(axis=1)
    most = np.minimum(count - _FEWEST_LEFT, (count - 1) // 2)
    too_many = out.sum(axis=1) > most
    out[too_many] = before[too_many]
    return out
