"""The Evaluate workspace on made-up evaluations, in a window with the real keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.session import ProjectSession
from core.errors import AmodalError
from core.records.media import DecodedFrame
from tests.app.conftest import FakeFrames
from tests.app.evaluate import made_up
from tests.app.evaluate.desk import Desk


class StreetFrames(FakeFrames):
    """Paints the made-up street; answers later while it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = False
        self.held: list[Callable[[], None]] = []

    def request(
        self,
        key: int,
        pts: int,
        on_frame: Callable[[DecodedFrame], None],
        on_error: Callable[[AmodalError], None],
        tag: str = "view",
    ) -> None:
        """Answers at once, or when the test lets it."""
        if self.holds:
            self.held.append(lambda: on_frame(self.paint(pts)))
        else:
            super().request(key, pts, on_frame, on_error, tag)

    @staticmethod
    def paint(pts: int) -> DecodedFrame:
        """A frame of it."""
        return DecodedFrame(pts, made_up.paint(pts))


@pytest.fixture(autouse=True)
def frames(monkeypatch: pytest.MonkeyPatch) -> StreetFrames:
    """Sessions show painted frames instead of starting a decoding process."""
    fake = StreetFrames()
    monkeypatch.setattr(ProjectSession, "frames", property(lambda _: fake))
    return fake


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A project with objects, and no evaluation yet."""
    return made_up.make_project(tmp_path)


@pytest.fixture
def open_desk(qtbot: QtBot) -> Iterator[Callable[[Path], Desk]]:
    """Opens the workspace on a project; what is still open at the end is closed."""
    desks: list[Desk] = []

    def open_it(path: Path) -> Desk:
        desks.append(Desk(path, qtbot))
        return desks[-1]

    yield open_it
    for desk in desks:
        desk.close()
