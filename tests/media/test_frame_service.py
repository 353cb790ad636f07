"""Frames for the window: exact, cached, newest first; and a process that may crash, hang or vanish."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from core.errors import AmodalError, DecoderCrashedError, FootageMissingError, MediaError
from core.media.frame_service import FrameService
from core.media.source import index_source
from core.records.media import DecodedFrame, SourceTable
from tests.media.painted import Recipe, number_in, write_painted

ROOT = Path(__file__).resolve().parents[2]
PLAIN = [sys.executable, "-m", "core.media.decode_child"]
WAIT_S = 60.0


@dataclass
class Answers:
    """What came back, in order."""

    given: list[DecodedFrame | AmodalError] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def take(self, answer: DecodedFrame | AmodalError) -> None:
        with self.came:
            self.given.append(answer)
            self.came.notify_all()

    def wait(self, count: int = 1) -> list[DecodedFrame | AmodalError]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.given) >= count, WAIT_S), self.given
            return list(self.given)


def ask(service: FrameService, pts: int, key: int = 1, tag: str = "view") -> DecodedFrame | AmodalError:
    answers = Answers()
    service.request(key, pts, answers.take, answers.take, tag)
    return answers.wait()[0]


def number(answer: DecodedFrame | AmodalError) -> int:
    assert isinstance(answer, DecodedFrame), answer
    return number_in(answer.image)


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> SourceTable:
    folder = tmp_path_factory.mktemp("video")
    return index_source(write_painted(folder, Recipe("clip.mp4", options={"bf": "2"}, gop=50, frames=150)))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """What the faulty process must do."""
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture
def faulty(notes: Path, table: SourceTable, monkeypatch: pytest.MonkeyPatch) -> Iterator[FrameService]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONFAULTHANDLER", "")
    command = [sys.executable, str(ROOT / "tests" / "media" / "faulty_child.py"), str(notes)]
    with FrameService(command, stuck_seconds=4.0, decode_ahead=False) as service:
        service.open(1, table.kind, table.path, table.frames)
        yield service


def reads(notes: Path) -> list[int]:
    log = notes / "log"
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def test_frames_are_the_ones_asked_for_and_stay_at_hand(table: SourceTable) -> None:
    rows = random.Random(0).sample(range(150), 40)
    with FrameService(PLAIN) as service:
        service.open(1, table.kind, table.path, table.frames)
        for row in rows:
            pts = table.frames[row].pts
            frame = ask(service, pts)
            assert number(frame) == row
            assert service.cached(1, pts) is frame
            assert ask(service, pts) is frame
        assert service.cached(2, table.frames[0].pts) is None


def test_cache_stays_within_its_bytes(table: SourceTable) -> None:
    frame_bytes = table.width * table.height * 3
    with FrameService(PLAIN, 20 * frame_bytes) as service:
        service.open(1, table.kind, table.path, table.frames)
        for row in range(60):
            assert number(ask(service, table.frames[row].pts)) == row
        held = [frame.pts for frame in table.frames if service.cached(1, frame.pts)]
        assert 10 <= len(held) <= 20
        assert table.frames[59].pts in held


@pytest.mark.parametrize("direction", [1, -1])
def test_decodes_ahead_in_the_direction_of_travel(table: SourceTable, direction: int) -> None:
    with FrameService(PLAIN) as service:
        service.open(1, table.kind, table.path, table.frames)
        for step in range(3):
            ask(service, table.frames[70 + direction * step].pts)
        ahead = [
            table.frames[72 * (direction > 0) + 68 * (direction < 0) + direction * n].pts
            for n in range(1, 20)
        ]
        assert until(lambda: all(service.cached(1, pts) is not None for pts in ahead))
        if direction > 0:  # which is what is supposed of a person who has not moved yet
            assert not any(service.cached(1, table.frames[row].pts) for row in range(70))


def test_newest_request_of_a_tag_wins(faulty: FrameService, table: SourceTable, notes: Path) -> None:
    (notes / "wait").touch()
    (notes / str(table.frames[0].pts)).write_text("slow")
    answers = Answers()
    faulty.request(1, table.frames[0].pts, answers.take, answers.take)
    assert until(lambda: reads(notes) == [table.frames[0].pts])
    for row in (10, 20, 30, 40):
        faulty.request(1, table.frames[row].pts, answers.take, answers.take)
    faulty.request(1, table.frames[99].pts, answers.take, answers.take, tag="thumbnail")
    (notes / "wait").unlink()
    given = sorted(number(answer) for answer in answers.wait(3))
    assert given == [0, 40, 99]
    assert ask(faulty, table.frames[5].pts)
    assert set(reads(notes)) == {table.frames[row].pts for row in (0, 40, 99, 5)}
    assert len(answers.given) == 3


def test_other_source_stops_what_is_not_wanted_any_more(
    faulty: FrameService, table: SourceTable, notes: Path
) -> None:
    faulty.open(2, table.kind, table.path, table.frames)
    (notes / "wait").touch()
    (notes / str(table.frames[0].pts)).write_text("slow")
    dropped, wanted = Answers(), Answers()
    faulty.request(1, table.frames[0].pts, dropped.take, dropped.take)
    assert until(lambda: bool(reads(notes)))
    faulty.request(2, table.frames[7].pts, wanted.take, wanted.take)
    assert number(wanted.wait()[0]) == 7
    assert dropped.given == []


def test_cached_answer_does_not_wait_for_a_slow_one(
    faulty: FrameService, table: SourceTable, notes: Path
) -> None:
    ask(faulty, table.frames[3].pts)
    (notes / "wait").touch()
    (notes / str(table.frames[0].pts)).write_text("slow")
    slow = Answers()
    faulty.request(1, table.frames[0].pts, slow.take, slow.take)
    assert until(lambda: table.frames[0].pts in reads(notes))
    assert number(ask(faulty, table.frames[3].pts)) == 3
    assert slow.given == []
    (notes / "wait").unlink()
    time.sleep(0.1)
    assert number(ask(faulty, table.frames[4].pts)) == 4
    assert slow.given == []  # never after the newer one


@pytest.mark.parametrize("fault", ["abort", "kill"])
def test_crash_costs_one_error(faulty: FrameService, table: SourceTable, notes: Path, fault: str) -> None:
    bad = table.frames[20].pts
    (notes / str(bad)).write_text(fault)
    assert number(ask(faulty, table.frames[10].pts)) == 10
    error = ask(faulty, bad)
    assert isinstance(error, DecoderCrashedError)
    assert "0.80 s of clip.mp4" in error.problem
    assert number(ask(faulty, table.frames[21].pts)) == 21
    assert number(ask(faulty, table.frames[10].pts)) == 10


def test_crash_that_was_an_accident_can_be_tried_again(
    faulty: FrameService, table: SourceTable, notes: Path
) -> None:
    bad = table.frames[20].pts
    (notes / str(bad)).write_text("kill")
    assert isinstance(ask(faulty, bad), DecoderCrashedError)
    (notes / str(bad)).unlink()
    assert number(ask(faulty, bad)) == 20


def test_frame_that_crashes_twice_is_not_tried_for_ever(
    faulty: FrameService, table: SourceTable, notes: Path
) -> None:
    bad = table.frames[20].pts
    (notes / str(bad)).write_text("kill")
    errors = [ask(faulty, bad) for _ in range(5)]
    assert all(isinstance(error, DecoderCrashedError) for error in errors)
    assert "not tried again" in str(errors[-1])
    assert reads(notes) == [bad, bad]
    assert number(ask(faulty, table.frames[21].pts)) == 21


def test_source_that_keeps_crashing_is_given_up(
    faulty: FrameService, table: SourceTable, notes: Path
) -> None:
    for row in range(10):
        (notes / str(table.frames[row].pts)).write_text("kill")
    errors = [ask(faulty, table.frames[row].pts) for row in range(10)]
    assert all(isinstance(error, DecoderCrashedError) for error in errors)
    assert len(reads(notes)) == 6
    faulty.open(1, table.kind, table.path, table.frames)  # as after replacing the file
    assert number(ask(faulty, table.frames[30].pts)) == 30


def test_hanging_frame_is_given_up(faulty: FrameService, table: SourceTable, notes: Path) -> None:
    (notes / str(table.frames[20].pts)).write_text("hang")
    error = ask(faulty, table.frames[20].pts)
    assert isinstance(error, DecoderCrashedError)
    assert "hung" in error.problem
    assert number(ask(faulty, table.frames[21].pts)) == 21


def test_nonsense_from_the_process_is_a_crash(faulty: FrameService, table: SourceTable, notes: Path) -> None:
    (notes / str(table.frames[20].pts)).write_text("garble")
    assert isinstance(ask(faulty, table.frames[20].pts), DecoderCrashedError)
    assert number(ask(faulty, table.frames[21].pts)) == 21


def test_crash_while_decoding_ahead_is_no_error(
    table: SourceTable, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (notes / str(table.frames[11].pts)).write_text("kill")
    command = [sys.executable, str(ROOT / "tests" / "media" / "faulty_child.py"), str(notes)]
    with FrameService(command) as service:
        service.open(1, table.kind, table.path, table.frames)
        assert number(ask(service, table.frames[10].pts)) == 10
        assert until(lambda: table.frames[11].pts in reads(notes))
        assert number(ask(service, table.frames[12].pts)) == 12
        assert isinstance(ask(service, table.frames[11].pts), DecoderCrashedError)


@pytest.mark.parametrize(
    "command",
    [["/nowhere/to/be/found"], [sys.executable, "-c", "pass"], [sys.executable, "-c", "print('hello')"]],
)
def test_command_that_is_no_decoder(table: SourceTable, command: list[str]) -> None:
    with FrameService(command) as service:
        service.open(1, table.kind, table.path, table.frames)
        for _ in range(2):
            error = ask(service, table.frames[0].pts)
            assert isinstance(error, DecoderCrashedError)
            assert "does not start" in error.problem


def test_expected_errors_keep_their_words(table: SourceTable, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video")
    with FrameService(PLAIN) as service:
        service.open(1, table.kind, tmp_path / "gone.mp4", table.frames)
        service.open(2, table.kind, tmp_path / "text.mp4", table.frames)
        service.open(3, table.kind, table.path, table.frames)
        pts = table.frames[0].pts
        assert isinstance(ask(service, pts), FootageMissingError)
        error = ask(service, pts, key=2)
        assert type(error) is MediaError
        assert "text.mp4 is not a video" in error.problem
        assert number(ask(service, pts, key=3)) == 0
        assert isinstance(ask(service, pts, key=4), MediaError)
        assert isinstance(ask(service, -77, key=3), MediaError)
        service.open(1, table.kind, table.path, table.frames)  # found again
        assert number(ask(service, pts)) == 0
        service.forget(3)
        assert isinstance(ask(service, pts, key=3), MediaError)


def test_receiver_that_fails_does_not_end_the_service(table: SourceTable) -> None:
    with FrameService(PLAIN) as service:
        service.open(1, table.kind, table.path, table.frames)
        called = threading.Event()

        def fail(_: object) -> None:
            called.set()
            raise RuntimeError("a bug in a view")

        service.request(1, table.frames[0].pts, fail, fail)
        assert called.wait(WAIT_S)
        assert number(ask(service, table.frames[1].pts)) == 1


def test_many_threads_may_ask(table: SourceTable) -> None:
    failures: list[object] = []
    with FrameService(PLAIN) as service:
        service.open(1, table.kind, table.path, table.frames)

        def work(seed: int) -> None:
            for row in random.Random(seed).sample(range(150), 25):
                answer = ask(service, table.frames[row].pts, tag=f"thread {seed}")
                if not isinstance(answer, DecodedFrame) or number_in(answer.image) != row:
                    failures.append(answer)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
    assert failures == []


def _alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")
def test_closing_ends_the_process_even_in_the_middle_of_work(
    faulty: FrameService, table: SourceTable, notes: Path
) -> None:
    (notes / str(table.frames[20].pts)).write_text("hang")
    answers = Answers()
    faulty.request(1, table.frames[20].pts, answers.take, answers.take)
    assert until(lambda: bool(reads(notes)))
    # a worker of the tests has other children: its display, and what a test before left to fork from
    children = [pid for pid in _children(os.getpid()) if str(notes) in _command(pid)]
    assert children
    faulty.close()
    assert not any(_alive(pid) for pid in children)
    assert answers.given == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")
@pytest.mark.parametrize("fault", ["", "hang"])
def test_process_ends_when_the_window_is_killed(
    table: SourceTable, notes: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (notes / str(table.frames[20].pts)).write_text(fault)
    window = subprocess.Popen([sys.executable, "-c", _WINDOW, str(table.path), str(notes)], cwd=ROOT)
    try:
        assert until(lambda: table.frames[20].pts in reads(notes))
        children = _children(window.pid)
        assert children
    finally:
        os.kill(window.pid, signal.SIGKILL)
        window.wait()
    assert until(lambda: not any(_alive(pid) for pid in children))
    assert not list(Path("/dev/shm").glob("*amodal*"))


_WINDOW = """
import sys, time
from pathlib import Path
from core.media.frame_service import FrameService
from core.media.source import index_source
table = index_source(Path(sys.argv[1]))
service = FrameService([sys.executable, "tests/media/faulty_child.py", sys.argv[2]], stuck_seconds=600)
service.open(1, table.kind, table.path, table.frames)
service.request(1, table.frames[20].pts, print, print)
time.sleep(600)
"""


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for tasks in found for child in tasks.read_text().split()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # has just ended
        return ""


def test_window_needs_no_decoder_of_its_own() -> None:
    heavy = "av", "PIL", "cv2", "torch", "scipy"
    code = (
        "import sys, core.media.frame_service, core.media.sequences, core.media.reader, core.media.locate;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def _hurt(data: bytes, rng: np.random.Generator) -> bytes:
    """A copy with a few bytes changed anywhere, or cut off somewhere."""
    out = bytearray(data)
    for at in rng.integers(0, len(out), int(rng.integers(1, 30))):
        out[at] = int(rng.integers(0, 256))
    return bytes(out[: int(rng.integers(len(out) // 2, len(out)))]) if rng.random() < 0.2 else bytes(out)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("tiny.avi", codec="mpeg4", options={"bf": "1"}, frames=20, size=(48, 48)),
        Recipe("tiny.mp4", options={"bf": "2"}, frames=20, size=(48, 48)),
        Recipe("mjpeg.avi", codec="mjpeg", frames=12, size=(48, 48)),
    ],
    ids=lambda recipe: recipe.name,
)
def test_damaged_tiny_videos_never_take_the_window_down(tmp_path: Path, recipe: Recipe) -> None:
    whole = write_painted(tmp_path, recipe)
    table = index_source(whole)
    rng = np.random.default_rng(5)
    with FrameService(PLAIN, decode_ahead=False) as service:
        for key in range(30):
            path = tmp_path / f"{key}_{recipe.name}"
            path.write_bytes(_hurt(whole.read_bytes(), rng))
            service.open(key, table.kind, path, table.frames)
            for row in (0, 11, 5):
                answer = ask(service, table.frames[row].pts, key)
                assert isinstance(answer, DecodedFrame | MediaError)
        service.open(99, table.kind, whole, table.frames)
        assert isinstance(ask(service, table.frames[7].pts, 99), DecodedFrame)


_INDEX_ALL = """
import sys
from pathlib import Path
from core.errors import MediaError
from core.media.open_reader import open_reader
from core.media.source import index_source
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        table = index_source(path)
        with open_reader(table.kind, path, table.frames) as reader:
            count = sum(1 for _ in reader.iterate())
            print("read", count, len(table.frames))
    except MediaError as error:
        print("refused", error)
"""


def test_indexing_damaged_videos_gives_tables_or_plain_errors(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    folder = tmp_path / "hurt"
    folder.mkdir()
    for recipe in (
        Recipe("tiny.avi", codec="mpeg4", options={"bf": "1"}, frames=20, size=(48, 48)),
        Recipe("tiny.mp4", options={"bf": "2"}, frames=20, size=(48, 48)),
        Recipe("tiny.mkv", options={"bf": "2"}, frames=20, size=(48, 48)),
        Recipe("tiny.ts", options={"bf": "2"}, frames=20, size=(48, 48)),
    ):
        whole = write_painted(tmp_path, recipe).read_bytes()
        for number in range(25):
            (folder / f"{number}_{recipe.name}").write_bytes(_hurt(whole, rng))
    result = subprocess.run(
        [sys.executable, "-c", _INDEX_ALL, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr[-2000:]
    lines = result.stdout.splitlines()
    assert len(lines) == 100
    assert any(line.startswith("read") for line in lines)
    assert any(line.startswith("refused") for line in lines)
