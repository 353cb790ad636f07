"""A worker for tests of what happens between a read and its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class HeldBack:
    """Reads at once, and answers when a test says so."""

    def __init__(self) -> None:
        self.answers: list[Callable[[], None]] = []

    def in_background(
        self, work: Callable[[], Any], on_done: Any = None, on_error: Any = None, tag: str = ""
    ) -> None:
        found = work()
        self.answers.append(lambda: on_done(found))

    def request_frame(self, *_: Any) -> None:
        """Answers never."""
