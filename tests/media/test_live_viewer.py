"""Watching a live stream through a process of its own: pictures, deaths, orphans, damaged messages."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AmodalError, DecoderCrashedError, StreamError
from core.media.live_client import LiveViewer
from core.media.live_reconnect import Backoff, StreamPhase, StreamState
from core.media.live_wire import (
    LiveImage,
    WireError,
    read_message,
    read_wish,
    write_frame,
    write_state,
    write_wish,
)
from tests.media.live_servers import mjpeg_server, number_of

CHILD = [sys.executable, "-m", "core.media.live_child"]


class Seen:
    """Collects what a viewer reports."""

    def __init__(self) -> None:
        self.frames: list[LiveImage] = []
        self.states: list[StreamState] = []
        self.errors: list[AmodalError] = []
        self.changed = threading.Condition()

    def note(self, kind: list[object]) -> Callable[[object], None]:
        def add(item: object) -> None:
            with self.changed:
                kind.append(item)
                self.changed.notify_all()

        return add

    def wait(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, seconds), (self.states, self.errors, len(self.frames))

    def view(self, address: str, **more: object) -> LiveViewer:
        return LiveViewer(
            CHILD,
            address,
            self.note(self.frames),  # type: ignore[arg-type]
            self.note(self.states),  # type: ignore[arg-type]
            self.note(self.errors),  # type: ignore[arg-type]
            backoff=Backoff(0.1, 2.0, 1.0),
            **more,  # type: ignore[arg-type]
        )


@pytest.fixture
def stream() -> Iterator[str]:
    with mjpeg_server() as base:
        yield base + "/live"


def test_pictures_come_in_order_and_at_the_width_asked_for(stream: str) -> None:
    seen = Seen()
    viewer = seen.view(stream, max_width=80)
    try:
        seen.wait(lambda: len(seen.frames) >= 8)
        numbers = [number_of(frame.image) for frame in seen.frames]
        assert all(a < b for a, b in pairwise(numbers))
        assert {frame.image.shape for frame in seen.frames} == {(60, 80, 3)}
        viewer.set_max_width(None)
        seen.wait(lambda: seen.frames[-1].image.shape == (120, 160, 3))
        assert [state.phase for state in seen.states] == [StreamPhase.CONNECTING, StreamPhase.LIVE]
        assert abs(seen.frames[-1].captured_at - time.time()) < 5
    finally:
        viewer.close()
    count = len(seen.frames)
    time.sleep(0.3)
    assert len(seen.frames) == count
    assert seen.errors == []


def test_a_killed_process_costs_one_error_and_is_started_again(stream: str) -> None:
    seen = Seen()
    viewer = seen.view(stream)
    try:
        seen.wait(lambda: len(seen.frames) >= 3)
        pid = viewer.child_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        seen.wait(lambda: len(seen.errors) == 1)
        before = len(seen.frames)
        seen.wait(lambda: len(seen.frames) >= before + 3)
        assert viewer.child_pid not in (None, pid)
        assert len(seen.errors) == 1
        assert isinstance(seen.errors[0], DecoderCrashedError)
        assert [s.phase for s in seen.states].count(StreamPhase.LIVE) == 2
    finally:
        viewer.close()


def test_a_slow_window_gets_the_newest_picture(stream: str) -> None:
    numbers: list[int] = []
    done = threading.Event()

    def slow(frame: LiveImage) -> None:
        numbers.append(number_of(frame.image))
        if len(numbers) >= 5:
            done.set()
        time.sleep(0.4)

    viewer = LiveViewer(CHILD, stream, slow, lambda state: None, lambda error: None)
    try:
        assert done.wait(30)
    finally:
        viewer.close()
    # 20 pictures a second: whoever takes one each 0.4 s skips about seven each time
    assert numbers[4] - numbers[2] > 8


def test_an_outage_is_one_error_however_often_it_is_tried_again() -> None:
    seen = Seen()
    viewer = seen.view("http://127.0.0.1:1/live")
    try:
        seen.wait(lambda: [s.phase for s in seen.states].count(StreamPhase.RETRYING) >= 2)
    finally:
        viewer.close()
    assert len(seen.errors) == 1
    assert isinstance(seen.errors[0], StreamError)
    assert "Nothing answers" in seen.errors[0].problem
    lost = [state for state in seen.states if state.phase is StreamPhase.LOST]
    assert lost[0].error is not None
    assert lost[0].error.problem == seen.errors[0].problem


def test_a_command_that_cannot_watch_is_told_and_tried_more_and_more_rarely() -> None:
    seen = Seen()
    viewer = LiveViewer(
        [sys.executable, "-c", "raise SystemExit(3)"],
        "usb:0",
        seen.note(seen.frames),  # type: ignore[arg-type]
        seen.note(seen.states),  # type: ignore[arg-type]
        seen.note(seen.errors),  # type: ignore[arg-type]
        backoff=Backoff(0.05, 3.0, 60.0),
    )
    try:
        seen.wait(lambda: len(seen.states) >= 3)
    finally:
        viewer.close()
    waits = [state.retry_in_s for state in seen.states[:3]]
    assert waits == pytest.approx([0.05, 0.15, 0.45])


def test_what_is_no_address_is_refused_at_once() -> None:
    with pytest.raises(StreamError, match="no address"):
        Seen().view("front door")


def test_the_watching_process_dies_with_its_parent(stream: str) -> None:
    script = textwrap.dedent(
        f"""
        import sys, threading
        from core.media.live_client import LiveViewer
        got = threading.Event()
        viewer = LiveViewer({CHILD!r}, {stream!r}, lambda f: got.set(), lambda s: None, lambda e: None)
        got.wait(30)
        print(viewer.child_pid, flush=True)
        threading.Event().wait()
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
    finally:
        parent.kill()
        parent.wait()
    gone, _ = psutil.wait_procs([child], timeout=10)
    assert gone


def test_the_address_is_not_seen_in_the_list_of_processes(stream: str) -> None:
    seen = Seen()
    secret = stream.replace("http://", "http://admin:geheim@")
    viewer = seen.view(secret)
    try:
        seen.wait(lambda: len(seen.frames) >= 1)
        assert viewer.child_pid is not None
        assert "geheim" not in " ".join(psutil.Process(viewer.child_pid).cmdline())
    finally:
        viewer.close()


def test_messages_come_back_as_they_went() -> None:
    image = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype(np.uint8)
    lost = StreamState(StreamPhase.LOST, StreamError("It broke.", "Wait."), 2.5)
    pipe = io.BytesIO()
    write_state(pipe, lost)
    write_frame(pipe, 12.5, image[:, ::1])
    write_state(pipe, StreamState(StreamPhase.LIVE))
    write_wish(pipe, "rtsp://ä/ö", 320)
    pipe.seek(0)
    first = read_message(pipe)
    assert isinstance(first, StreamState)
    assert (first.phase, first.retry_in_s) == (StreamPhase.LOST, 2.5)
    assert (first.error.problem, first.error.way_out) == ("It broke.", "Wait.")  # type: ignore[union-attr]
    second = read_message(pipe)
    assert isinstance(second, LiveImage)
    assert second.captured_at == 12.5
    np.testing.assert_array_equal(second.image, image)
    assert read_message(pipe) == StreamState(StreamPhase.LIVE)
    assert read_wish(pipe) == ("rtsp://ä/ö", 320)
    assert read_message(pipe) is None


@given(noise=st.binary(max_size=200))
def test_noise_is_an_error_or_the_end_and_never_a_message(noise: bytes) -> None:
    with contextlib.suppress(WireError):
        assert read_message(io.BytesIO(noise)) is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"type": "frame", "captured_at": 1, "width": 4, "height": 4, "bytes": 47}\n',
        b'{"type": "frame", "captured_at": 1, "width": 100000, "height": 100000, "bytes": 30000000000}\n',
        b'{"type": "frame", "captured_at": 1, "width": -4, "height": -4, "bytes": 48}\n',
        b'{"type": "state", "phase": "asleep", "problem": null, "way_out": null, "retry_in_s": null}\n',
        b"[]\n",
        b"[" * 60_000 + b"\n",
        b'{"type": "frame", "captured_at": 1, "width": Infinity, "height": 4, "bytes": 48}\n',
        b"x" * 70_000,
    ],
)
def test_messages_that_lie_are_refused(line: bytes) -> None:
    with pytest.raises(WireError):
        read_message(io.BytesIO(line))


def test_a_message_cut_off_is_the_end() -> None:
    whole = io.BytesIO()
    write_frame(whole, 1.0, np.zeros((4, 4, 3), np.uint8))
    assert read_message(io.BytesIO(whole.getvalue()[:-1])) is None
    assert read_message(io.BytesIO(whole.getvalue()[:10])) is None
