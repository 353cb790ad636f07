"""One thread for what composites are rendered with: in order, or only the newest of many wishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.background import Background

Work = Callable[[], Any]
Done = Callable[[Any], None]


class ComposeLane:
    """Runs work on a thread of its own, one piece at a time. Callbacks come on the main thread.

    What the work uses, such as a composer with its memory, needs no lock.

    Args:
        on_error: is given what work raised.
    """

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._background = Background(1, on_error)
        self._waiting: tuple[Work, Done] | None = None
        self._newest_runs = False
        self._idle: tuple[Work, Done] | None = None
        self._under_way = 0

    @property
    def busy(self) -> bool:
        """Whether anything is under way or waits."""
        return self._under_way > 0

    def in_order(self, work: Work, done: Done) -> None:
        """Runs work after all that was asked for in order before."""
        self._start(work, done)

    def newest(self, work: Work, done: Done) -> None:
        """Runs work unless a newer wish comes before it could begin; what has begun is answered.

        So that a thing that is held shows what there is time for, and ends where it was let go.
        """
        if self._newest_runs:
            self._waiting = (work, done)
            return
        self._newest_runs = True
        self._start(work, done, self._next_newest)

    def drop_newest(self) -> None:
        """Forgets the newest wish where it has not begun."""
        self._waiting = None

    def when_idle(self, work: Work, done: Done) -> None:
        """Runs work once nothing else is under way; the last one that was asked for alone."""
        self._idle = (work, done)
        self._go_idle()

    def settle(self) -> None:
        """Waits until all is done and answered, but for what was only to be done when idle."""
        self._idle = None
        while self._under_way:
            self._background.settle()

    def close(self) -> None:
        """Drops what was not answered yet, and waits for the thread."""
        self._waiting = self._idle = None
        self._background.close()

    def _start(self, work: Work, done: Done, then: Callable[[], None] | None = None) -> None:
        self._under_way += 1

        def over() -> None:
            self._under_way -= 1
            if then is not None:
                then()
            self._go_idle()

        def answered(result: Any) -> None:
            try:
                done(result)
            finally:
                over()

        def failed(problem: BaseException) -> None:
            try:
                self._on_error(problem)
            finally:
                over()

        self._background.run(work, answered, failed)

    def _next_newest(self) -> None:
        self._newest_runs = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.newest(*waiting)

    def _go_idle(self) -> None:
        if self._idle is not None and not self._under_way:
            idle, self._idle = self._idle, None
            self._start(*idle)
