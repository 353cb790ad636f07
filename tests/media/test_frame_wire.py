"""What one side of the pipe packs, the other unpacks; rubbish is refused."""

from __future__ import annotations

import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecoderCrashedError, FootageMissingError, MediaError
from core.media import frame_wire
from core.media.frame_wire import Kind, WireError
from core.records.media import DecodedFrame, FrameStamp, SourceKind

STAMPS = st.lists(
    st.builds(
        FrameStamp,
        pts=st.integers(-(2**63), 2**63 - 1),
        time_s=st.floats(allow_nan=False),
        captured_at=st.none(),
        content_hash=st.binary(min_size=16, max_size=16),
        keyframe=st.booleans(),
        name=st.none(),
    ),
    max_size=20,
)


def bytes_of(*parts: bytes | memoryview) -> np.ndarray:
    return np.frombuffer(b"".join(bytes(part) for part in parts), np.uint8)


@given(STAMPS, st.text(min_size=1).filter(lambda name: "\0" not in name))
def test_video_tables_come_through(frames: list[FrameStamp], name: str) -> None:
    path = Path("/") / name
    order = frame_wire.unpack_open(bytes_of(*frame_wire.pack_open(SourceKind.VIDEO, path, frames)))
    assert order.kind is SourceKind.VIDEO
    assert order.path == path
    assert list(order.frames) == frames


def test_folder_tables_keep_their_names() -> None:
    frames = [FrameStamp(n, n / 2, None, bytes([n]) * 16, True, f"in/ü{n}.jpg") for n in range(5)]
    order = frame_wire.unpack_open(bytes_of(*frame_wire.pack_open(SourceKind.FOLDER, Path("/x"), frames)))
    assert list(order.frames) == frames


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 9), st.integers(1, 9))
def test_frames_come_through(pts: int, height: int, width: int) -> None:
    image = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    frame = frame_wire.unpack_frame(bytes_of(*frame_wire.pack_frame(DecodedFrame(pts, image))))
    assert frame.pts == pts
    np.testing.assert_array_equal(frame.image, image)


@pytest.mark.parametrize("kind", [MediaError, FootageMissingError, DecoderCrashedError])
def test_errors_keep_their_kind(kind: type[MediaError]) -> None:
    error = frame_wire.unpack_error(bytes_of(frame_wire.pack_error(kind("Löst.", "Do."))))
    assert type(error) is kind
    assert (error.problem, error.way_out) == ("Löst.", "Do.")


def test_messages_longer_than_a_pipe_holds() -> None:
    out, back = os.pipe()
    payload = os.urandom(3_000_000)
    sender = threading.Thread(target=lambda: (frame_wire.send(back, Kind.FRAME, -7, payload), os.close(back)))
    sender.start()
    message = frame_wire.receive(out)
    assert message is not None
    assert (message.kind, message.number, message.payload.tobytes()) == (Kind.FRAME, -7, payload)
    assert frame_wire.receive(out) is None
    sender.join()
    os.close(out)


@given(st.integers(0, 255).filter(lambda kind: kind not in set(Kind)), st.binary(max_size=60))
def test_what_does_not_begin_like_a_message_is_refused(kind: int, rest: bytes) -> None:
    with pytest.raises(WireError):
        received(bytes([kind]) + rest.ljust(12, b"\0"))


@given(st.sampled_from(Kind), st.integers(2**30 + 1, 2**32 - 1))
def test_a_message_too_long_to_be_one_is_refused(kind: Kind, length: int) -> None:
    with pytest.raises(WireError):
        received(struct.pack("<BqI", kind, 1, length))


@given(st.lists(st.tuples(st.sampled_from(Kind), st.integers(-9, 9), st.binary(max_size=9))), st.data())
def test_a_broken_pipe_gives_whole_messages_only(
    sent: list[tuple[Kind, int, bytes]], data: st.DataObject
) -> None:
    """Whatever the other side had written when it died: what was whole comes, the rest is nothing."""
    packed = [struct.pack("<BqI", kind, number, len(load)) + load for kind, number, load in sent]
    ends = np.cumsum([len(one) for one in packed], dtype=np.int64)
    cut = data.draw(st.integers(0, sum(len(one) for one in packed)))
    whole = int((ends <= cut).sum())
    assert received(b"".join(packed)[:cut]) == sent[:whole]


@given(st.binary(max_size=60))
def test_pixels_that_do_not_fit_their_frame_are_refused(rest: bytes) -> None:
    for height, width in ((3, 2), (1, 5), (0, 7)):
        payload = np.frombuffer(struct.pack("<qII", 40, height, width) + rest, np.uint8)
        if len(rest) == height * width * 3:
            assert frame_wire.unpack_frame(payload).image.tobytes() == rest
        else:
            with pytest.raises(WireError):
                frame_wire.unpack_frame(payload)
    with pytest.raises(WireError):
        frame_wire.unpack_frame(np.frombuffer(rest[:15], np.uint8))


def received(data: bytes) -> list[tuple[Kind, int, bytes]]:
    """All messages of some bytes, as they come out of a pipe that is closed behind them."""
    out, back = os.pipe()
    os.write(back, data)
    os.close(back)
    messages = []
    try:
        while (message := frame_wire.receive(out)) is not None:
            messages.append((message.kind, message.number, message.payload.tobytes()))
    finally:
        os.close(out)
    return messages
