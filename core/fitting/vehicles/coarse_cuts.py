"""Outlines that something cuts of which nobody knows: a pole, a sign, a hedge before the car.

Every run of neighbouring directions is left out in turn. Where a car fits the rest so much better that chance
is no reason, those directions are taken not to be its own. Which ones stays a guess, so that poses by other
runs that do nearly as well widen what is said of the pose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.ground_model import POSE
from core.fitting.vehicles.levenberg_marquardt import HUBER_SIGMAS, Minimum, Sightings, minimise
from core.fitting.vehicles.motion import wrapped
from core.fitting.vehicles.outline import COUNT
from core.fitting.vehicles.outline_model import OutlineModel
from core.fitting.vehicles.uncertainty import noise_squares

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

_WIDTHS = (5, 9)
# what leaving out must gain, in squared sigmas: far more than the best of all runs gains by chance, for masks
# are rough in their own ways, and most outlines are whole
_BASE, _EACH = 12.0, 1.6
# a mask that reaches farther than the car by more is not cut there: what is too much is no cut
_BEYOND_SIGMAS = 3.0
_ROUNDS = 12
_TRIED = 6


def _runs() -> tuple[Bits, Array]:
    """(r, 16) directions of each run, and (r,) what it costs."""
    runs, prices = [], []
    for width in _WIDTHS:
        for middle in range(COUNT):
            away = (np.arange(COUNT) - middle + COUNT // 2) % COUNT - COUNT // 2
            runs.append(np.abs(away) <= width // 2)
            prices.append(_BASE + _EACH * width)
    return np.array(runs), np.array(prices)


RUNS, PRICES = _runs()
# below this cost no run can gain its price
LEAST_COST = float(PRICES.min())


@dataclass(frozen=True, eq=False)
class Cut:
    """The best of whole and cut outlines.

    Attributes:
        best: (n rows).
        own: (n, 16) directions that are the car's own.
        spread: (n, S, S) covariance of the state over the guesses, beside each guess's own.
    """

    best: Minimum
    own: Bits
    spread: Array


def cut(model: OutlineModel, seen: Sightings, whole: Minimum, fewest: int) -> Cut:
    """Tries those runs that promise most.

    Args:
        seen: (n rows) reaches and headings.
        whole: (n rows) the best of all directions.
        fewest: directions that must be left.
    """
    cars, size = whole.state.shape
    own = seen.weights[:, :COUNT] > 0
    kept = (own[:, None] & ~RUNS).sum(axis=2)  # (n, r)
    allowed = (kept >= fewest) & (kept < own.sum(axis=1, keepdims=True))
    promise = np.where(allowed, _promises(model, seen, whole) - PRICES, -np.inf)
    runs = np.argsort(-promise, axis=1, kind="stable")[:, :_TRIED]  # (n, t)
    each = np.arange(cars)
    every = seen.of(np.repeat(each, _TRIED))
    left = (own[:, None] & ~RUNS[runs]).reshape(-1, COUNT)
    weights = every.weights.copy()
    weights[:, :COUNT][~left] = 0.0
    rows = Sightings(every.pixels, weights)
    found = minimise(model, rows, np.repeat(whole.state, _TRIED, axis=0), _ROUNDS, tolerance=1e-2)
    short = model.project(found.state)[0][:, 0, :COUNT] - every.pixels[:, 0, :COUNT]
    beyond = ((every.weights[:, :COUNT] * short < -_BEYOND_SIGMAS) & ~left).any(axis=1)
    noise = noise_squares(found.cost, left.sum(axis=1) - POSE)
    price = np.where(np.isfinite(promise[each[:, None], runs]), PRICES[runs], np.inf).reshape(-1)
    # a mask that is rough all around must gain more
    by_run = np.where(beyond, np.inf, found.cost + price * noise).reshape(cars, _TRIED)
    costs = np.column_stack([whole.cost, np.where(np.isfinite(by_run), by_run, np.inf)])
    states = np.concatenate([whole.state[:, None], found.state.reshape(cars, _TRIED, size)], axis=1)
    first = costs.argmin(axis=1)
    best, mine = whole.of(each), own.copy()
    is_cut = np.flatnonzero(first)
    chosen = is_cut * _TRIED + first[is_cut] - 1
    best.put(is_cut, found.of(chosen))
    mine[is_cut] = left[chosen]
    rough = noise_squares(best.cost, mine.sum(axis=1) - POSE)
    behind = costs - costs[each, first][:, None]
    odds = np.exp(-behind / (2 * rough[:, None]))
    odds /= odds.sum(axis=1, keepdims=True)
    off = np.where(np.isfinite(costs)[..., None], states - states[each, first][:, None], 0.0)
    off[..., 2] = wrapped(off[..., 2])
    return Cut(best, mine, np.einsum("ch,chi,chj->cij", odds, off, off))


def _promises(model: OutlineModel, seen: Sightings, whole: Minimum) -> Array:
    """(n, r) by how much each run would lower the cost, to first order."""
    reach, slope = model.project(whole.state)
    weights = seen.weights[:, :COUNT]
    wrong = np.where(weights > 0, (reach[:, 0, :COUNT] - seen.pixels[:, 0, :COUNT]) * weights, 0.0)
    pull = np.minimum(1.0, HUBER_SIGMAS / np.maximum(np.abs(wrong), 1e-9))
    columns = slope[:, :, 0, :COUNT] * (weights * np.sqrt(pull))[:, None]  # (n, S, 16)
    pulled = wrong * np.sqrt(pull)
    runs = RUNS.astype(np.float64)
    gradient = np.einsum("nsd,nd,rd->nrs", columns, pulled, runs)
    taken = np.einsum("nsd,ntd,rd->nrst", columns, columns, runs)
    rest = whole.information[:, None] - taken
    # what is left may hold nothing of a parameter but its prior
    rest += 1e-9 * np.einsum("nss->n", whole.information)[:, None, None, None] * np.eye(rest.shape[-1])
    steps = np.linalg.solve(rest, gradient[..., None])[..., 0]
    return np.asarray((pulled**2) @ runs.T + (steps * gradient).sum(axis=2))
