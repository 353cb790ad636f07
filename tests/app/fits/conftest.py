"""The cars and the window that every test of the 3D workspace starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.app.fits.cars import Cars, Desk


@pytest.fixture
def cars(tmp_path: Path) -> Cars:
    return Cars(tmp_path / "cars.amodal")


@pytest.fixture
def open_desk(qtbot: QtBot) -> Iterator[Callable[..., Desk]]:
    """Opens the workspace on a project; what is still open at the end is closed."""
    desks: list[Desk] = []

    def open_it(path: Path, preferences: dict[str, object] | None = None) -> Desk:
        desks.append(Desk(path, qtbot, preferences))
        return desks[-1]

    yield open_it
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(cars: Cars, open_desk: Callable[..., Desk]) -> Desk:
    return open_desk(cars.path)
