"""The Compose workspace on a painted yard, in a window with the real keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.app.compose import yards
from tests.app.compose.desk import Desk
from tests.made_once import made_once


@pytest.fixture(scope="session")
def whole_yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once."""
    return made_once(tmp_path_factory, "compose yard", yards.make)


@pytest.fixture
def yard(whole_yard: Path, tmp_path: Path) -> Path:
    """A copy for one test."""
    return yards.copied(whole_yard, tmp_path / "copy")


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


@pytest.fixture
def desk(yard: Path, open_desk: Callable[[Path], Desk]) -> Desk:
    """The workspace with its first composite."""
    made = open_desk(yard)
    made.until(lambda: made.view.canvas.image is not None)
    return made
