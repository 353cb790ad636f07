"""Watching a stream: states, pictures and errors of the viewer as the live view's state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.controllers.jobs import JobsController
from app.controllers.live import LiveController
from app.session import ProjectSession
from app.states.live import Watching
from core.errors import StreamError
from core.media.live_reconnect import StreamPhase, StreamState
from core.media.live_wire import LiveImage


class FakeViewer:
    """Stands for the viewer; the test speaks for its process."""

    made: list[FakeViewer]

    def __init__(self, command, address, on_frame, on_state, on_error, *, max_width=None) -> None:
        self.address, self.closed = address, False
        self.frame, self.state, self.error = on_frame, on_state, on_error
        if address == "ftp://camera":
            raise StreamError("This is no address of a stream.", "Begin it with rtsp://.")
        FakeViewer.made.append(self)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def live(
    qtbot, monkeypatch: pytest.MonkeyPatch, street: Path, open_session: Callable[[Path], ProjectSession]
):
    FakeViewer.made = []
    monkeypatch.setattr("core.media.live_client.LiveViewer", FakeViewer)
    session = open_session(street)
    controller = LiveController(session, JobsController(session))
    yield controller
    controller.close()


def picture(value: int) -> LiveImage:
    return LiveImage(0.0, np.full((4, 6, 3), value, dtype=np.uint8))


def test_from_connecting_over_live_to_lost_and_back(qtbot, live: LiveController):
    live.watch("rtsp://camera/1")
    assert live.state.watching is Watching.CONNECTING
    viewer = FakeViewer.made[0]
    viewer.frame(picture(7))
    qtbot.waitUntil(lambda: live.state.watching is Watching.LIVE)
    assert live.state.image[0, 0, 0] == 7
    viewer.error(StreamError("The camera hung up.", "It is tried again."))
    viewer.state(StreamState(StreamPhase.LOST, None, 0.5))
    qtbot.waitUntil(lambda: live.state.watching is Watching.LOST)
    assert live.state.problem == "The camera hung up."
    viewer.frame(picture(8))
    qtbot.waitUntil(lambda: live.state.watching is Watching.LIVE)
    assert live.state.problem == ""


def test_only_the_newest_picture_is_drawn(qtbot, live: LiveController):
    live.watch("rtsp://camera/1")
    drawn: list[int] = []
    live.changed.connect(
        lambda state: drawn.append(int(state.image[0, 0, 0])) if state.image is not None else None
    )
    for value in range(100):
        FakeViewer.made[0].frame(picture(value))
    qtbot.waitUntil(lambda: bool(drawn))
    qtbot.wait(50)
    assert drawn == [99]


def test_what_an_earlier_stream_says_late_is_not_heard(qtbot, live: LiveController):
    live.watch("rtsp://camera/1")
    first = FakeViewer.made[0]
    live.watch("rtsp://camera/2")
    assert first.closed
    first.frame(picture(1))
    first.error(StreamError("Late.", "Late."))
    qtbot.wait(50)
    assert live.state.address == "rtsp://camera/2"
    assert live.state.image is None
    assert live.state.problem == ""


def test_an_address_that_is_none_says_so(live: LiveController):
    live.watch("ftp://camera")
    assert live.state.watching is Watching.REFUSED
    assert live.state.way_out == "Begin it with rtsp://."


def test_stopping_lets_go_of_the_stream(live: LiveController):
    live.watch("usb:0")
    live.stop()
    assert FakeViewer.made[0].closed
    assert live.state.watching is Watching.OFF
