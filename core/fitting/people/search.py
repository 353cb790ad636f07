"""The best body of each person, what rivals it, and which points disagree: all starts of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.claims import contradictions
from core.fitting.people.descent import Minimum, descend
from core.fitting.people.marks import POINTS
from core.fitting.people.objective import Objective, Sightings
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import FACE

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]
Indices = NDArray[np.intp]

KEPT = 4
APART_RAD = np.deg2rad(30.0)
RIVAL_RAD = np.deg2rad(60.0)
TOLERANCE = 0.01
ROUNDS = 30
_FIRST_ROUNDS = 5
# after the first rounds a start that costs so much more, in squared sigmas, is no rival of the best
_HOPELESS = 150.0
# a squared residual in sigmas beyond this is met by one point in a thousand: chi-square of 2, 0.999
OUTLIER_SQUARE = 13.8
# that a point of the face is called visible which the pose hides: one in a hundred, -2 ln 0.01
UNSEEN_COST = 9.2
_FEWEST_LEFT = 6
_SIFTINGS = 3


@dataclass(eq=False)
class Found:
    """The result for each person of a batch; rows of numpy beside the best's own arrays.

    Attributes:
        best: (n rows) fitted to the points that agree.
        cost: (n,) of the best, what its face contradicts included.
        outliers: (n, 17) points that disagree.
        squares: (n, 17) squared residuals in sigmas of all points, outliers too.
        unseen: (n,) how many points of the face are tagged otherwise than the pose has them.
        rival_cost: (n,) how much more the best body of another heading costs; inf where there is none.
        rival_turn: (n,) how far that is turned away, radians.
    """

    best: Minimum
    cost: Array
    outliers: Bits
    squares: Array
    unseen: Indices
    rival_cost: Array
    rival_turn: Array


def search(
    objective: Objective,
    seen: Sightings,
    tags: Sequence[Sequence[KeypointTag]],
    turns: Array,
    places: Array,
    poses: Array,
) -> Found:
    """Goes down from all starts of all people, and leaves out points that disagree.

    Args:
        seen: (n rows). tags: of each person's points.
        turns: (S, 3, 3), places: (n, S, 3) and poses: (S, 28) of the starts.
    """
    kit, chain = objective.kit, objective.chain
    people, many = places.shape[:2]
    every = kit.indices(np.repeat(np.arange(people), many))
    start = chain.state(
        np.tile(turns, (people, 1, 1)), places.reshape(-1, 3),
        np.zeros((people * many, chain.betas)), np.tile(poses, (people, 1)),
    )  # fmt: skip
    rough = descend(objective, seen.of(every), start, _FIRST_ROUNDS, 0.5)
    cost = kit.numpy(rough.local.cost).reshape(people, many)
    ways = _ways(objective, rough).reshape(people, many)
    chosen = _distinct(cost, ways)
    kept = chosen.shape[1]
    rows = (chosen + np.arange(people)[:, None] * many).reshape(-1)
    fine = rough.of(kit.indices(rows))
    hopeful = np.flatnonzero(cost.reshape(-1)[rows] <= np.repeat(cost.min(axis=1), kept) + _HOPELESS)
    _refine(objective, seen, fine, hopeful, kept)
    found = _sorted(objective, tags, fine, people, kept)
    _sift(objective, seen, tags, fine, found, kept)
    return found


def _refine(objective: Objective, seen: Sightings, fine: Minimum, rows: Indices, kept: int) -> None:
    """Goes on from some rows of the kept ones, `kept` of each person."""
    kit = objective.kit
    these, whose = kit.indices(rows), kit.indices(rows // kept)
    if len(rows):
        fine.put(these, descend(objective, seen.of(whose), fine.state.of(these), ROUNDS, TOLERANCE))


def _sift(
    objective: Objective,
    seen: Sightings,
    tags: Sequence[Sequence[KeypointTag]],
    fine: Minimum,
    found: Found,
    kept: int,
) -> None:
    """Leaves out points that disagree with the best body, and fits the kept ones again without them."""
    kit = objective.kit
    weights = kit.numpy(seen.weights)
    rows = np.arange(len(found.cost))
    for _ in range(_SIFTINGS):
        marked = _disagreeing(found.squares[rows], weights[rows], found.outliers[rows])
        changed = (marked != found.outliers[rows]).any(axis=1)
        rows, marked = rows[changed], marked[changed]
        if not len(rows):
            return
        found.outliers[rows] = marked
        those = seen.of(kit.indices(rows))
        left = Sightings(
            those.pixels, kit.array(np.where(marked, 0.0, weights[rows])), those.ends, those.end_weights
        )
        slots = (rows[:, None] * kept + np.arange(kept)).reshape(-1)
        part = fine.of(kit.indices(slots))
        _refine(objective, left, part, np.arange(len(slots)), kept)
        fine.put(kit.indices(slots), part)
        again = _sorted(objective, [tags[row] for row in rows], part, len(rows), kept)
        found.best.put(kit.indices(rows), again.best)
        found.cost[rows], found.unseen[rows] = again.cost, again.unseen
        found.rival_cost[rows], found.rival_turn[rows] = again.rival_cost, again.rival_turn
        found.squares[rows] = kit.numpy(objective.at(again.best.state, those).squares)


def _sorted(
    objective: Objective, tags: Sequence[Sequence[KeypointTag]], fine: Minimum, people: int, kept: int
) -> Found:
    """The best of the kept bodies of each person, and the best one that is turned away from it."""
    kit = objective.kit
    posed = objective.chain.posed(fine.state, objective.body.marks)
    head = kit.numpy(posed.head)
    face = kit.numpy(posed.points)[:, POINTS][:, list(FACE)].mean(axis=1)
    unseen = contradictions(head, face, [tags[row // kept] for row in range(people * kept)])
    unseen = unseen.reshape(people, kept)
    cost = kit.numpy(fine.local.cost).reshape(people, kept) + UNSEEN_COST * unseen
    first, each = cost.argmin(axis=1), np.arange(people)
    ways = _ways(objective, fine).reshape(people, kept)
    turned = _apart(ways, ways[each, first][:, None])
    with np.errstate(invalid="ignore"):
        behind = np.where(turned > RIVAL_RAD, cost - cost[each, first][:, None], np.inf)
    behind[np.isnan(behind)] = np.inf
    second = behind.argmin(axis=1)
    best = fine.of(kit.indices(each * kept + first))
    squares = np.array(kit.numpy(best.local.squares))
    return Found(
        best,
        cost[each, first],
        np.zeros(squares.shape, dtype=np.bool_),
        squares,
        unseen[each, first],
        behind[each, second],
        turned[each, second],
    )


def _ways(objective: Objective, found: Minimum) -> Array:
    """(n,) where pelvises face, radians about the upright."""
    forward = objective.kit.numpy(found.state.turn)[:, :, 2]
    ahead = objective.level
    return np.asarray(np.arctan2(forward @ ahead[1], forward @ ahead[0]))


def _apart(first: Array, second: Array) -> Array:
    return np.asarray(np.abs((first - second + np.pi) % (2 * np.pi) - np.pi))


def _distinct(costs: Array, ways: Array) -> Indices:
    """(n, kept) the cheapest starts of each person, each turned away from those before it."""
    left = costs.copy()
    each = np.arange(len(costs))
    chosen = []
    for _ in range(min(KEPT, costs.shape[1])):
        index = left.argmin(axis=1)
        chosen.append(index)
        near = _apart(ways, ways[each, index][:, None]) <= APART_RAD
        left[near] = np.inf
        left[each, index] = np.inf
    return np.stack(chosen, axis=1)


def _disagreeing(squares: Array, weights: Array, before: Bits) -> Bits:
    """(n, 17) points that disagree: far ones, those first that are at least half as far as the farthest.

    Two thirds of the points, and six of them, always stay.
    """
    there = weights > 0
    out = there & (squares > OUTLIER_SQUARE)
    fresh = np.where(out & ~before, squares, 0.0)
    out &= before | (squares >= fresh.max(axis=1, keepdims=True) / 4)
    count = there.sum(axis=1)
    most = np.maximum(np.minimum(count - _FEWEST_LEFT, count // 3), 0)
    too_many = out.sum(axis=1) > most
    out[too_many] = before[too_many]
    return np.asarray(out)
