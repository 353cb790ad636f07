"""Logs of the program: bugs go there whole, and a crash leaves a trace that the next start offers."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

LOG_NAME = "amodal.log"
_LOG_BYTES = 1_000_000
_KEPT_CRASHES = 10
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastCrash:
    """What an earlier start left behind.

    Attributes:
        path: the crash log.
        text: what it says; empty where the process was killed before it could say anything.
        at: when it was written last, seconds UTC epoch.
    """

    path: Path
    text: str
    at: float


class CrashLog:
    """Keeps the logs of one run of the program.

    While the program runs there is a file crash-PID.log, into which Python writes when it dies of a
    signal. A normal end removes it; one that is left over and whose process is gone tells of a crash.

    Args:
        folder: for the logs; made if it is not there.

    Attributes:
        on_bug: is told of every exception that nothing caught, after it was logged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / LOG_NAME
        self._own = folder / f"crash-{os.getpid()}.log"
        self._file: IO[str] | None = None
        self._handler: logging.Handler | None = None
        self._hooks = (sys.excepthook, threading.excepthook)
        self.on_bug: Callable[[BaseException], None] | None = None

    def start(self) -> None:
        """Begins to log.

        Raises:
            OSError: the folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size > _LOG_BYTES:
            self.path.replace(self.path.with_suffix(".old.log"))
        self._handler = logging.FileHandler(self.path, encoding="utf-8")
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(self._handler)
        self._file = self._own.open("w", encoding="utf-8")
        faulthandler.enable(self._file)

        def hook(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
            if issubclass(kind, KeyboardInterrupt):
                sys.__excepthook__(kind, problem, trace)
                return
            log.error("an error that nobody expected", exc_info=(kind, problem, trace))
            if self.on_bug is not None:
                self.on_bug(problem)

        def thread_hook(arguments: threading.ExceptHookArgs) -> None:
            if arguments.exc_value is not None:
                hook(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

        sys.excepthook = hook
        threading.excepthook = thread_hook

    def last_crash(self) -> LastCrash | None:
        """The newest crash log of an earlier start that has not been seen, if any."""
        found = []
        for path in self.folder.glob("crash-*.log"):
            number = path.stem.removeprefix("crash-")
            if path != self._own and number.isdigit() and not _alive(int(number)):
                found.append((path.stat().st_mtime, path))
        if not found:
            return None
        at, path = max(found)
        return LastCrash(path, path.read_text(encoding="utf-8", errors="replace"), at)

    def seen(self) -> None:
        """Puts the crash logs of earlier starts aside, so that they are not offered again."""
        while (crash := self.last_crash()) is not None:
            if crash.text:
                stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(crash.at))
                crash.path.replace(self.folder / f"seen-{stamp}-{crash.path.stem}.log")
            else:
                crash.path.unlink()
        for old in sorted(self.folder.glob("seen-*.log"))[:-_KEPT_CRASHES]:
            old.unlink()

    def close(self) -> None:
        """Ends the log after a normal end of the program."""
        sys.excepthook, threading.excepthook = self._hooks
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._own.unlink(missing_ok=True)
            self._file = None
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()
            self._handler = None


def _alive(pid: int) -> bool:
    """Whether a process of that number runs. Another program may have got the number since: then the
    crash is offered one start later."""
    if os.name == "nt":
        import psutil

        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
