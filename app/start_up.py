"""One run of the window, from the first line to the last."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.crash_log import CrashLog
from app.places import log_folder
from app.qt_setup import keep_out_cuda, make_application

if TYPE_CHECKING:
    from app.composition.window import Shell

log = logging.getLogger(__name__)


def run_window(project: Path | None = None, on_shown: Callable[[Shell], None] | None = None) -> int:
    """Shows the window until it is closed; gives the exit code.

    Args:
        project: to open at once.
        on_shown: called when the event loop has drawn the window for the first time.
    """
    keep_out_cuda()
    application = make_application()
    from PySide6.QtCore import QTimer

    from app.composition.window import Shell

    crash_log = _begin_log()
    shell = Shell(application, crash_log)
    if crash_log is not None:
        crash_log.on_bug = shell.faults.show_bug
    shell.show()
    if project is not None:
        shell.open_project(project)
    elif shell.settings["reopen"]:
        last = next((recent.path for recent in shell.start.state.recents if recent.found), None)
        if last is not None:
            shell.open_project(last)
    if on_shown is not None:
        QTimer.singleShot(0, lambda: on_shown(shell))
    try:
        return application.exec()
    finally:
        if crash_log is not None:
            crash_log.close()


def _begin_log() -> CrashLog | None:
    crash_log = CrashLog(log_folder())
    try:
        crash_log.start()
    except OSError as problem:
        # a window without a log is better than none
        print(f"amodal: no log can be written: {problem}", file=sys.stderr)
        return None
    return crash_log
