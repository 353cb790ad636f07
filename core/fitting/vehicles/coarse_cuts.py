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
from core.fitting.vehicles.levenberg_marquardt import Minimum, Sightings, minimise
from core.fitting.vehicles.motion import wrapped
from core.fitting.vehicles.outline import COUNT
from core.fitting.vehicles.outline_model import OutlineModel
from core.fitting.vehicles.uncertainty import noise_square

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

_WIDTHS = (5, 9)
# what leaving out must gain, in squared sigmas: what the best of all runs gains by chance, and odds of 20 to
# 1 for an outline that nothing cuts
_BASE, _EACH = 6.0, 1.2
# a mask that reaches farther than the car by more is not cut there: what is too much is no cut
_BEYOND_SIGMAS = 3.0
_ROUNDS = 12


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
    """Tries all runs.

    Args:
        seen: (n rows) reaches and headings.
        whole: (n rows) the best of all directions.
        fewest: directions that must be left.
    """
    cars, count, size = len(whole.cost), len(RUNS), whole.state.shape[1]
    own = seen.weights[:, :COUNT] > 0
    left = own[:, None] & ~RUNS  # (n, r, 16)
    every = seen.of(np.repeat(np.arange(cars), count))
    weights = every.weights.copy()
    weights[:, :COUNT][~left.reshape(-1, COUNT)] = 0.0
    rows = Sightings(every.pixels, weights)
    found = minimise(model, rows, np.repeat(whole.state, count, axis=0), _ROUNDS, tolerance=1e-2)
    short = model.project(found.state)[0][:, 0, :COUNT] - every.pixels[:, 0, :COUNT]
    beyond = (every.weights[:, :COUNT] * short < -_BEYOND_SIGMAS) & (weights[:, :COUNT] == 0)
    allowed = (left.sum(axis=2) >= fewest) & (left.sum(axis=2) < own.sum(axis=1, keepdims=True))
    allowed &= ~beyond.any(axis=1).reshape(cars, count)
    by_run = found.cost.reshape(cars, count) + np.where(allowed, PRICES, np.inf)
    costs = np.column_stack([whole.cost, np.where(np.isfinite(by_run), by_run, np.inf)])
    states = np.concatenate([whole.state[:, None], found.state.reshape(cars, count, size)], axis=1)
    each, first = np.arange(cars), costs.argmin(axis=1)
    best, kept = whole.of(each), own.copy()
    is_cut = np.flatnonzero(first)
    chosen = first[is_cut] - 1
    best.put(is_cut, found.of(is_cut * count + chosen))
    kept[is_cut] &= ~RUNS[chosen]
    noise = [
        noise_square(float(cost), int(used) - POSE)
        for cost, used in zip(best.cost, kept.sum(axis=1), strict=True)
    ]
    behind = costs - costs[each, first][:, None]
    odds = np.exp(-behind / (2 * np.array(noise)[:, None]))
    odds /= odds.sum(axis=1, keepdims=True)
    off = np.where(np.isfinite(costs)[..., None], states - states[each, first][:, None], 0.0)
    off[..., 2] = wrapped(off[..., 2])
    return Cut(best, kept, np.einsum("ch,chi,chj->cij", odds, off, off))
