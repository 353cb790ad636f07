"""Work off the main thread: results come back, and can be waited for."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.background import Background


def test_settling_calls_back_what_is_due(qtbot: QtBot) -> None:
    done: list[int] = []
    background = Background(1, lambda problem: None)
    for number in range(3):
        background.run(lambda number=number: number, done.append)
    background.settle()
    assert done == [0, 1, 2]
    background.close()
