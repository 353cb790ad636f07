"""Goes down from many starts of many people at once: Levenberg and Marquardt's method over a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.fitting.people.arrays import AnyArray
from core.fitting.people.chain import State
from core.fitting.people.objective import HUBER_SIGMAS, Local, Objective, Sightings

_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-2, 1e-7, 1e6
_FLOOR = 1e-9


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where rows have arrived, and the cost around it."""

    state: State
    local: Local

    def of(self, rows: AnyArray) -> Minimum:
        """Some of the rows."""
        return Minimum(self.state.of(rows), self.local.of(rows))

    def put(self, rows: AnyArray, other: Minimum) -> None:
        """Writes another's rows over some of these."""
        self.state.put(rows, other.state)
        self.local.put(rows, other.local)


def descend(
    objective: Objective,
    seen: Sightings,
    start: State,
    rounds: int,
    tolerance: float,
    huber: float = HUBER_SIGMAS,
) -> Minimum:
    """From each row's start to where a step gains less than a tolerance.

    Args:
        seen: (n rows). start: (n rows); not changed.
        rounds: the most steps that are tried.
        tolerance: in squared sigmas.
        huber: residuals above this many sigmas count linearly.
    """
    kit, xp = objective.kit, objective.kit.xp
    found = Minimum(start, objective.at(start, seen, huber))
    every = kit.indices(np.arange(len(start.place)))
    found = found.of(every)  # rows of its own, which are written over
    damping = kit.zeros(len(start.place)) + _FIRST_DAMPING
    rows = every[xp.isfinite(found.local.cost)]
    diagonal = kit.indices(np.arange(objective.chain.parameters))
    for _ in range(rounds):
        if not len(rows):
            break
        here = found.of(rows)
        damped = here.local.information
        own = damped[:, diagonal, diagonal]
        damped = damped + 0.0
        damped[:, diagonal, diagonal] = own + damping[rows][:, None] * own + _FLOOR
        gradient = here.local.gradient
        steps = -xp.linalg.solve(damped, gradient[:, :, None])[:, :, 0]
        there = objective.chain.moved(here.state, steps)
        then = objective.at(there, seen.of(rows), huber)
        gain = here.local.cost - then.cost
        better = gain >= 0
        # what the quadratic at this point still promised
        promise = -xp.sum(steps * gradient, axis=1)
        arrived = (better & (gain < tolerance)) | (promise < tolerance)
        found.put(rows[better], Minimum(there.of(better), then.of(better)))
        factor = xp.where(better, xp.full_like(gain, 0.2), xp.full_like(gain, 8.0))
        damping[rows] = xp.clip(damping[rows] * factor, _LEAST_DAMPING, None)
        rows = rows[~arrived & (damping[rows] < _MOST_DAMPING)]
    return found
