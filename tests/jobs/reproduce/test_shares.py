"""Shares with intervals, by sums that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from core.evaluation.bootstrap import Groups
from core.jobs.reproduce.shares import measured_shares


def test_shares_are_means_over_seeds_of_sums_by_sums() -> None:
    # two networks on three objects: 2 of 4 points right, and 4 of 4; of no object is there a second figure
    # each once more, since of fewer than five groups no interval is told
    right = np.tile([[[1, 0, 1], [0, 0, 0]], [[1, 1, 2], [0, 0, 0]]], 2)
    whole = np.broadcast_to(np.tile([[1, 1, 2], [0, 0, 0]], 2), right.shape)
    found = measured_shares(right, whole, Groups.each(6), draws=500)
    assert found.by_seed.tolist() == [0.5, 1.0]
    assert found.values[0] == 0.75
    assert np.isnan(found.values[1])
    one, nothing = found.interval(0), found.interval(1)
    assert (nothing.value, nothing.low, nothing.groups) == (None, None, 0)
    assert one.low is not None
    assert one.low <= 0.5  # a draw of the worse network alone
    assert one.high == 1.0


def test_what_is_the_same_in_all_draws_has_no_gain() -> None:
    right, whole = np.array([[[1.0, 2.0, 0.0, 3.0] * 3]]), np.full((1, 1, 12), 3.0)
    groups = Groups.of([track for track in "abcdef" for _ in range(2)])
    first, second = (measured_shares(right, whole, groups, draws=100) for _ in range(2))
    gain = first.over(second)
    assert (gain.value, gain.low, gain.high) == (0.0, 0.0, 0.0)
    # of groups alike in their sums every draw is the same
    assert first.interval().low == first.interval().high == 0.5


def test_of_four_groups_no_interval_is_told() -> None:
    right, whole = np.array([[[1.0, 0.0, 1.0, 1.0]]]), np.ones((1, 1, 4))
    four = measured_shares(right, whole, Groups.each(4), draws=100)
    five = measured_shares(np.append(right, [[[0.0]]], 2), np.ones((1, 1, 5)), Groups.each(5), draws=100)
    assert (four.interval().value, four.interval().low, four.interval().high) == (0.75, None, None)
    assert five.interval().low is not None


def test_sums_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="for 2 objects"):
        measured_shares(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)), Groups.each(2), draws=10)
