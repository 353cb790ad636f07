"""Work off the main thread whose results come back to it, so that the window never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRunnable, Qt, QThreadPool, Signal

T = TypeVar("T")


class Task:
    """One piece of work under way. `cancel` drops its result; it cannot stop the work itself."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """Makes sure that neither callback is called any more."""
        self.cancelled = True


class _Run(QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()


class Background(QObject):
    """Runs functions on threads and their callbacks on the thread that made this object.

    Args:
        threads: how many at a time; 1 keeps them in order.
        on_error: is given what a function raised, where its caller gave no on_error.
    """

    _back = Signal(object)

    def __init__(self, threads: int, on_error: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(threads)
        self._on_error = on_error
        self._newest: dict[str, Task] = {}
        self._closed = False
        self._open, self._count = 0, threading.Lock()  # works and callbacks
        self._back.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Whether no work is under way and no callback due."""
        with self._count:
            return self._open == 0

    def run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Callable[[BaseException], None] | None = None,
        tag: str = "",
    ) -> Task:
        """Starts work on a thread.

        Args:
            on_done: is given what it returns, on the main thread.
            on_error: is given what it raised, on the main thread.
            tag: a later run with the same tag makes this one's result be dropped (not the work undone).
        """
        task = Task()
        if tag:
            earlier = self._newest.get(tag)
            if earlier is not None:
                earlier.cancel()
            self._newest[tag] = task

        def job() -> None:
            if task.cancelled:
                return
            try:
                result = work()
            except Exception as problem:
                error = problem  # the name in an except clause is gone once it ends
                self.call_soon(lambda: None if task.cancelled else (on_error or self._on_error)(error))
                return
            if on_done is not None:
                self.call_soon(lambda: None if task.cancelled else on_done(result))

        def counted() -> None:
            try:
                job()
            finally:
                self._add(-1)

        self._add(1)
        self._pool.start(_Run(counted))
        return task

    def call_soon(self, function: Callable[[], Any]) -> None:
        """Calls a function on the main thread, from any thread."""
        self._add(1)
        self._back.emit(function)

    def finish(self) -> None:
        """Waits until all work is done. Callbacks still to come are called when the event loop runs."""
        self._pool.waitForDone()

    def settle(self, most_ms: int = -1) -> None:
        """Waits until all work is done, and calls the callbacks that are due; on the main thread.

        Args:
            most_ms: how long to wait; what is not done by then calls back later, as ever. -1: for ever.
        """
        self._pool.waitForDone(most_ms)
        QCoreApplication.sendPostedEvents(self, int(QEvent.Type.MetaCall.value))

    def close(self) -> None:
        """Drops what was not answered yet, waits for all work to end."""
        self._closed = True
        for task in self._newest.values():
            task.cancel()
        self._pool.waitForDone()
        self._back.disconnect(self._call)

    def _call(self, function: Callable[[], Any]) -> None:
        try:
            if not self._closed:  # Qt delivers what was posted before the disconnection
                function()
        finally:
            self._add(-1)

    def _add(self, number: int) -> None:
        with self._count:
            self._open += number
