"""Shows bugs, the last start's crash, and where the logs are; none of it closes the window."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from app.crash_log import CrashLog, LastCrash
from app.places import config_folder, data_folder, log_folder
from app.states.toasts import Toast, Tone
from app.views.messages import AboutDialog, FaultDialog
from app.window import MainWindow


class FaultDesk(QObject):
    """Tells of faults.

    Args:
        window: over which it tells.
        crash_log: of this run, or None where none can be written.
    """

    _found = Signal(object)

    def __init__(self, window: MainWindow, crash_log: CrashLog | None) -> None:
        super().__init__(window)
        self._window, self._crash_log = window, crash_log
        self.dialog: FaultDialog | None = None
        self._found.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def show_bug(self, problem: BaseException) -> None:
        """Tells of an exception that nobody expected; may be called from any thread."""
        self._found.emit(problem)

    def offer_last_crash(self) -> None:
        """Offers the crash log of the last start, once."""
        crash = self._crash_log.last_crash() if self._crash_log is not None else None
        if crash is None or self._crash_log is None:
            return
        self._crash_log.seen()
        when = time.strftime("%d %B, %H:%M", time.localtime(crash.at))
        self._window.toasts.show_toast(
            Toast(
                Tone.WARNING,
                f"The program ended without closing on {when}.",
                "Every change that was made by then is kept.",
                "Show the log" if crash.text else "",
                lambda: self._show_crash(crash),
                stays=True,
            )
        )

    def show_log_folder(self) -> None:
        """Opens the folder with the logs."""
        folder = log_folder()
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._window.toasts.show_toast(Toast(Tone.INFO, f"The logs are in {folder}", stays=True))

    def show_about(self) -> None:
        """Says what this program is."""
        from core import __version__

        places = {
            "Settings and keys": str(config_folder()),
            "Logs": str(log_folder()),
            "Demo project": str(data_folder()),
        }
        dialog = AboutDialog(__version__, places, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show(self, problem: BaseException) -> None:
        details = "".join(traceback.format_exception(problem))
        if self.dialog is not None:
            self.dialog.add(details)
            return
        self.dialog = FaultDialog(
            "Something went wrong",
            "This is a fault of the program, not yours. Nothing is lost: every change that was made is kept, "
            "and you can carry on.",
            details,
            str(self._log_path()),
            self._window,
        )
        self.dialog.finished.connect(self._forget)
        self.dialog.show()

    def _forget(self) -> None:
        self.dialog = None

    def _show_crash(self, crash: LastCrash) -> None:
        dialog = FaultDialog(
            "The program crashed last time",
            "What it said when it went down may help whoever mends it.",
            crash.text,
            str(log_folder()),
            self._window,
        )
        dialog.show()

    def _log_path(self) -> Path:
        return self._crash_log.path if self._crash_log is not None else log_folder()
