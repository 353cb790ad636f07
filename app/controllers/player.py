"""Shows a source's frames: at a place, step by step, or running at their own pace."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.session import ProjectSession
from app.states.sources import Picture, PlayerState
from core.errors import AmodalError, FootageMissingError
from core.records.media import DecodedFrame
from core.records.project import SourceRow

if TYPE_CHECKING:
    from core.store.queries.frame_times import FrameTimes

_LONGEST_WAIT_S = 0.5  # between bursts of a time-lapse one does not wait for minutes
_TICK_MS = 10
_TAG = "sources player"


class PlayerController(QObject):
    """Holds the player's state.

    Signals:
        changed(PlayerState)
    """

    changed = Signal(object)

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._source: SourceRow | None = None
        self._times: FrameTimes | None = None
        self._utc_offset_s = 0.0
        self._waiting = False
        self._due = 0.0
        self._places: dict[int, int] = {}
        self.state = PlayerState()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def show(self, source: SourceRow | None) -> None:
        """Takes a source and shows the frame where the person was in it last."""
        self.pause()
        if self._source is not None and self._times is not None:
            self._places[self._source.id] = self.state.index
        self._source, self._times, self._waiting = source, None, False
        if source is None:
            self._set(PlayerState())
            return
        self._set(PlayerState(Picture.DECODING, count=source.frame_count, duration_s=source.duration_s))
        project = self._session.project

        def read() -> FrameTimes:
            from core.store.queries.frame_times import frame_times

            with project.read() as connection:
                return frame_times(connection, source.id)

        def done(times: FrameTimes) -> None:
            self._times = times
            self.seek(self._places.get(source.id, 0))

        self._session.in_background(read, done, tag="frame times")

    def set_utc_offset(self, utc_offset_s: float) -> None:
        """Says how far the camera's clock is from UTC."""
        self._utc_offset_s = utc_offset_s
        if self._times is not None and len(self._times.pts):
            self._set(replace(self.state, clock=self._clock(self.state.index)))

    def seek(self, index: int) -> None:
        """Shows a frame by its place in the source."""
        times = self._times
        if times is None or self._source is None:
            return
        if not len(times.pts):
            self._set(PlayerState(Picture.PROBLEM, problem="This source has no frames.", way_out="Hide it."))
            return
        index = min(max(index, 0), len(times.pts) - 1)
        self._set(
            replace(
                self.state,
                picture=self.state.picture if self.state.image is not None else Picture.DECODING,
                index=index,
                count=len(times.pts),
                time_s=float(times.time_s[index]),
                duration_s=float(times.time_s[-1]),
                clock=self._clock(index),
                problem="",
                way_out="",
                missing=False,
            )
        )
        self._waiting = True
        source_id, pts = self._source.id, int(times.pts[index])
        self._session.request_frame(
            source_id,
            pts,
            lambda frame: self._on_frame(source_id, frame),
            lambda error: self._on_error(source_id, error),
            _TAG,
        )

    def step(self, count: int) -> None:
        """Moves by some frames."""
        self.pause()
        self.seek(self.state.index + count)

    def seek_time(self, time_s: float) -> None:
        """Shows the frame at a time in seconds from the source's start."""
        if self._times is not None and len(self._times.pts):
            self.seek(int(np.searchsorted(self._times.time_s, time_s, side="right")) - 1)

    def toggle(self) -> None:
        """Plays or pauses."""
        if self.state.playing:
            self.pause()
        elif self._times is not None and len(self._times.pts) > 1:
            if self.state.index >= len(self._times.pts) - 1:
                self.seek(0)
            self._due = time.monotonic() + self._wait_after(self.state.index)
            self._set(replace(self.state, playing=True))
            self._timer.start()

    def pause(self) -> None:
        """Stops at the frame that is shown."""
        self._timer.stop()
        if self.state.playing:
            self._set(replace(self.state, playing=False))

    def close(self) -> None:
        """Stops for good."""
        self._timer.stop()

    def _tick(self) -> None:
        assert self._times is not None
        now = time.monotonic()
        if self._waiting or now < self._due:
            return
        index, last = self.state.index, len(self._times.pts) - 1
        # a slow decoder leaves frames out rather than falling behind
        while index < last and self._due <= now:
            index += 1
            self._due += self._wait_after(index)
        self._due = max(self._due, now)
        self.seek(index)
        if index >= last:
            self.pause()

    def _wait_after(self, index: int) -> float:
        assert self._times is not None
        times = self._times.time_s
        if index + 1 >= len(times):
            return 0.0
        return min(float(times[index + 1] - times[index]), _LONGEST_WAIT_S)

    def _on_frame(self, source_id: int, frame: DecodedFrame) -> None:
        if self._source is None or self._source.id != source_id:
            return
        self._waiting = False
        self._set(replace(self.state, picture=Picture.FRAME, image=frame.image, problem="", way_out=""))

    def _on_error(self, source_id: int, error: AmodalError) -> None:
        if self._source is None or self._source.id != source_id:
            return
        self._waiting = False
        self.pause()
        self._set(
            replace(
                self.state,
                picture=Picture.PROBLEM,
                image=None,
                problem=error.problem,
                way_out=error.way_out,
                missing=isinstance(error, FootageMissingError),
            )
        )

    def _clock(self, index: int) -> str:
        assert self._times is not None
        captured = float(self._times.captured_at[index])
        if np.isnan(captured):
            return ""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(captured + self._utc_offset_s))

    def _set(self, state: PlayerState) -> None:
        self.state = state
        self.changed.emit(state)
