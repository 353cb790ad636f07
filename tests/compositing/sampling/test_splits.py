"""Splits: no track on two sides, none near a border."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compositing.sampling.splits import Lifetime, SplitSettings, split_by_time
from core.errors import CompositeError
from core.records.recipes import Split

lives = st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 60)), max_size=40).map(
    lambda rows: [Lifetime(key, first, first + length) for key, (first, length) in enumerate(rows)]
)
settings_ = st.builds(
    SplitSettings,
    st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(0, 3)).filter(lambda one: sum(one) > 0),
    st.floats(0, 20),
)


def test_a_hundred_short_tracks_are_shared_out_by_time():
    tracks = [Lifetime(key, 10.0 * key, 10.0 * key + 1) for key in range(100)]
    found = split_by_time(tracks, SplitSettings((8, 1, 1), 2.0))
    assert [key for key, split in found.items() if split is Split.TRAIN] == list(range(80))
    assert [key for key, split in found.items() if split is Split.VALIDATION] == list(range(80, 90))
    assert [key for key, split in found.items() if split is Split.TEST] == list(range(90, 100))


def test_what_lives_near_a_border_is_in_no_split():
    tracks = [Lifetime(key, 10.0 * key, 10.0 * key + 1) for key in range(10)]
    tracks.append(Lifetime(99, 0.0, 200.0))  # parked all the time
    found = split_by_time(tracks, SplitSettings((1, 0, 1), 4.5))
    # eleven tracks: the border lies after the first five of them, between 30 s and 40 s
    assert [key for key, split in found.items() if split is Split.TRAIN] == [0, 1, 2]
    assert 99 not in found
    assert 3 not in found  # 31 s and 4.5 s more
    assert [key for key, split in found.items() if split is Split.TEST] == [4, 5, 6, 7, 8, 9]


@given(lives, settings_, st.randoms())
def test_splits_never_show_the_same_moment(tracks, settings, random):
    found = split_by_time(tracks, settings)
    shuffled = list(tracks)
    random.shuffle(shuffled)
    assert split_by_time(shuffled, settings) == found
    by_key = {one.key: one for one in tracks}
    order = list(Split)
    for a, first in found.items():
        for b, second in found.items():
            if order.index(first) < order.index(second):
                gap = by_key[b].first_s - by_key[a].last_s
                assert gap >= 2 * settings.guard_s - 1e-6
                assert gap > 0


@given(lives)
def test_a_share_of_nothing_gets_nothing(tracks):
    assert set(split_by_time(tracks, SplitSettings((1, 0, 0))).values()) <= {Split.TRAIN}
    assert set(split_by_time(tracks, SplitSettings((0, 0, 1))).values()) <= {Split.TEST}


@pytest.mark.parametrize("shares", [(0, 0, 0), (-1, 1, 1)])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(CompositeError, match="shares"):
        split_by_time([], SplitSettings(shares))
