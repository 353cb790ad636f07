"""What the window's tests share: settings of their own, a painted project, frames without a child process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.composition.window import Shell
from app.session import ProjectSession
from core.errors import AmodalError
from core.records.media import DecodedFrame, FrameStamp, SourceKind, SourceTable
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.writers.sources import add_source
from tests import windows

FRAMES = 50
NOON = 1_700_049_600.0  # 2023-11-15 12:00:00 UTC, by `date -u -d @1700049600`


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own settings are never read or written by a test."""
    folder = tmp_path / "config"
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_dangles(request: pytest.FixtureRequest) -> Iterator[None]:
    """A thread or a running timer that outlives its test fails it."""
    before = set(threading.enumerate())
    yield
    application = QApplication.instance()
    if application is not None:
        for _ in range(3):
            application.processEvents()
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    assert not left, f"threads left running: {left}"
    if isinstance(application, QApplication):
        running = [
            timer
            for widget in application.topLevelWidgets()
            if widget.isVisible()
            for timer in widget.findChildren(QTimer)
            if timer.isActive()
        ]
        assert not running, f"timers left running: {running}"


class FakeFrames:
    """Stands for the decoding process: paints each frame with its presentation time, at once."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.opened: dict[int, Path] = {}
        self.error: AmodalError | None = None

    def open(self, key: int, kind: SourceKind, path: Path, frames: Sequence[FrameStamp]) -> None:
        self.opened[key] = path

    def request(
        self,
        key: int,
        pts: int,
        on_frame: Callable[[DecodedFrame], None],
        on_error: Callable[[AmodalError], None],
        tag: str = "view",
    ) -> None:
        self.asked.append((key, pts))
        if self.error is not None:
            on_error(self.error)
        else:
            on_frame(self.paint(pts))

    def cached(self, key: int, pts: int) -> DecodedFrame | None:
        return None

    def close(self) -> None:
        pass

    @staticmethod
    def paint(pts: int) -> DecodedFrame:
        """A picture whose red says which frame it is."""
        image = np.full((72, 128, 3), 90, dtype=np.uint8)
        image[:, :, 0] = pts // 40 % 256
        return DecodedFrame(pts, image)


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> FakeFrames:
    """Sessions show painted frames instead of starting a decoding process."""
    fake = FakeFrames()
    monkeypatch.setattr(ProjectSession, "frames", property(lambda _: fake))
    return fake


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A project with two cameras; the first has a video of 50 frames, and one whose file is gone."""
    path = tmp_path / "street.amodal"
    with Project.create(path) as project:
        history = History(project, "Ann")
        gate = add_camera(history, "Gate", 3600.0).rows["camera"][0]
        add_camera(history, "Bridge")
        for name in ("morning.mp4", "gone.mp4"):
            table = made_up_source(tmp_path / name)
            with project.bulk() as bulk:
                add_source(project, bulk, gate, table, [range(FRAMES)])
    (tmp_path / "morning.mp4").write_bytes(b"a video, as far as the store can tell")
    return path


def made_up_source(path: Path) -> SourceTable:
    """A video of 25 frames a second that begins at noon, whose hashes follow from its name."""
    seed = sum(path.name.encode())
    stamps = tuple(
        FrameStamp(
            pts=40 * n,
            time_s=0.04 * n,
            captured_at=NOON + 0.04 * n,
            content_hash=seed.to_bytes(8, "big") + n.to_bytes(8, "big"),
            keyframe=n % 10 == 0,
        )
        for n in range(FRAMES)
    )
    return SourceTable(
        kind=SourceKind.VIDEO,
        path=path,
        width=128,
        height=72,
        time_base=Fraction(1, 1000),
        content_hash=seed.to_bytes(16, "big"),
        byte_size=1000,
        frames=stamps,
    )


@pytest.fixture
def open_session(qtbot: object, frames: FakeFrames) -> Iterator[Callable[..., ProjectSession]]:
    """Opens sessions and closes them after the test."""
    opened: list[ProjectSession] = []

    def make(path: Path, annotator: str = "Ann") -> ProjectSession:
        session = ProjectSession(Project.open(path), annotator)
        opened.append(session)
        return session

    yield make
    for session in opened:
        session.close()


@pytest.fixture
def shell(qapp: QApplication, frames: FakeFrames) -> Iterator[Shell]:
    """The window on its start page, with settings of its own."""
    with windows.shown(qapp) as made:
        yield made


@pytest.fixture
def opened(qtbot: object, shell: Shell, street: Path) -> Shell:
    """The window on the street."""
    shell.open_project(street)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)  # type: ignore[attr-defined]
    return shell
