"""Capture times in names and tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media.capture_times import parse_time, time_from_pattern, time_in_name

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2089, 12, 31), timezones=st.just(UTC))
PATTERNS = [
    "%Y-%m-%dT%H-%M-%S.%f.jpg",
    "%Y-%m-%d_%H-%M-%S.png",
    "cam1_%Y%m%d_%H%M%S.jpg",
    "%Y%m%d%H%M%S.jpg",
    "north 12 %Y.%m.%d %H.%M.%S.jpeg",
    "a/b/%Y_%m_%d_%H_%M_%S.webp",
    "%Y%m%dT%H%M%SZ.mp4",
]


@given(MOMENTS, st.sampled_from(PATTERNS))
def test_usual_names_are_read(moment: datetime, pattern: str) -> None:
    expected = moment if "%f" in pattern else moment.replace(microsecond=0)
    assert time_in_name(moment.strftime(pattern)) == pytest.approx(expected.timestamp(), abs=1e-5)


@given(MOMENTS, st.sampled_from(PATTERNS))
def test_patterns_read_what_they_wrote(moment: datetime, pattern: str) -> None:
    expected = moment if "%f" in pattern else moment.replace(microsecond=0)
    name = moment.strftime(pattern)
    plain = pattern.rsplit("/", 1)[-1]
    assert time_from_pattern(name, plain) == pytest.approx(expected.timestamp(), abs=1e-5)
    assert time_from_pattern(name, plain.rsplit(".", 1)[0]) == pytest.approx(expected.timestamp(), abs=1e-5)


@given(st.integers(1_000_000_000, 1_999_999_999), st.integers(0, 999))
def test_epoch_names(seconds: int, milliseconds: int) -> None:
    assert time_in_name(f"img_{seconds}.jpg") == seconds
    assert time_in_name(f"{seconds}{milliseconds:03}.jpg") == pytest.approx(seconds + milliseconds / 1000)


@pytest.mark.parametrize(
    "name",
    ["frame_000123.jpg", "001.jpg", "20211301_142311.jpg", "video_640x480.mp4", "12345678901234567890.png"],
)
def test_plain_numbers_are_no_times(name: str) -> None:
    assert time_in_name(name) is None


@given(st.text(max_size=60))
def test_any_text_is_a_time_or_none(text: str) -> None:
    for value in (time_in_name(text), parse_time(text)):
        assert value is None or isinstance(value, float | int)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_pattern_fits_or_does_not(name: str, pattern: str) -> None:
    value = time_from_pattern(name, pattern)
    assert value is None or isinstance(value, float)


@given(MOMENTS)
def test_iso_and_epoch_texts(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == pytest.approx(moment.timestamp(), abs=1e-5)
    assert parse_time(moment.replace(tzinfo=None).isoformat(" ")) == pytest.approx(
        moment.timestamp(), abs=1e-5
    )
    assert parse_time(f" {moment.timestamp():.3f} ") == pytest.approx(moment.timestamp(), abs=1e-3)
