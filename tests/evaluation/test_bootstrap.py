"""Intervals: beside drawing by hand, beside what theory says, and where there is nothing to draw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.bootstrap import (
    Drawing,
    Groups,
    differences,
    estimates,
    means,
    medians,
    ratios,
)

FEW = Drawing(draws=50)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5) | st.none()), min_size=1, max_size=12),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
def test_weights_are_objects_that_stand_there_so_often(
    rows: list[tuple[int, int | None]], weights: list[int]
) -> None:
    values = np.array([np.nan if value is None else value for _, value in rows])
    groups = Groups.of([group for group, _ in rows], among=range(4))
    repeated = np.repeat(values, [weights[group] for group, _ in rows])
    there = repeated[~np.isnan(repeated)]
    counted = np.array(weights, dtype=float)
    [mean], [median] = means(values, groups)(counted), medians(values, groups)(counted)
    [share] = ratios(values > 0, ~np.isnan(values), groups)(counted)
    if not len(there):
        assert np.isnan([mean, median, share]).all()
        return
    assert (mean, median) == (pytest.approx(there.mean()), pytest.approx(np.median(there)))
    assert share == pytest.approx((there > 0).mean())


def test_the_interval_is_what_drawing_by_hand_gives() -> None:
    values = np.array([1.0, 4.0, 9.0, 16.0, 25.0])
    [estimate] = estimates(medians(values, Groups.each(5)), 5, FEW)
    drawn = sorted(float(np.median(np.repeat(values, row))) for row in FEW.weights(5))
    # 2.5 and 97.5 % of the way from the first of 50 to the last: after the 2nd, and before the 49th
    assert (estimate.value, estimate.low, estimate.high) == (9.0, drawn[1], drawn[48])
    assert (estimate.level, estimate.groups, estimate.draws) == (0.95, 5, 50)


def test_of_many_values_it_is_the_normal_interval() -> None:
    """The mean's own error is s / sqrt n; 95 % of a normal distribution are within 1.96 of it."""
    values = np.random.default_rng(4).exponential(size=2000)
    [estimate] = estimates(means(values, Groups.each(2000)), 2000, Drawing(2000))
    off = 1.96 * values.std() / np.sqrt(2000)
    assert estimate.low is not None
    assert estimate.high is not None
    assert values.mean() - estimate.low == pytest.approx(off, rel=0.1)
    assert estimate.high - values.mean() == pytest.approx(off, rel=0.1)


def test_it_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        values = rng.normal(3.0, 2.0, 40)
        [estimate] = estimates(means(values, Groups.each(40)), 40, Drawing(200))
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= 3.0 <= estimate.high
    assert 180 <= covered <= 198


def test_objects_of_one_group_tell_no_more_than_one() -> None:
    """Each value ten times over is the same interval by groups, and a far narrower one without them."""
    values = np.round(np.random.default_rng(6).normal(size=30) * 8) / 8  # whose sums are exact
    ten = np.repeat(values, 10)
    once = estimates(means(values, Groups.each(30)), 30)
    assert estimates(means(ten, Groups.of(np.repeat(np.arange(30), 10).tolist())), 30) == once
    [alone] = estimates(means(ten, Groups.each(300)), 300)
    assert alone.high - alone.low < (once[0].high - once[0].low) / 2  # type: ignore[operator]


def test_what_is_hard_for_both_does_not_widen_their_difference() -> None:
    hard = np.random.default_rng(7).normal(0, 10, 50)
    groups = Groups.each(50)
    [gain] = differences(means(hard + 1, groups), means(hard, groups), 50, FEW)
    assert gain.value == pytest.approx(1)
    assert (gain.low, gain.high) == (pytest.approx(1), pytest.approx(1))


def test_draws_with_nothing_to_count_are_left_out_and_told() -> None:
    part, whole = np.array([1, 0, 0]), np.array([1, 0, 0])
    [estimate] = estimates(ratios(part, whole, Groups.each(3)), 3)
    assert (estimate.value, estimate.low, estimate.high) == (1, 1, 1)
    assert estimate.draws / 1000 == pytest.approx(1 - (2 / 3) ** 3, abs=0.05)
    [nothing] = estimates(means(np.full(3, np.nan), Groups.each(3)), 3)
    assert (nothing.value, nothing.low, nothing.high, nothing.draws) == (None, None, None, 0)


def test_of_one_group_there_is_no_interval() -> None:
    [estimate] = estimates(means([1.0, 2.0], Groups.of("aa")), 1)
    assert (estimate.value, estimate.low, estimate.high) == (1.5, None, None)
    [empty] = estimates(means([], Groups.each(0)), 0)
    assert empty.value is None


def test_an_error_without_bound_may_lie_in_the_middle() -> None:
    groups = Groups.each(3)
    assert medians([1.0, np.inf, np.inf], groups)(np.ones(3)).tolist() == [np.inf]
    [estimate] = estimates(medians([1.0, 2.0, np.inf], groups), 3)
    assert (estimate.low, estimate.value, estimate.high) == (1, 2, np.inf)
    with pytest.raises(ValueError, match="finite"):
        means([1.0, 2.0, np.inf], groups)


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ValueError, match="none of the groups"):
        Groups.of("ab", among="a")
    with pytest.raises(ValueError, match="values of"):
        means([1.0, 2.0], Groups.each(3))
    with pytest.raises(ValueError, match="sums of"):
        ratios([1.0, 2.0], np.ones((2, 2)), Groups.each(2))
