"""What one side of the pipe packs, the other unpacks; rubbish is refused."""

from __future__ import annotations

import os
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


@given(st.binary(max_size=60))
def test_rubbish_is_refused(data: bytes) -> None:
    out, back = os.pipe()
    os.write(back, data)
    os.close(back)
    try:
        while (message := frame_wire.receive(out)) is not None:
            frame_wire.unpack_frame(message.payload)
    except WireError:
        pass
    finally:
        os.close(out)
