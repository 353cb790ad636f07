"""Work off the main thread: results come back, and can be waited for."""

from __future__ import annotations

import threading

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


def test_it_is_idle_once_all_is_answered(qtbot: QtBot) -> None:
    may_end = threading.Event()
    done: list[bool] = []
    background = Background(1, lambda problem: None)
    assert background.idle
    background.run(lambda: may_end.wait(5), done.append)
    assert not background.idle
    may_end.set()
    background.finish()
    assert not background.idle  # its answer is still to be given
    qtbot.waitUntil(lambda: background.idle)
    assert done == [True]
    background.run(lambda: 1 / 0)  # what is raised is answered as well
    qtbot.waitUntil(lambda: background.idle)
    background.close()
