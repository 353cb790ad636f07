"""What goes over the pipes between a job and its finders comes out as it went in."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DetectionError
from core.jobs.mine import find_wire
from core.jobs.mine.find_wire import FinderSettings, Kind
from core.records.boxes import Box
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.detections import Category
from core.records.finds import Crop, FoundInstance
from core.records.masks import Rle

TOLD = FinderSettings(
    "motion",
    {"min_score": 0.5},
    64,
    CalibrationRecord(
        CalibrationMethod.IMPORT, 6, 4, (9.0, 0, 3, 0, 9, 2, 0, 0, 1), (0.1,) * 4, (0, -1, 0), 6.0, None, None
    ),
)
_NUMBER = st.floats(-1e4, 1e4)
_SIZE = st.integers(1, 5000)
_FINDS = st.builds(
    FoundInstance,
    st.builds(Box, _NUMBER, _NUMBER, st.floats(0.1, 1e4), st.floats(0.1, 1e4)),
    st.sampled_from(Category),
    st.floats(0, 1),
    st.none() | st.builds(Rle, _SIZE, _SIZE, st.binary(max_size=40)),
    st.integers(0, 1 << 24),
    st.none() | st.builds(Crop, _SIZE, _SIZE, _SIZE, _SIZE, st.binary(max_size=40)),
)


@given(st.lists(_FINDS, max_size=5))
def test_finds_come_back_as_they_were(finds: list[FoundInstance]) -> None:
    payload = bytearray(b"".join(find_wire.pack_found(finds)))
    assert find_wire.unpack_found(payload) == tuple(finds)


def test_messages_come_one_after_another_and_end_with_the_pipe() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    pipe = io.BytesIO()
    find_wire.send(pipe, Kind.SETTINGS, find_wire.pack_settings(TOLD))
    find_wire.send(pipe, Kind.FRAME, *find_wire.pack_picture(picture[:, ::2]))
    pipe.seek(0)
    first, second = find_wire.receive(pipe), find_wire.receive(pipe)
    assert first is not None
    assert find_wire.unpack_settings(first.payload) == TOLD
    assert second is not None
    assert second.kind is Kind.FRAME
    np.testing.assert_array_equal(find_wire.unpack_picture(second.payload), picture[:, ::2])
    assert find_wire.receive(pipe) is None


@pytest.mark.parametrize("cut", [1, 4, 12])
def test_a_message_cut_short_is_the_end(cut: int) -> None:
    pipe = io.BytesIO()
    find_wire.send(pipe, Kind.ERROR, find_wire.pack_error(DetectionError("No.", "Yes.")))
    assert find_wire.receive(io.BytesIO(pipe.getvalue()[:cut])) is None


def test_an_error_keeps_its_words() -> None:
    error = find_wire.unpack_error(bytearray(find_wire.pack_error(DetectionError("What.", "How."))))
    assert (error.problem, error.way_out) == ("What.", "How.")
