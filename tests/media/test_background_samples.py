"""Which frames a background is made from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media.background_samples import choose_samples, hour_of_day


@given(
    times=st.lists(st.floats(0, 1e6), max_size=60).map(sorted),
    count=st.integers(0, 80),
)
def test_it_takes_as_many_as_asked_or_all_ascending_and_none_twice(times: list[float], count: int) -> None:
    chosen = choose_samples(times, count)
    assert len(chosen) == min(count, len(times))
    assert all(a < b for a, b in pairwise(chosen))
    assert all(0 <= i < len(times) for i in chosen)


def test_one_long_run_is_sampled_at_even_distances() -> None:
    chosen = choose_samples(np.arange(1000) / 25, 10)
    assert np.diff(chosen).tolist() == [100] * 9
    assert chosen[0] == 50  # the middle of the first tenth: both ends count equally


def test_bursts_share_the_count_whatever_their_length() -> None:
    # three bursts five minutes apart, of 100, 10 and 100 frames
    times = np.concatenate([np.arange(100) / 10, 300 + np.arange(10) / 10, 600 + np.arange(100) / 10])
    chosen = np.array(choose_samples(times, 24))
    assert [int(((chosen >= a) & (chosen < b)).sum()) for a, b in ((0, 100), (100, 110), (110, 210))] == [
        8
    ] * 3


def test_what_a_short_burst_cannot_give_the_others_do() -> None:
    times = np.concatenate([np.arange(100) / 10, [300.0, 300.1], 600 + np.arange(100) / 10])
    chosen = np.array(choose_samples(times, 32))
    assert [int((chosen < 100).sum()), int((chosen >= 102).sum())] == [15, 15]


def test_of_more_bursts_than_asked_for_every_so_many_gives_one_frame() -> None:
    times = np.concatenate([300.0 * burst + np.arange(11) / 10 for burst in range(40)])
    chosen = choose_samples(times, 10)
    assert [i // 11 for i in chosen] == [2 + 4 * k for k in range(10)]
    assert all(i % 11 == 5 for i in chosen)


def test_only_frames_of_the_hour_asked_for() -> None:
    hours = [6, 6, 7, None, 7, 8]
    assert choose_samples([0, 1, 2, 3, 4, 5], 10, hours=hours, hour=7) == [2, 4]
    assert choose_samples([0, 1, 2], 10, hour=7) == []


@pytest.mark.parametrize(
    ("captured_at", "offset", "hour"),
    [
        (0.0, 0.0, 0),
        (1_795_241_460.0, 0.0, 6),  # 2026-11-21T06:11:00Z
        (1_795_241_460.0, 19_800.0, 11),  # India, half past
        (1_795_241_460.0, -7 * 3600.0, 23),  # the evening before
    ],
)
def test_the_hour_is_the_cameras(captured_at: float, offset: float, hour: int) -> None:
    assert hour_of_day(captured_at, offset) == hour
