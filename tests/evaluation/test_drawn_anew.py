"""Intervals by drawing groups anew, against plain loops over the same draws, and figures of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.classification import precision_recall
from core.evaluation.drawn_anew import LEAST_GROUPS, Drawn, Estimate

RNG = np.random.default_rng(4)
GROUPS = RNG.integers(0, 12, 90)
VALUES = RNG.normal(size=90)
RIGHT = RNG.random(90) < 0.6
SCORES = np.round(RIGHT * 0.3 + RNG.random(90), 1)  # with many equal ones
FIRST, SECOND = RNG.integers(0, 3, 90), RNG.integers(0, 3, 90)


def again(drawn: Drawn, figure: Callable[[Any], float | None]) -> tuple[float, float]:
    """The interval, with every draw's objects written out."""
    own = [np.flatnonzero(group == GROUPS) for group in range(12)]
    values = []
    for weights in drawn.weights:
        rows = np.concatenate([np.tile(own[g], n) for g, n in enumerate(weights)])
        value = figure(rows)
        if value is not None and np.isfinite(value):
            values.append(value)
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def kappa(rows: Any) -> float:
    """Cohen's, as it is written."""
    one, other = FIRST[rows], SECOND[rows]
    agreed = np.mean(one == other)
    chance = sum(np.mean(one == kind) * np.mean(other == kind) for kind in range(3))
    return float((agreed - chance) / (1 - chance))


@pytest.mark.parametrize(
    ("asked", "plain"),
    [
        (lambda d: d.share(RIGHT, np.ones(90)), lambda rows: RIGHT[rows].mean()),
        (lambda d: d.median(VALUES), lambda rows: float(np.median(VALUES[rows]))),
        (lambda d: d.kappa(FIRST, SECOND, 3), kappa),
        (
            lambda d: d.average_precision(SCORES, RIGHT),
            lambda rows: precision_recall(SCORES[rows], RIGHT[rows]).average_precision,  # type: ignore[union-attr]
        ),
    ],
)
def test_intervals_are_those_of_draws_written_out(
    asked: Callable[[Drawn], Estimate], plain: Callable[[Any], float]
) -> None:
    drawn = Drawn(GROUPS, 12, seed=7, draws=60)
    found = asked(drawn)
    assert found.value == pytest.approx(plain(np.arange(90)))
    assert (found.low, found.high) == pytest.approx(again(drawn, plain))
    assert found.count == 90
    other = asked(Drawn(GROUPS, 12, seed=8, draws=60))
    assert (found.value, found.count) == (other.value, other.count)
    assert (found.low, found.high) != (other.low, other.high)
    same = asked(Drawn(GROUPS, 12, seed=7, draws=60))
    assert found == same


def test_some_of_the_objects_and_groups_without_any() -> None:
    drawn = Drawn([0, 0, 2], 4, seed=0, draws=0)
    assert drawn.share([1, 0, 1], [1, 1, 1], [True, True, False]) == Estimate(0.5, None, None, 2)
    assert drawn.share([1, 0, 1], [1, 1, 1], [False, False, False]) is None
    each = drawn.each_group([1, 1, 1])
    assert each is not None
    assert each.value == 0.75  # three in four pictures
    assert drawn.median([np.nan, np.nan, np.nan]) is None
    assert drawn.median([0.1, np.nan, 3.0]) == Estimate(1.55, None, None, 2)  # as bootstrap.medians has it
    assert drawn.average_precision([0.1, 0.2, 0.3], [False, False, False]) is None
    assert drawn.kappa([0, 0, -1], [0, 0, 1], 2) is None  # all is as chance has it


def test_few_groups_have_no_interval() -> None:
    count = LEAST_GROUPS - 1
    few = Drawn(np.arange(count), count, seed=0, draws=50).share(np.ones(count), np.ones(count))
    assert few == Estimate(1.0, None, None, count)
    enough = Drawn(np.arange(count + 1), count + 1, seed=0, draws=50)
    found = enough.share(np.arange(count + 1) > 0, np.ones(count + 1))
    assert found is not None
    assert found.low is not None
    # where only few groups have something of it, neither
    some = enough.share(np.ones(count + 1), np.ones(count + 1), np.arange(count + 1) < 2)
    assert some == Estimate(1.0, None, None, 2)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for seed in range(120):
        skill = rng.normal(0.6, 0.15, 30).clip(0, 1)  # each group's own, so that its objects go together
        groups = np.repeat(np.arange(30), 8)
        right = rng.random(240) < skill[groups]
        found = Drawn(groups, 30, seed=seed, draws=200).share(right, np.ones(240))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 0.6 <= found.high
    # 95 % of 120 are 114; the percentile bootstrap of 30 groups is a little too narrow
    assert 104 <= inside <= 120


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_kappa_is_what_shuffling_the_second_leaves(pairs: list[tuple[int, int]]) -> None:
    """By chance: each of the first's kinds with each of the second's."""
    first, second = zip(*pairs, strict=True)
    alike = np.mean([one == other for one, other in pairs])
    blind = np.mean([one == other for one in first for other in second])
    found = Drawn([0] * len(pairs), 1, seed=0, draws=0).kappa(first, second, 4)
    if blind == 1:
        assert found is None
    else:
        assert found is not None
        assert found.value == pytest.approx((alike - blind) / (1 - blind))


def test_kappa_by_the_books() -> None:
    """Of 50, 35 alike; the first says yes of 25, the second of 30: by chance 0.5 x 0.6 + 0.5 x 0.4."""
    first, second = [0] * 25 + [1] * 25, [0] * 20 + [1] * 5 + [0] * 10 + [1] * 15
    found = Drawn(np.arange(50), 50, seed=0, draws=0).kappa(first, second, 2)
    assert found is not None
    assert found.value == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_of_many_objects_it_is_the_normal_interval() -> None:
    """The mean's own error is s / sqrt n; 95 % of a normal distribution are within 1.96 of it."""
    values = np.random.default_rng(4).exponential(size=2000)
    mean = Drawn(np.arange(2000), 2000, seed=0, draws=1000).share(values, np.ones(2000))
    assert mean is not None
    off = 1.96 * values.std() / np.sqrt(2000)
    assert (mean.low, mean.high) == pytest.approx((values.mean() - off, values.mean() + off), abs=0.1 * off)


def test_objects_of_one_group_tell_no_more_than_one() -> None:
    """Each value ten times over is the same interval by groups, and a far narrower one without them."""
    values = np.round(np.random.default_rng(6).normal(size=30) * 8) / 8  # whose sums are exact
    ten = np.repeat(values, 10)
    once = Drawn(np.arange(30), 30, seed=0, draws=300).share(values, np.ones(30))
    grouped = Drawn(np.repeat(np.arange(30), 10), 30, seed=0, draws=300).share(ten, np.ones(300))
    alone = Drawn(np.arange(300), 300, seed=0, draws=300).share(ten, np.ones(300))
    assert once is not None
    assert grouped is not None
    assert alone is not None
    assert (grouped.low, grouped.high) == (once.low, once.high)
    assert alone.high - alone.low < (once.high - once.low) / 2  # type: ignore[operator]
