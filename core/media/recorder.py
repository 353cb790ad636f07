"""Time-lapse recording of a live source: a burst of some seconds every so many minutes, a file each."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import SettingsError, StreamError
from core.media.live import LivePicture, LiveSource
from core.media.live_reconnect import Backoff
from core.media.recorder_files import Burst, BurstWriter, disk_full, recover_leftovers

_POLL_S = 0.2
_ROOM_CHECK_S = 1.0
_LATE_SHARE = 0.1  # of the time between bursts: so late a burst still starts
_STAY_CONNECTED_S = 15.0  # over shorter pauses the connection is kept


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """When to record, and how much.

    Attributes:
        seconds: how long each burst is.
        fps: frames a second that are kept; fewer if the source gives fewer.
        every_minutes: from the start of one burst to the start of the next; 0 records without a pause.
        bursts: how many, or None to go on until asked to stop.
        keep_free_bytes: room that is left on the disk for everything else.
    """

    seconds: float
    fps: float
    every_minutes: float
    bursts: int | None = None
    keep_free_bytes: int = 256 * 2**20

    def __post_init__(self) -> None:
        if self.seconds <= 0 or not 0 < self.fps <= 240 or self.every_minutes < 0:
            raise SettingsError(
                "A recording needs a length, a rate up to 240 frames a second and a time between bursts.",
                "Give positive numbers.",
            )
        if self.bursts is not None and self.bursts < 1:
            raise SettingsError("A recording of no burst records nothing.", "Ask for at least one burst.")

    @property
    def without_pause(self) -> bool:
        """Whether one burst follows the other at once."""
        return self.every_minutes * 60 <= self.seconds


class RecordEventKind(StrEnum):
    """What a recording reports while it runs."""

    RECOVERED = "recovered"
    REMOVED = "removed"
    CONNECTING = "connecting"
    RECORDING = "recording"
    FINISHED = "finished"
    LOST = "lost"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Something to show while a recording runs: what, and a plain sentence."""

    kind: RecordEventKind
    message: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the recorder sees it: seconds UTC epoch, and a pause in seconds. Tests hand in their own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def record(
    plan: RecordingPlan,
    stream_factory: Callable[[], LiveSource],
    folder: Path,
    should_stop: Callable[[], bool],
    on_event: Callable[[RecordEvent], None] | None = None,
    *,
    clock: Clock | None = None,
) -> Iterator[Burst]:
    """Record bursts, giving each file once it is whole.

    What a killed recording left in the folder comes first. When the source drops during a burst, the file is
    closed with what it has, and the rest of the burst goes into a new one. A source that is away is tried
    again, more and more rarely.

    Args:
        plan: when and how much.
        stream_factory: connects to the source; it may raise StreamError.
        folder: where the files go, named by the UTC time of their first frame.
        should_stop: asked at least five times a second; the file being written is completed.
        on_event: told what happens.
        clock: for tests.

    Yields:
        Every finished file.

    Raises:
        DiskFullError: less room than the plan leaves free; the files that are whole stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tell = on_event or (lambda event: None)
    for leftover in recover_leftovers(folder):
        if leftover.burst is None:
            tell(RecordEvent(RecordEventKind.REMOVED, f"Removed {leftover.part.name}: it held no frame."))
        else:
            what = f"Recovered {leftover.burst.frame_count} frames of a recording that was killed"
            tell(RecordEvent(RecordEventKind.RECOVERED, f"{what}: {leftover.burst.path.name}."))
            yield leftover.burst
    recorder = _Recorder(plan, stream_factory, folder, should_stop, tell, clock or Clock())
    try:
        yield from recorder.run()
    finally:
        recorder.close()


def _next_slot(slot: int, now: float) -> int:
    """The burst to record next, both in periods of the plan; one that is only just due is not skipped."""
    current = int(now)
    if current <= slot:
        return slot + 1
    return current if now - current < _LATE_SHARE else current + 1


class _Picker:
    """Chooses the frames that make up the wanted rate: those nearest to their times on an even grid."""

    def __init__(self, fps: float, first_at: float) -> None:
        self._step_s = 1.0 / fps
        self._due = first_at
        self._last_at = first_at

    def wants(self, captured_at: float) -> bool:
        gap_s = min(captured_at - self._last_at, self._step_s)
        self._last_at = captured_at
        nearly = captured_at + gap_s / 2  # half the source's own step later, the next frame would be nearer
        if nearly < self._due:
            return False
        self._due += self._step_s * max(1, math.ceil((nearly - self._due) / self._step_s))
        return True


class _Recorder:
    """The running state of `record`."""

    def __init__(
        self,
        plan: RecordingPlan,
        connect: Callable[[], LiveSource],
        folder: Path,
        should_stop: Callable[[], bool],
        tell: Callable[[RecordEvent], None],
        clock: Clock,
    ) -> None:
        self._plan = plan
        self._connect = connect
        self._folder = folder
        self._should_stop = should_stop
        self._tell = tell
        self._clock = clock
        self._backoff = Backoff()
        self._source: LiveSource | None = None
        self._writer: BurstWriter | None = None
        self._room_checked_at = float("-inf")

    def run(self) -> Iterator[Burst]:
        """Burst after burst, at their times."""
        began_at = self._clock.now()
        every_s = self._plan.every_minutes * 60
        slot = done = 0
        while not self._should_stop():
            next_at = float("inf") if self._plan.without_pause else began_at + (slot + 1) * every_s
            yield from self._burst(give_up_at=next_at)
            done += 1
            if done == self._plan.bursts:
                return
            if not self._plan.without_pause:
                slot = _next_slot(slot, (self._clock.now() - began_at) / every_s)
                self._wait_until(began_at + slot * every_s)

    def close(self) -> None:
        """Let go of the source; a burst that someone broke off is completed as far as it goes."""
        self._disconnect()
        if self._writer is not None and self._writer.frame_count > 0:
            self._writer.finish(interrupted=True)
        elif self._writer is not None:
            self._writer.abandon()
        self._writer = None

    def _burst(self, give_up_at: float) -> Iterator[Burst]:
        """One burst: one file, or several when the source drops or changes its size."""
        ends_at: float | None = None
        picker: _Picker | None = None
        while not self._should_stop():
            picture, error = self._next_picture()
            if error is not None:
                yield from self._finish(interrupted=True)
                if self._wait_before_retry(error, give_up_at if ends_at is None else ends_at):
                    continue
                return
            if picture is None:
                continue
            if ends_at is None or picker is None:
                ends_at = picture.captured_at + self._plan.seconds
                picker = _Picker(self._plan.fps, picture.captured_at)
            if picture.captured_at >= ends_at:
                yield from self._finish(interrupted=False)
                return
            if picker.wants(picture.captured_at):
                yield from self._keep(picture)
        yield from self._finish(interrupted=True)

    def _keep(self, picture: LivePicture) -> Iterator[Burst]:
        """Write a frame; gives the file before, if a new one had to be started."""
        if not self._has_room():
            yield from self._finish(interrupted=True)
            raise disk_full(self._folder)
        writer = self._writer
        if writer is not None and (writer.width, writer.height) != (picture.width, picture.height):
            yield from self._finish(interrupted=True)
        if self._writer is None:
            self._writer = BurstWriter(
                self._folder, picture.captured_at, picture.width, picture.height, self._plan.fps
            )
            self._tell(RecordEvent(RecordEventKind.RECORDING, "Recording."))
        try:
            self._writer.add(picture.captured_at, picture.image())
        except Exception:
            self._writer.abandon()
            self._writer = None
            raise

    def _finish(self, interrupted: bool) -> Iterator[Burst]:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        burst = writer.finish(interrupted)
        self._tell(RecordEvent(RecordEventKind.FINISHED, f"{burst.path.name}: {burst.frame_count} frames."))
        yield burst

    def _next_picture(self) -> tuple[LivePicture | None, StreamError | None]:
        """The next picture if there is one by now, or why the source is lost."""
        try:
            if self._source is None:
                self._tell(RecordEvent(RecordEventKind.CONNECTING, "Connecting to the camera."))
                self._source = self._connect()
            picture = self._source.next_frame(_POLL_S)
        except StreamError as error:
            self._disconnect()
            return None, error
        if picture is not None:
            self._backoff.reset()
        return picture, None

    def _wait_before_retry(self, error: StreamError, until: float) -> bool:
        """Wait a little; False when the burst's time is over."""
        wait_s = self._backoff.next_wait()
        now = self._clock.now()
        self._tell(RecordEvent(RecordEventKind.LOST, f"{error.problem} Trying again."))
        self._pause_until(min(now + wait_s, until))
        return self._clock.now() < until

    def _wait_until(self, due: float) -> None:
        """Wait for the next burst, keeping the connection over a short pause."""
        left_s = due - self._clock.now()
        if left_s <= 0:
            return
        self._tell(RecordEvent(RecordEventKind.WAITING, f"Next burst in {left_s:.0f} seconds."))
        if left_s > _STAY_CONNECTED_S:
            self._disconnect()
        while self._source is not None and self._clock.now() < due and not self._should_stop():
            self._next_picture()  # what comes meanwhile is not wanted
        self._pause_until(due)

    def _pause_until(self, due: float) -> None:
        while not self._should_stop():
            left_s = due - self._clock.now()
            if left_s <= 0:
                return
            self._clock.sleep(min(left_s, _POLL_S))

    def _has_room(self) -> bool:
        now = self._clock.now()
        if now - self._room_checked_at < _ROOM_CHECK_S:
            return True
        self._room_checked_at = now
        return shutil.disk_usage(self._folder).free > self._plan.keep_free_bytes

    def _disconnect(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
