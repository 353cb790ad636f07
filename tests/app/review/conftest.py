"""The street and the window that every test of the Review workspace starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.app.review.street import Desk, Street


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path / "street.amodal")


@pytest.fixture
def open_desk(street: Street, qtbot: QtBot) -> Iterator[Callable[..., Desk]]:
    """Opens the workspace, again if wanted; what is still open at the end is closed."""
    desks: list[Desk] = []

    def open_it(annotator: str = "Ann") -> Desk:
        desk = Desk(street, qtbot, annotator)
        desks.append(desk)
        desk.until(lambda: desk.current is not None)
        desk.settle()
        return desk

    yield open_it
    for desk in desks:
        if not desk.closed:
            desk.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()
