"""Time-lapse recording: times, rates, drops, stops, full disks, and processes killed while they write."""

from __future__ import annotations

import errno
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import IO

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import DiskFullError, SettingsError, StreamError
from core.media.live import LiveStream, LiveTimeouts
from core.media.recorder import (
    Clock,
    RecordEvent,
    RecordEventKind,
    RecordingPlan,
    record,
)
from core.media.recorder_files import Burst, BurstWriter, capture_start, recover_leftovers
from tests.media.live_servers import (
    HEIGHT,
    WIDTH,
    TcpRtspServer,
    VlcRtspServer,
    free_port,
    number_of,
    numbered_picture,
)

START = 1_795_241_460.25  # 2026-11-21T06:11:00.25Z
NO_RESERVE = 0


@dataclass
class Picture:
    """A picture whose number is its place on the camera's clock."""

    captured_at: float
    number: int
    width: int = WIDTH
    height: int = HEIGHT

    def image(self, max_width: int | None = None) -> NDArray[np.uint8]:
        return numbered_picture(self.number % 1024)[: self.height, : self.width]


class World:
    """A camera of so many pictures a second, and the only clock there is; `faults` happen at their times."""

    def __init__(self, fps: float = 25.0) -> None:
        self.now = START
        self.fps = fps
        self.stop_at = float("inf")
        self.away: list[tuple[float, float]] = []  # the camera is unreachable from, to (seconds of START)
        self.width_from: tuple[float, int] = (float("inf"), WIDTH)
        self.connections = 0
        self.closed = 0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += max(seconds, 1e-3)  # no clock is finer, and a float of this size hardly

    def is_away(self) -> bool:
        return any(start <= self.now - START < end for start, end in self.away)

    def connect(self) -> World:
        if self.is_away():
            self.now += 0.1
            raise StreamError("Nothing answers.", "Check it.")
        self.connections += 1
        return self

    def next_frame(self, wait_s: float) -> Picture | None:
        if self.is_away():
            raise StreamError("It ended.", "Check it.")
        number = int(round((self.now - START) * self.fps, 3)) + 1
        due = START + number / self.fps
        if due > self.now + wait_s:
            self.now += wait_s
            return None
        self.now = due
        at, width = self.width_from
        return Picture(due, number, width if due - START >= at else WIDTH)

    def close(self) -> None:
        self.closed += 1

    def record(
        self, folder: Path, plan: RecordingPlan, tell: Callable[[RecordEvent], None] | None = None
    ) -> list[Burst]:
        return list(
            record(plan, self.connect, folder, lambda: self.now >= self.stop_at, tell, clock=self.clock)
        )


def plan(
    seconds: float = 2.0, fps: float = 5.0, every_minutes: float = 1.0, bursts: int | None = 1
) -> RecordingPlan:
    return RecordingPlan(seconds, fps, every_minutes, bursts, keep_free_bytes=NO_RESERVE)


def read(path: Path) -> tuple[list[float], list[int]]:
    """Presentation times in seconds, and the numbers that the pictures carry."""
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base
        assert base is not None
        frames = list(container.decode(video=0))
        numbers = [number_of(frame.to_ndarray(format="rgb24")) for frame in frames]
        return [float(frame.pts * base) for frame in frames], numbers


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bursts_come_at_their_times_with_true_capture_times_in_them(tmp_path: Path) -> None:
    bursts = World().record(tmp_path, plan(bursts=3))
    assert files(tmp_path) == [
        "2026-11-21T06-11-00Z.mp4",
        "2026-11-21T06-12-00Z.mp4",
        "2026-11-21T06-13-00Z.mp4",
    ]
    for minute, burst in enumerate(bursts):
        assert not burst.interrupted
        times, numbers = read(burst.path)
        assert burst.frame_count == len(times) == 10
        # the camera's picture n is taken n / 25 s after START: file and picture must say the same
        from_picture = [number / 25 for number in numbers]
        from_file = [burst.started_at - START + t for t in times]
        away = np.subtract(from_file, from_picture)
        np.testing.assert_allclose(np.mod(away + 1, 1024 / 25), 1, atol=2e-5)  # numbers start anew at 1024
        assert 0 <= burst.started_at - START - 60 * minute < 0.3
        assert capture_start(burst.path) == pytest.approx(burst.started_at, abs=1e-6)


def test_the_rate_is_kept_whatever_the_cameras_is(tmp_path: Path) -> None:
    for camera, wanted, expected in ((25, 10, 10), (24, 10, 10), (7, 10, 7), (30, 30, 30), (25, 0.5, 0.5)):
        folder = tmp_path / f"{camera}-{wanted}"
        (burst,) = World(fps=camera).record(folder, plan(seconds=8, fps=wanted))
        assert abs(burst.frame_count - 8 * expected) <= 1
        times, _ = read(burst.path)
        assert np.abs(np.diff(times) - 1 / expected).max() <= 1 / camera + 1e-4


def test_recording_without_a_pause_leaves_no_gap(tmp_path: Path) -> None:
    world = World()
    bursts = world.record(tmp_path, plan(seconds=3, fps=25, every_minutes=0, bursts=4))
    ends = [burst.started_at + 3 for burst in bursts]
    starts = [burst.started_at for burst in bursts]
    np.testing.assert_allclose(np.subtract(starts[1:], ends[:-1]), 0.04, atol=0.041)
    assert world.connections == 1


def test_the_camera_is_left_alone_in_a_long_pause_and_kept_in_a_short_one(tmp_path: Path) -> None:
    rare, often = World(), World()
    rare.record(tmp_path / "rare", plan(every_minutes=5, bursts=3))
    often.record(tmp_path / "often", plan(every_minutes=0.2, bursts=3))
    assert (rare.connections, rare.closed) == (3, 3)
    assert (often.connections, often.closed) == (1, 1)


def test_a_drop_in_a_burst_closes_the_file_and_goes_on_in_a_new_one(tmp_path: Path) -> None:
    world = World()
    world.away = [(3.0, 4.2)]
    bursts = world.record(tmp_path, plan(seconds=10, fps=5))
    assert [burst.interrupted for burst in bursts] == [True, False]
    first, second = (read(burst.path)[0] for burst in bursts)
    assert bursts[0].started_at + first[-1] - START == pytest.approx(3.0, abs=0.25)
    assert 4.2 <= bursts[1].started_at - START < 6.0
    # the burst still ends ten seconds after its first frame
    assert bursts[1].started_at + second[-1] - START == pytest.approx(10.0, abs=0.3)


def test_a_camera_that_stays_away_ends_the_burst_and_the_next_comes_at_its_time(tmp_path: Path) -> None:
    world = World()
    world.away = [(3.0, 40.0)]
    bursts = world.record(tmp_path, plan(seconds=10, bursts=2))
    assert [burst.interrupted for burst in bursts] == [True, False]
    assert bursts[1].started_at - START == pytest.approx(60.0, abs=0.3)


def test_a_camera_that_is_away_at_first_is_recorded_when_it_comes(tmp_path: Path) -> None:
    world, events = World(), []
    world.away = [(0.0, 20.0)]
    (burst,) = world.record(tmp_path, plan(), events.append)
    assert 20.0 <= burst.started_at - START < 40.0
    assert not burst.interrupted
    lost = [event for event in events if event.kind is RecordEventKind.LOST]
    assert 3 <= len(lost) <= 10  # more and more rarely
    assert "Nothing answers." in lost[0].message


def test_a_burst_missed_for_good_is_skipped(tmp_path: Path) -> None:
    world = World()
    world.away = [(0.0, 150.0)]
    bursts = world.record(tmp_path, plan(bursts=4))  # at 0, 60, 120 s and 180 s
    assert [round((b.started_at - START) / 60, 1) for b in bursts][-1] == 3.0
    assert len(bursts) == 2  # the third came late, in its own minute


def test_a_stop_completes_the_file_at_once(tmp_path: Path) -> None:
    world = World()
    world.stop_at = START + 5.0
    bursts = world.record(tmp_path, plan(seconds=60, bursts=None))
    assert [burst.interrupted for burst in bursts] == [True]
    assert bursts[0].frame_count == pytest.approx(25, abs=1)
    assert world.now - START < 5.5


def test_a_stop_in_a_pause_is_heard(tmp_path: Path) -> None:
    world = World()
    world.stop_at = START + 30.0
    assert len(world.record(tmp_path, plan(every_minutes=60, bursts=None))) == 1
    assert world.now - START < 30.5


def test_a_camera_that_changes_its_size_gets_a_new_file(tmp_path: Path) -> None:
    world = World()
    world.width_from = (5.0, 96)
    bursts = world.record(tmp_path, plan(seconds=10))
    sizes = []
    for burst in bursts:
        with av.open(str(burst.path)) as container:
            sizes.append(container.streams.video[0].width)
    assert sizes == [WIDTH, 96]
    assert [burst.interrupted for burst in bursts] == [True, False]


def test_two_files_of_one_second_get_two_names(tmp_path: Path) -> None:
    paths = []
    for _ in range(2):
        writer = BurstWriter(tmp_path, START, WIDTH, HEIGHT, 5)
        writer.add(START, numbered_picture(1))
        paths.append(writer.finish(interrupted=False).path.name)
    assert paths == ["2026-11-21T06-11-00Z.mp4", "2026-11-21T06-11-00Z-2.mp4"]


def test_pictures_of_odd_size_keep_all_their_pixels_and_colours_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    flat = np.empty((61, 83, 3), np.uint8)
    flat[:, :40], flat[:, 40:] = rng.integers(40, 220, 3), rng.integers(40, 220, 3)
    writer = BurstWriter(tmp_path, START, 83, 61, 5)
    writer.add(START, flat)
    with av.open(str(writer.finish(interrupted=False).path)) as container:
        image = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert image.shape == flat.shape
    assert np.abs(image[:, 3:36].astype(int) - flat[:, 3:36]).max() <= 4


def test_files_have_no_b_frames_and_open_quickly_anywhere(tmp_path: Path) -> None:
    (burst,) = World().record(tmp_path, plan(seconds=8, fps=10))
    with av.open(str(burst.path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.dts is not None]
    assert all(packet.pts == packet.dts for packet in packets)
    keyframes = [float(p.pts * (p.time_base or Fraction(1))) for p in packets if p.is_keyframe]
    assert np.diff(keyframes).max() <= 2.5
    boxes = burst.path.read_bytes()
    assert b"moof" not in boxes[:64]  # a plain MP4, no longer a fragmented one


def test_plans_that_make_no_sense_are_refused() -> None:
    for bad in ({"seconds": 0}, {"fps": 0}, {"fps": 1000}, {"every_minutes": -1}, {"bursts": 0}):
        with pytest.raises(SettingsError):
            plan(**bad)  # type: ignore[arg-type]


def test_too_little_room_stops_before_anything_is_written(tmp_path: Path) -> None:
    greedy = RecordingPlan(2, 5, 1, 1, keep_free_bytes=2**62)
    with pytest.raises(DiskFullError, match="full"):
        World().record(tmp_path, greedy)
    assert files(tmp_path) == []


def test_room_that_runs_out_ends_the_burst_properly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    usage = shutil.disk_usage(tmp_path)

    def shrinking(path: Path) -> object:
        return usage._replace(free=10**9 if world.now < START + 4 else 1000)

    monkeypatch.setattr(shutil, "disk_usage", shrinking)
    got: list[Burst] = []
    with pytest.raises(DiskFullError):
        for burst in record(
            RecordingPlan(60, 5, 1, None, 10**6), world.connect, tmp_path, lambda: False, clock=world.clock
        ):
            got.append(burst)
    (burst,) = got
    assert burst.interrupted
    assert len(read(burst.path)[0]) == burst.frame_count == pytest.approx(20, abs=6)


class FillingFile:
    """A file on a disk with room for so many bytes."""

    def __init__(self, path: Path, room: int) -> None:
        self._file = path.open("xb", buffering=0)
        self._room = room
        self.name = self._file.name

    def write(self, data: memoryview) -> int:
        room = self._room - self._file.tell()
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data[:room]) or 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def as_if_killed(folder: Path) -> None:
    """Rename half-written files as though the process that wrote them had been another one, now dead."""
    for part in folder.glob(".*.part"):
        part.rename(folder / re.sub(r"\.\d+-\d+\.mp4", ".4000000-5.mp4", part.name))


def test_a_disk_that_fills_up_is_a_plain_error_and_its_file_is_recovered_later(tmp_path: Path) -> None:
    def opener(path: Path) -> IO[bytes]:
        return FillingFile(path, 9_000)  # type: ignore[return-value]

    writer = BurstWriter(tmp_path, START, WIDTH, HEIGHT, 10, open_file=opener)
    with pytest.raises(DiskFullError):
        for number in range(500):
            writer.add(START + number / 10, numbered_picture(number))
    as_if_killed(tmp_path)
    (leftover,) = recover_leftovers(tmp_path)
    assert leftover.burst is not None
    times, numbers = read(leftover.burst.path)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) == leftover.burst.frame_count > 10
    np.testing.assert_allclose(times, np.arange(len(times)) / 10, atol=1e-4)


def test_a_half_written_file_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    writer = BurstWriter(tmp_path, START, WIDTH, HEIGHT, 10)
    writer.add(START, numbered_picture(3))
    assert recover_leftovers(tmp_path) == []
    assert writer.finish(interrupted=False).frame_count == 1


@pytest.mark.parametrize("content", [b"", b"noise" * 1000])
def test_a_leftover_without_frames_is_removed_and_said_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".2026-11-21T06-11-00Z.4000000-5.mp4.part").write_bytes(content)
    (tmp_path / "other.part").write_bytes(b"not ours")
    events: list[RecordEvent] = []
    World().record(tmp_path, plan(), events.append)
    assert events[0].kind is RecordEventKind.REMOVED
    assert files(tmp_path) == ["2026-11-21T06-11-00Z.mp4", "other.part"]


def test_a_recovery_that_was_killed_is_carried_on(tmp_path: Path) -> None:
    (burst,) = World().record(tmp_path, plan())
    copy = tmp_path / ".2026-11-21T06-11-00Z.4000000-5.mp4.recovered"
    burst.path.rename(copy)  # the original was gone already: the copy is whole
    (tmp_path / ".2026-11-22T06-11-00Z.4000000-5.mp4.recovered").write_bytes(b"half")
    (tmp_path / ".2026-11-22T06-11-00Z.4000000-5.mp4.part").write_bytes(b"the original, of no use")
    found = {leftover.burst for leftover in recover_leftovers(tmp_path)}
    assert found == {Burst(burst.path, burst.started_at, burst.frame_count, interrupted=True), None}
    assert files(tmp_path) == [burst.path.name]


@pytest.mark.parametrize("after_s", [0.15, 0.8, 2.1])
def test_a_recording_killed_at_any_moment_leaves_only_whole_files(tmp_path: Path, after_s: float) -> None:
    script = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from core.media.recorder_files import BurstWriter
        from tests.media.live_servers import WIDTH, HEIGHT, numbered_picture
        number = 0
        print("on", flush=True)
        while True:
            began = time.time()
            writer = BurstWriter(Path({str(tmp_path)!r}), began, WIDTH, HEIGHT, 20)
            for _ in range(12):
                writer.add(began + _ * 0.05, numbered_picture(number))
                number = (number + 1) % 1024
                time.sleep(0.02)
            writer.finish(interrupted=False)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    whole = [path for path in tmp_path.iterdir() if path.suffix == ".mp4"]
    assert all(len(read(path)[1]) == 12 for path in whole)
    for leftover in recover_leftovers(tmp_path):
        if leftover.burst is not None:
            _, numbers = read(leftover.burst.path)
            assert len(numbers) == leftover.burst.frame_count
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(path.suffix == ".mp4" for path in tmp_path.iterdir())


def test_a_real_stream_over_tcp_is_recorded_with_its_own_steps(tmp_path: Path) -> None:
    with TcpRtspServer() as server:
        (burst,) = record(
            plan(seconds=2, fps=15), lambda: LiveStream(server.address), tmp_path, lambda: False
        )
    times, numbers = read(burst.path)
    assert 28 <= len(times) <= 31
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    np.testing.assert_allclose(np.diff(times), 1 / 15, atol=0.02)
    assert abs(burst.started_at + times[-1] - time.time()) < 10


@pytest.fixture
def vlc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VlcRtspServer]:
    server = VlcRtspServer(tmp_path_factory.mktemp("vlc"), free_port())
    server.start()
    yield server
    server.kill()


def test_vlc_killed_in_the_middle_of_a_burst_costs_a_gap_and_no_more(
    tmp_path: Path, vlc: VlcRtspServer
) -> None:
    timeouts = LiveTimeouts(open_s=5.0, read_s=1.5)
    events: list[RecordEvent] = []
    restart = threading.Timer(4.0, lambda: (vlc.kill(), vlc.start()))

    def tell(event: RecordEvent) -> None:
        events.append(event)
        first = [e.kind for e in events].count(RecordEventKind.RECORDING) == 1
        if first and event.kind is RecordEventKind.RECORDING:
            restart.start()

    bursts = list(
        record(plan(seconds=14), lambda: LiveStream(vlc.address, timeouts), tmp_path, lambda: False, tell)
    )
    restart.join()
    assert [burst.interrupted for burst in bursts] == [True, False]
    assert any(event.kind is RecordEventKind.LOST for event in events)
    for burst in bursts:
        times, numbers = read(burst.path)
        assert len(times) == burst.frame_count >= 5
        # 15 a second, of which 5 are kept; the dates of the first may shift by a picture, and a busy
        # machine's server leaves pictures out
        steps = [(b - a) % 300 for a, b in pairwise(numbers)]
        assert np.median(steps) == 3
        assert min(steps) >= 2
        assert np.mean([step <= 4 for step in steps]) >= 0.8


def test_a_stop_of_a_real_stream_is_honoured_within_two_seconds(tmp_path: Path) -> None:
    stop = threading.Event()
    with TcpRtspServer() as server:
        timer = threading.Timer(2.5, stop.set)
        timer.start()
        bursts = list(record(plan(seconds=60), lambda: LiveStream(server.address), tmp_path, stop.is_set))
        stopped_for = time.monotonic()
        timer.join()
    assert time.monotonic() - stopped_for < 2
    assert [burst.interrupted for burst in bursts] == [True]
