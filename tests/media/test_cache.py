"""The cache of frames never holds more than it may, and keeps what is near."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.media.cache import FrameCache
from core.records.media import DecodedFrame

FRAME_BYTES = 4 * 5 * 3


def frame(pts: int, height: int = 4) -> DecodedFrame:
    return DecodedFrame(pts, np.full((height, 5, 3), pts % 256, np.uint8))


def test_frames_nearest_to_the_focus_stay() -> None:
    cache = FrameCache(5 * FRAME_BYTES)
    cache.focus(1, 50, 1)
    for row in range(40, 61):
        cache.put(1, row, frame(row))
    assert [row for row in range(40, 61) if cache.get(1, row)] == [49, 50, 51, 52, 53]


def test_frames_ahead_stay_longer_than_those_behind() -> None:
    for direction in (1, -1):
        cache = FrameCache(7 * FRAME_BYTES)
        cache.focus(1, 50, direction)
        for row in range(30, 71):
            cache.put(1, row, frame(row))
        held = [row for row in range(30, 71) if cache.get(1, row)]
        ahead = [row for row in held if (row - 50) * direction > 0]
        behind = [row for row in held if (row - 50) * direction < 0]
        assert 50 in held
        assert len(ahead) > len(behind) > 0


def test_sources_looked_at_long_ago_go_first() -> None:
    cache = FrameCache(4 * FRAME_BYTES)
    for key in (1, 2):
        cache.focus(key, 0, 1)
        for row in range(2):
            cache.put(key, row, frame(row))
    cache.put(2, 2, frame(2))
    cache.put(2, 3, frame(3))
    assert [cache.get(1, row) for row in range(2)] == [None, None]
    assert all(cache.get(2, row) for row in range(4))


def test_too_large_a_frame_is_not_kept() -> None:
    cache = FrameCache(FRAME_BYTES)
    cache.put(1, 0, frame(0))
    cache.put(1, 1, frame(1, height=40))
    assert cache.get(1, 0) is not None
    assert cache.get(1, 1) is None


def test_dropped_source_gives_its_bytes_back() -> None:
    cache = FrameCache(10 * FRAME_BYTES)
    cache.put(1, 0, frame(0))
    cache.put(2, 0, frame(0))
    cache.drop(1)
    assert cache.held_bytes == FRAME_BYTES
    assert cache.get(1, 0) is None


@given(
    st.integers(0, 20),
    st.lists(
        st.tuples(
            st.sampled_from(["put", "focus", "drop"]),
            st.integers(0, 2),
            st.integers(0, 30),
            st.integers(1, 9),
        )
    ),
)
def test_never_more_bytes_than_allowed(frames: int, steps: list[tuple[str, int, int, int]]) -> None:
    cache = FrameCache(frames * FRAME_BYTES)
    for what, key, row, height in steps:
        if what == "put":
            cache.put(key, row, frame(row, height))
        elif what == "focus":
            cache.focus(key, row, 1 if height % 2 else -1)
        else:
            cache.drop(key)
        held = [cache.get(key, row) for key in range(3) for row in range(31)]
        assert sum(item.image.nbytes for item in held if item) == cache.held_bytes <= frames * FRAME_BYTES
