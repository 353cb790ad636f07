"""Bins of occlusion."""

from __future__ import annotations

import pytest

from core.compositing.sampling.wanted import WantedOcclusion, bin_of, histogram, points_off, share_missed
from core.errors import CompositeError


def test_bins_are_ten_percent_wide_and_the_last_holds_all_that_is_hidden():
    assert [bin_of(percent) for percent in (0, 9, 10, 89, 90, 99, 100)] == [0, 0, 1, 8, 9, 9, 9]
    assert histogram([0, 9, 10, 100]) == (2, 1, 0, 0, 0, 0, 0, 0, 0, 1)


def test_points_off_are_counted_to_the_bins_nearer_end():
    assert [points_off(percent, 2) for percent in (0, 19, 20, 29, 30, 100)] == [20, 1, 0, 0, 1, 71]
    assert points_off(100, 9) == 0


def test_the_share_missed_is_what_would_have_to_move():
    wanted = WantedOcclusion((1, 1, 0, 0, 0, 0, 0, 0, 0, 0))
    assert share_missed((5, 5, 0, 0, 0, 0, 0, 0, 0, 0), wanted) == 0
    assert share_missed((10, 0, 0, 0, 0, 0, 0, 0, 0, 0), wanted) == 0.5
    assert share_missed((0, 0, 0, 0, 0, 0, 0, 0, 0, 4), wanted) == 1
    assert share_missed((0,) * 10, wanted) == 0


@pytest.mark.parametrize("shares", [(), (1,) * 9, (0,) * 10, (-1, *[1] * 9)])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(CompositeError, match="ten shares"):
        WantedOcclusion(shares)
