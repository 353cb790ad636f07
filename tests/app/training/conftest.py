"""The Train workspace on made-up runs, in a window with the real keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.jobs.train import drawn
from tests.app.training import made_up
from tests.app.training.desk import Desk


@pytest.fixture(autouse=True)
def _nothing_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is simulated on this machine is found."""
    monkeypatch.setattr(drawn, "synthetic_folder", lambda: tmp_path / "synthetic")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty project."""
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
