"""Bursts become sequences of their own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.media.sequences import split_sequences
from core.records.media import FrameStamp


def at(times: list[float]) -> list[FrameStamp]:
    return [FrameStamp(number, time, None, bytes(16), True) for number, time in enumerate(times)]


def test_bursts_of_a_time_lapse() -> None:
    times = [600.0 * burst + 0.1 * number for burst in range(3) for number in range(50)]
    assert split_sequences(at(times)) == [range(50), range(50, 100), range(100, 150)]


def test_bursts_of_two_frames() -> None:
    times = [600.0 * burst + 0.2 * number for burst in range(4) for number in range(2)]
    assert split_sequences(at(times)) == [range(2), range(2, 4), range(4, 6), range(6, 8)]


def test_dropped_frames_do_not_split() -> None:
    times = [number / 25 for number in range(100) if number not in (40, 41, 42, 43, 70)]
    assert split_sequences(at(times)) == [range(95)]


def test_steady_time_lapse_is_one_sequence() -> None:
    assert split_sequences(at([60.0 * number for number in range(20)])) == [range(20)]


def test_given_gap_decides() -> None:
    assert split_sequences(at([0, 1, 2, 5, 6]), gap_s=2.0) == [range(3), range(3, 5)]


def test_nothing_and_one_frame() -> None:
    assert split_sequences([]) == []
    assert split_sequences(at([3.0])) == [range(1)]


@given(
    st.lists(st.floats(0.001, 1e4), max_size=60),
    st.one_of(st.none(), st.floats(0.001, 1e4)),
)
def test_ranges_cover_everything_once_and_split_at_the_longest_gaps(
    steps: list[float], gap_s: float | None
) -> None:
    times = [0.0]
    for step in steps:
        times.append(times[-1] + step)
    ranges = split_sequences(at(times), gap_s)
    assert [place for part in ranges for place in part] == list(range(len(times)))
    across = [times[part.start] - times[part.start - 1] for part in ranges[1:]]
    within = [times[place + 1] - times[place] for part in ranges for place in part[:-1]]
    assert not across or not within or min(across) >= max(within)
