"""Waiting until a window has nothing under way: by what is open, not by the clock, for machines are slow."""

from __future__ import annotations

import time

from PySide6.QtTest import QTest

from app.background import Background

PATIENCE_S = 30.0


def settle(*lanes: Background, rounds: int = 4, pause_ms: int = 1) -> None:
    """Waits until all work is done and answered, and what answers asked for as well.

    Args:
        rounds: at least so often, for what is begun by timers.
        pause_ms: of each round, in which events are seen to.
    """
    ends, done, calm = time.monotonic() + PATIENCE_S, 0, 0
    while done < rounds or calm < 2:
        for lane in lanes:
            lane.finish()
        QTest.qWait(pause_ms)
        done += 1
        calm = calm + 1 if all(lane.idle for lane in lanes) else 0
        assert time.monotonic() < ends, "the window never came to rest"
