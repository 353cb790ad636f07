"""Many small robust least squares problems at once: Levenberg and Marquardt's method over whole batches.

Each row of a batch is one start of one car. A row that has arrived drops out of the work. Residuals are 2D
distances in sigmas, with Huber's loss (Huber 1964) on each and a quadratic prior beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

HUBER_SIGMAS = 2.0
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-9, 1e7
_FLOOR = 1e-12


class Model(Protocol):
    """What projects a car's keypoints from its parameters."""

    def project(self, state: Array) -> tuple[Array, Array]:
        """Ideal pixels (b, 2, n) of states (b, S), NaN behind the camera, and Jacobian (b, P, 2, n)."""
        ...

    def prior(self, state: Array) -> tuple[Array, Array, Array]:
        """Cost (b,), half its gradient (b, P), and half its second derivative, (P, P) or (b, P, P)."""
        ...

    def moved(self, state: Array, steps: Array) -> Array:
        """States (b, S) after steps (b, P)."""
        ...


@dataclass(frozen=True, eq=False)
class Sightings:
    """What the rows are fitted to, in the ideal picture.

    Attributes:
        pixels: (b, 2, n); any number where the weight is 0.
        weights: (b, n) one over sigma, 1 / px; 0 where there is no point.
        seen: (b, n) whether somebody says that the point is visible; None where nothing is said.
    """

    pixels: Array
    weights: Array
    seen: NDArray[np.bool_] | None = None

    def of(self, rows: Indices | NDArray[np.bool_]) -> Sightings:
        """Those of some rows, which may repeat."""
        seen = None if self.seen is None else self.seen[rows]
        return Sightings(self.pixels[rows], self.weights[rows], seen)


@dataclass(eq=False)
class Minimum:
    """Where the rows have arrived.

    Attributes:
        state: (b, S).
        cost: (b,) Huber's loss over points plus prior, in squared sigmas; inf where a row had no valid start.
        squares: (b, n) squared residuals in sigmas, 0 where there is no point.
        information: (b, P, P) J^T W J plus the prior's: the inverse of the covariance.
        gradient: (b, P) half the cost's.
    """

    state: Array
    cost: Array
    squares: Array
    information: Array
    gradient: Array

    def of(self, rows: Indices | NDArray[np.bool_]) -> Minimum:
        """Some of the rows."""
        return Minimum(
            self.state[rows], self.cost[rows], self.squares[rows], self.information[rows], self.gradient[rows]
        )

    def put(self, rows: Indices, other: Minimum) -> None:
        """Writes another's rows over some of these."""
        self.state[rows], self.cost[rows], self.squares[rows] = other.state, other.cost, other.squares
        self.information[rows], self.gradient[rows] = other.information, other.gradient


def minimise(
    model: Model,
    seen: Sightings,
    start: Array,
    rounds: int = 30,
    tolerance: float = 1e-6,
    huber: float = HUBER_SIGMAS,
) -> Minimum:
    """Goes down from each row's start.

    Args:
        model: projects.
        seen: (b rows) what to fit to.
        start: (b, S).
        rounds: the most steps that are tried.
        tolerance: a row has arrived when a step lowers its cost by less than this, in squared sigmas.
        huber: residuals above this many sigmas count linearly; inf for plain least squares.
    """
    found = linearise(model, seen, start, huber)
    damping = np.full(len(start), _FIRST_DAMPING)
    rows = np.flatnonzero(np.isfinite(found.cost))
    for _ in range(rounds):
        if not len(rows):
            break
        here = found if len(rows) == len(start) else found.of(rows)
        damped = here.information.copy()
        diagonal = np.einsum("bii->bi", damped)
        diagonal += damping[rows, None] * diagonal + _FLOOR
        steps = -np.asarray(np.linalg.solve(damped, here.gradient[..., None])[..., 0], dtype=np.float64)
        those = seen if len(rows) == len(start) else seen.of(rows)
        then = linearise(model, those, model.moved(here.state, steps), huber)
        gain = here.cost - then.cost
        better = gain >= 0
        # what the quadratic at this point still promised
        promise = -np.einsum("bp,bp->b", steps, here.gradient)
        arrived = (better & (gain < tolerance)) | (promise < tolerance)
        if better.all():
            found.put(rows, then)
        else:
            found.put(rows[better], then.of(better))
        damping[rows] = np.where(better, damping[rows] / 10, damping[rows] * 10).clip(_LEAST_DAMPING)
        rows = rows[~arrived & (damping[rows] < _MOST_DAMPING)]
    return found


def linearise(model: Model, seen: Sightings, state: Array, huber: float = HUBER_SIGMAS) -> Minimum:
    """Cost, residuals and normal equations of states, where they are."""
    with np.errstate(all="ignore"):
        pixels, slope = model.project(state)
        wrong = (pixels - seen.pixels) * seen.weights[:, None]
        wrong[np.broadcast_to(seen.weights[:, None] == 0, wrong.shape)] = 0.0
        squares = np.einsum("bin,bin->bn", wrong, wrong)
        size = np.sqrt(squares)
        far = size > huber
        cost = np.where(far, 2 * huber * size - huber * huber if far.any() else 0.0, squares).sum(axis=1)
        # reweighting: a residual beyond Huber's bend pulls as one on the bend does
        pull = np.sqrt(np.where(far, huber / size, 1.0))
    count, parameters = len(state), slope.shape[1]
    slope *= (seen.weights * pull)[:, None, None]
    pulled = wrong * pull[:, None]
    lost = ~np.isfinite(cost)
    if lost.any():
        cost[lost], squares[lost], slope[lost], pulled[lost] = np.inf, np.inf, 0.0, 0.0
    # a point of weight 0 may still lie behind the camera
    columns = np.nan_to_num(slope, copy=False).reshape(count, parameters, -1)
    prior_cost, prior_gradient, prior_information = model.prior(state)
    pulled = pulled.reshape(count, -1, 1)
    return Minimum(
        state,
        cost + prior_cost,
        squares,
        columns @ columns.swapaxes(1, 2) + prior_information,
        (columns @ pulled)[..., 0] + prior_gradient,
    )
