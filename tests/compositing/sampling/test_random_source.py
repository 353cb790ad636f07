"""Random numbers: SplitMix64's published ones, and the same ones drawn one by one or many at once."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compositing.sampling.random_source import RandomSource


def test_the_stream_is_splitmix64():
    """The first numbers of seed 0, as the generator's authors and Java's SplittableRandom give them."""
    source = RandomSource()
    assert [source.bits() for _ in range(3)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


def test_each_seed_changes_the_stream():
    streams = {
        tuple(RandomSource(*seeds).bits() for _ in range(1))
        for seeds in [(), (0,), (1,), (0, 1), (1, 0), (-1,), (2**64 - 2,), (1, 1)]
    }
    assert len(streams) == 8


@given(st.integers(0, 2**63), st.integers(1, 50), st.integers(1, 30))
def test_many_at_once_are_the_next_of_the_stream(seed, end, count):
    at_once, one_by_one = RandomSource(seed), RandomSource(seed)
    expected = [((one_by_one.bits() >> 32) * end) >> 32 for _ in range(count)]
    assert at_once.many_below(end, count).tolist() == expected
    assert at_once.bits() == one_by_one.bits()


@given(st.integers(0, 2**63), st.integers(1, 2**64))
def test_below_stays_below(seed, end):
    source = RandomSource(seed)
    assert all(0 <= source.below(end) < end for _ in range(3))


def test_all_are_as_likely():
    source = RandomSource(4)
    counts = Counter(source.below(6) for _ in range(6000))
    assert all(abs(counts[face] - 1000) < 5 * 29 for face in range(6))  # five standard deviations
    counts = Counter(source.weighted((1, 0, 3)) for _ in range(4000))
    assert counts[1] == 0
    assert abs(counts[0] - 1000) < 5 * 28


def test_shuffling_keeps_all():
    source = RandomSource(5)
    orders = {tuple(source.shuffled("abc")) for _ in range(200)}
    assert len(orders) == 6


def test_of_nothing_there_is_no_choice():
    with pytest.raises(ValueError, match="nothing"):
        RandomSource(1).below(0)
