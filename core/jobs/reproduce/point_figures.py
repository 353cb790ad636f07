"""PCK and tags of pre-labellers with intervals: tracks and seeds, drawn anew together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Groups
from core.jobs.reproduce.known_and_found import HIDDEN
from core.jobs.reproduce.points import FoundPoints
from core.jobs.reproduce.precision import TENTHS, Measured
from core.jobs.reproduce.shares import measured_shares
from core.records.slices import occlusion_bins
from core.training.data.crops import TAGS

ALPHAS = (0.2, 0.1, 0.05)
TAG_NAMES = ("visible", "self-occluded", "occluded by others", "beyond the picture")

PCK = tuple(f"PCK@{alpha}" for alpha in ALPHAS)
BY_TAG = tuple(f"PCK@0.1, {name}" for name in TAG_NAMES)
HIDDEN_COUNT = f"of these hidden over {HIDDEN:.0%}"
HIDDEN_CARS = f"PCK@0.1, cars hidden over {HIDDEN:.0%}"
BY_TENTH = tuple(f"PCK@0.1, {10 * n}-{10 * n + 10} % hidden" for n in range(TENTHS))
TAG = "tag accuracy"
TAG_BY_TAG = tuple(f"{TAG}, {name}" for name in TAG_NAMES)
GROUPS = (*PCK, *BY_TAG, HIDDEN_CARS, *BY_TENTH, TAG, *TAG_BY_TAG)
"""Every figure of a network, in the order of `Measured`."""


def point_figures(found: Sequence[FoundPoints], draws: int) -> Measured:
    """The figures of the networks of all seeds of an arm, which were asked about the same cars.

    Points are counted together: a car with more labelled points counts for more.
    """
    first = found[0]
    tracks = Groups(first.tracks, int(first.tracks.max(initial=-1)) + 1)
    right = np.stack([_right(one).T for one in found])
    of = np.broadcast_to(_counted(first).T, right.shape)
    return measured_shares(right, of, tracks, draws, PCK.index("PCK@0.1"))


def point_counts(found: FoundPoints) -> dict[str, int]:
    """How many cars, and points of each tag, there are."""
    tracks = int(found.tracks.max(initial=-1)) + 1
    counts = {"cars": len(found.hidden), "tracks": tracks, HIDDEN_COUNT: int((found.hidden > HIDDEN).sum())}
    return counts | {name: int((found.known == number).sum()) for number, name in enumerate(TAG_NAMES)}


def car_counts(found: FoundPoints) -> list[int]:
    """How many cars there are in each tenth of what is hidden."""
    return np.bincount(_tenths(found), minlength=TENTHS).tolist()


def _counted(one: FoundPoints) -> NDArray[np.float64]:
    """(n, groups) how many points of each car each figure is over."""
    known = one.known >= 0
    by_tag = [one.known == number for number in range(len(TAGS))]
    cars = [known & which[:, None] for which in _cars(one)]
    return _per_car([known] * len(ALPHAS) + by_tag + cars + [known, *by_tag])


def _right(one: FoundPoints) -> NDArray[np.float64]:
    """(n, groups) how many of them are right."""
    known = one.known >= 0
    by_tag = [one.known == number for number in range(len(TAGS))]
    near, agreed = (one.away < 0.1) & known, (one.said == one.known) & known
    parts = [(one.away < alpha) & known for alpha in ALPHAS]
    parts += [near & of_tag for of_tag in by_tag]
    parts += [near & which[:, None] for which in _cars(one)]
    return _per_car([*parts, agreed, *(agreed & of_tag for of_tag in by_tag)])


def _cars(one: FoundPoints) -> list[NDArray[np.bool_]]:
    """(n,) each: hidden cars, and those of each tenth."""
    tenths = _tenths(one)
    return [one.hidden > HIDDEN, *(tenths == number for number in range(TENTHS))]


def _tenths(one: FoundPoints) -> NDArray[np.int64]:
    return occlusion_bins(one.hidden)


def _per_car(points: Sequence[NDArray[np.bool_]]) -> NDArray[np.float64]:
    return np.stack([one.sum(axis=1) for one in points], axis=1).astype(np.float64)
