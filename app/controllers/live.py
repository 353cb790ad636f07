"""Watches a live stream and records it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.states.live import LiveState, Watching
from core.errors import AmodalError
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from core.media.live_client import LiveViewer
    from core.media.live_reconnect import StreamState
    from core.media.live_wire import LiveImage

_WIDEST_PX = 1920
_PACE_FRAMES = 20


class LiveController(QObject):
    """Holds the live view's state.

    Signals:
        changed(LiveState)
        recording_changed(object): the JobRow of the recording under way or ended badly, or None.
    """

    changed = Signal(object)
    recording_changed = Signal(object)
    _picture_came = Signal(int)
    _state_came = Signal(int, object)
    _error_came = Signal(int, object)

    def __init__(self, session: ProjectSession, jobs: JobsController) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._job: JobRow | None = None
        self._viewer: LiveViewer | None = None
        self._turn = 0  # what an earlier viewer sends late is told apart by it
        self._newest: LiveImage | None = None
        self._lock = threading.Lock()  # guards the newest picture
        self._arrivals: deque[float] = deque(maxlen=_PACE_FRAMES)
        self.state = LiveState()
        queued = Qt.ConnectionType.QueuedConnection
        self._picture_came.connect(self._on_picture, queued)
        self._state_came.connect(self._on_state, queued)
        self._error_came.connect(self._on_error, queued)

    # ---- watching -------------------------------------------------------------------------------

    def watch(self, address: str) -> None:
        """Connects to a stream; the connection is kept up until stop."""
        from core.jobs.spawn import program_command
        from core.media.live_client import LiveViewer

        self.stop()
        self._turn += 1
        turn = self._turn
        self._set(LiveState(Watching.CONNECTING, address))

        def on_picture(picture: LiveImage) -> None:
            # while one waits to be drawn, a newer one takes its place without a second call
            with self._lock:
                waiting, self._newest = self._newest, picture
            if waiting is None:
                self._picture_came.emit(turn)

        try:
            self._viewer = LiveViewer(
                program_command("live-server"),
                address,
                on_picture,
                lambda state: self._state_came.emit(turn, state),
                lambda error: self._error_came.emit(turn, error),
                max_width=_WIDEST_PX,
            )
        except AmodalError as error:
            self._set(LiveState(Watching.REFUSED, address, problem=error.problem, way_out=error.way_out))

    def stop(self) -> None:
        """Lets go of the stream."""
        viewer, self._viewer = self._viewer, None
        self._turn += 1
        if viewer is not None:
            viewer.close()
        with self._lock:
            self._newest = None
        self._arrivals.clear()
        if self.state.watching is not Watching.OFF:
            self._set(LiveState(address=self.state.address))

    def _on_picture(self, turn: int) -> None:
        with self._lock:
            picture, self._newest = self._newest, None
        if turn != self._turn or picture is None:
            return
        self._arrivals.append(time.monotonic())
        span = self._arrivals[-1] - self._arrivals[0]
        fps = (len(self._arrivals) - 1) / span if span > 0 else 0.0
        state = replace(self.state, watching=Watching.LIVE, image=picture.image, fps=fps)
        self._set(replace(state, problem="", way_out=""))

    def _on_state(self, turn: int, state: StreamState) -> None:
        if turn != self._turn:
            return
        watching = {
            "connecting": Watching.CONNECTING,
            "live": Watching.LIVE,
            "lost": Watching.LOST,
            "retrying": Watching.LOST,
        }[state.phase.value]
        if watching is Watching.LOST:
            self._arrivals.clear()
        self._set(replace(self.state, watching=watching))

    def _on_error(self, turn: int, error: AmodalError) -> None:
        if turn == self._turn:
            self._set(replace(self.state, problem=error.problem, way_out=error.way_out))

    # ---- recording ------------------------------------------------------------------------------

    def record(self, settings: Mapping[str, Any]) -> None:
        """Starts a job that records bursts."""
        self._jobs.start("record", settings)

    def on_job_changed(self, row: JobRow) -> None:
        """Follows the newest recording."""
        if row.kind == "record" and (self._job is None or row.id >= self._job.id):
            self._job = row
            self.recording_changed.emit(None if row.state is JobState.DONE else row)

    def close_job(self) -> None:
        """Takes an ended recording off the tab."""
        self.recording_changed.emit(None)

    def close(self) -> None:
        """Stops for good."""
        self.stop()

    def _set(self, state: LiveState) -> None:
        self.state = state
        self.changed.emit(state)
