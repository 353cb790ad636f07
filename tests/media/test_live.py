"""Live sources against real servers on loopback: reading, dating, stalling, ending, coming back."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import StreamError
from core.media.live import LiveFrame, LiveStream, LiveTimeouts
from core.media.live_address import parse_address, redact
from core.media.live_clock import CaptureClock
from core.media.live_errors import in_plain_words
from core.media.live_reconnect import Backoff, ReconnectingStream, StreamPhase, StreamState
from tests.media.live_servers import (
    FPS,
    HEIGHT,
    WIDTH,
    TcpRtspServer,
    VlcRtspServer,
    free_port,
    mjpeg_server,
    number_of,
    open_live,
    silent_server,
)

QUICK = LiveTimeouts(open_s=3.0, read_s=1.5)


@pytest.fixture
def vlc(tmp_path: Path) -> Iterator[VlcRtspServer]:
    server = VlcRtspServer(tmp_path, free_port())
    server.start()
    yield server
    server.kill()


def take(stream: LiveStream, count: int) -> list[LiveFrame]:
    """The next so many pictures."""
    frames: list[LiveFrame] = []
    while len(frames) < count:
        frame = stream.next_frame(1.0)
        if frame is not None:
            frames.append(frame)
    return frames


def assert_counting_up(images: list[NDArray[np.uint8]]) -> None:
    numbers = [number_of(image) for image in images]
    assert all(b == a + 1 for a, b in pairwise(numbers)), numbers


def test_vlc_over_rtsp_is_watched_picture_by_picture(vlc: VlcRtspServer) -> None:
    with open_live(vlc.address) as stream:
        frames = take(stream, 12)
    images = [frame.image() for frame in frames]
    assert_counting_up(images)
    assert images[0].shape == (HEIGHT, WIDTH, 3)
    # the film has even steps: so have the dates, whatever the network does
    np.testing.assert_allclose(np.diff([f.captured_at for f in frames]), 1 / FPS, atol=0.03)
    assert abs(frames[-1].captured_at - time.time()) < 3


def test_a_server_killed_and_started_again_is_found_again(vlc: VlcRtspServer) -> None:
    states: list[StreamState] = []
    stream = ReconnectingStream(
        lambda: LiveStream(vlc.address, QUICK), states.append, backoff=Backoff(0.2, 2.0, 1.0)
    )
    pictures = stream.frames()
    assert_counting_up([next(pictures)[1] for _ in range(5)])
    vlc.kill()
    back = threading.Timer(1.0, vlc.start)
    back.start()
    until = time.monotonic() + 30
    while [s.phase for s in states].count(StreamPhase.LIVE) < 2 and time.monotonic() < until:
        stream.next_frame(0.2)
    back.join()
    assert_counting_up([next(pictures)[1] for _ in range(5)])
    stream.close()
    phases = [state.phase for state in states]
    assert phases[:3] == [StreamPhase.CONNECTING, StreamPhase.LIVE, StreamPhase.LOST]
    assert phases[-2:] == [StreamPhase.RETRYING, StreamPhase.LIVE]
    assert all(s.error is not None for s in states if s.phase is StreamPhase.LOST)


def test_rtsp_is_asked_for_over_tcp_first() -> None:
    with TcpRtspServer() as server, open_live(server.address) as stream:
        frames = take(stream, 8)
        assert_counting_up([frame.image() for frame in frames])
        assert "TCP" in server.transports[0]
        assert frames[0].image(max_width=80).shape == (60, 80, 3)
        assert number_of(frames[0].image(max_width=80)) == number_of(frames[0].image())


def test_a_stream_that_stalls_without_hanging_up_is_noticed() -> None:
    with TcpRtspServer() as server, open_live(server.address, QUICK) as stream:
        take(stream, 3)
        server.quiet.set()
        begin = time.monotonic()
        with pytest.raises(StreamError, match=r"no picture for|ended|did not answer"):
            take(stream, 1000)
        assert time.monotonic() - begin < 3 * QUICK.read_s + 2


def test_a_stream_that_ends_says_so() -> None:
    with (
        mjpeg_server(after=6) as base,
        open_live(base + "/live") as stream,
        pytest.raises(StreamError, match="ended the stream"),
    ):
        take(stream, 100)


def test_http_mjpeg_is_watched_and_dated_by_arrival() -> None:
    with mjpeg_server(fps=20) as base, open_live(base + "/live") as stream:
        began = time.time()
        frames = take(stream, 10)
    assert_counting_up([frame.image() for frame in frames])
    dates = [frame.captured_at for frame in frames]
    assert all(a < b for a, b in pairwise(dates))
    assert began - 2 < dates[0] <= dates[-1] <= time.time()


def test_a_slow_reader_gets_the_newest_picture() -> None:
    with mjpeg_server(fps=40) as base, open_live(base + "/live", depth=1) as stream:
        first = number_of(take(stream, 1)[0].image())
        time.sleep(0.5)
        second = number_of(take(stream, 1)[0].image())
    assert second - first > 5


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nope", "has no stream at"),
        ("/secret", "user name and a password"),
        ("/text", "no video that can be read"),
    ],
)
def test_what_a_web_server_answers_is_told_in_plain_words(path: str, words: str) -> None:
    with mjpeg_server() as base, pytest.raises(StreamError, match=words):
        open_live(base + path, QUICK)


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_camera_that_never_answers_costs_bounded_time_and_no_password(scheme: str) -> None:
    with silent_server() as port:
        begin = time.monotonic()
        with pytest.raises(StreamError, match="did not answer") as caught:
            open_live(f"{scheme}://admin:geheim@127.0.0.1:{port}/x", LiveTimeouts(1.5, 1.5))
        assert time.monotonic() - begin < 5
        assert "geheim" not in str(caught.value)


def test_nobody_there_is_told_at_once() -> None:
    with pytest.raises(StreamError, match="Nothing answers at 127"):
        open_live(f"rtsp://127.0.0.1:{free_port()}/x", QUICK)


def test_waiting_for_an_answer_can_be_stopped() -> None:
    with silent_server() as port:
        begin = time.monotonic()
        stream = open_live(f"http://127.0.0.1:{port}/x", should_stop=lambda: time.monotonic() > begin + 0.3)
        assert not stream.opened
        assert time.monotonic() - begin < 2
        stream.close()


@pytest.mark.parametrize(
    "text", ["", "camera", "ftp://x/y", "rtsp://", "usb:", "usb:x", "rtsp://[::1/", "file:///etc"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(StreamError, match=r"no address|rtsp"):
        open_live(text)


def test_usb_cameras_are_opened_by_each_systems_own_means(tmp_path: Path) -> None:
    with pytest.raises(StreamError, match="no camera 77"):
        parse_address("usb:77", read_timeout_s=5, platform="linux")
    mac = parse_address("usb:1", read_timeout_s=5, platform="darwin")
    assert (mac.format, mac.url, mac.host) == ("avfoundation", "1:none", None)


def test_passwords_do_not_show() -> None:
    assert redact("rtsp://a:b@cam/x?y=1") == "rtsp://cam/x?y=1"
    assert redact("rtsp://a:p@ss@cam:55/x") == "rtsp://cam:55/x"
    assert redact("usb:0") == "usb:0"


@given(
    start=st.floats(0, 1e5),
    delays=st.lists(st.floats(0.001, 0.4), min_size=2, max_size=50),
)
def test_dates_keep_the_cameras_steps_and_ascend(start: float, delays: list[float]) -> None:
    clock, epoch = CaptureClock(), 1.7e9
    dated = [clock.date(start + i / 10, epoch + i / 10 + delay) for i, delay in enumerate(delays)]
    assert all(a < b for a, b in pairwise(dated))
    # never later than the arrival, never earlier than the arrival with the least delay so far
    for i, (date, delay) in enumerate(zip(dated, delays, strict=True)):
        least = min(delays[: i + 1])
        assert date >= epoch + i / 10 + least - 1e-3
        assert date <= epoch + i / 10 + max(delay, least) + 0.4
    # once the least delay was seen, the camera's own steps alone count
    best = delays.index(min(delays))
    for i in range(best + 1, len(dated)):
        regular = abs(dated[i] - (epoch + i / 10 + min(delays))) < 1e-3
        assert regular or dated[i] - dated[i - 1] < 1e-3  # or it was held back from going backwards


def test_a_camera_clock_that_jumps_is_tied_anew() -> None:
    clock = CaptureClock()
    assert clock.date(100.0, 1000.0) == 1000.0
    assert clock.date(100.1, 1000.1) == pytest.approx(1000.1)
    assert clock.date(5.0, 1000.2) == pytest.approx(1000.2)
    assert clock.date(5.1, 1000.4) == pytest.approx(1000.3)
    assert clock.date(None, 1000.5) == 1000.5


class Script:
    """A source that plays a script: numbers are pictures, None is silence, errors are raised."""

    def __init__(self, steps: list[object]) -> None:
        self.steps = iter(steps)
        self.closed = False

    def next_frame(self, wait_s: float) -> LiveFrame | None:
        step = next(self.steps, StreamError("over.", "Again."))
        if isinstance(step, StreamError):
            raise step
        return step  # type: ignore[return-value]

    def close(self) -> None:
        self.closed = True


def test_waits_grow_until_a_connection_lasts() -> None:
    now = 0.0
    sources = [Script([StreamError("a.", "b.")]) for _ in range(4)] + [Script(["picture"] * 3)]
    states: list[StreamState] = []
    waiting = iter(sources)
    stream = ReconnectingStream(
        lambda: next(waiting), states.append, backoff=Backoff(1.0, 2.0, 3.0), clock=lambda: now
    )
    while not states or states[-1].phase is not StreamPhase.LIVE:
        stream.next_frame(0.0)
        if states[-1].phase is StreamPhase.LOST:
            now += states[-1].retry_in_s or 0.0
    assert [s.retry_in_s for s in states if s.phase is StreamPhase.LOST] == [1.0, 2.0, 3.0, 3.0]
    assert all(source.closed for source in sources[:4])
    now += 60  # live for a minute
    while states[-1].phase is not StreamPhase.LOST:
        stream.next_frame(0.0)
    assert states[-1].retry_in_s == 1.0


def test_it_stops_while_it_waits_to_try_again() -> None:
    def refuse() -> LiveStream:
        raise StreamError("No.", "Later.")

    stream = ReconnectingStream(refuse, backoff=Backoff(60.0))
    stopper = threading.Timer(0.2, stream.stop)
    stopper.start()
    begin = time.monotonic()
    assert list(stream.frames()) == []
    assert time.monotonic() - begin < 2


@contextmanager
def server_that_says(reply: bytes) -> Iterator[int]:
    """A port where everyone is told the same, whatever they ask, and then hung up on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    talk, _ = listener.accept()
                    with talk, suppress(OSError):
                        talk.recv(1000)
                        talk.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_one_who_hangs_up_without_a_word_does_not_answer(scheme: str) -> None:
    """The decoder calls it an input error, or invalid data, as if there had been any."""
    with server_that_says(b"") as port, pytest.raises(StreamError, match="does not answer") as caught:
        open_live(f"{scheme}://ann:geheim@127.0.0.1:{port}/x", QUICK)
    assert "video" not in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "reply", "words"),
    [
        ("http", b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>no film</html>", "no video that"),
        ("rtsp", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", "no video that can be read"),
        ("rtsp", b"HTTP/1.1 400 Bad Request\r\n\r\n", "not as a camera does"),
        ("rtsp", b"S", "not as a camera does"),
    ],
)
def test_one_who_talks_of_other_things(scheme: str, reply: bytes, words: str) -> None:
    with server_that_says(reply) as port, pytest.raises(StreamError, match=words):
        open_live(f"{scheme}://127.0.0.1:{port}/x", QUICK)


@pytest.mark.parametrize("code", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET, errno.EPIPE])
def test_a_host_that_cannot_be_reached_does_not_answer(code: int) -> None:
    address = parse_address("rtsp://camera.invalid/x", read_timeout_s=1.0)
    said = in_plain_words(OSError(code, os.strerror(code)), address, 1.0)
    assert said.problem == "rtsp://camera.invalid/x does not answer."
