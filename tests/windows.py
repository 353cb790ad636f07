"""The program's window for a test, from its start page to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtWidgets import QApplication

from app.composition.window import Shell


@contextmanager
def shown(application: QApplication) -> Iterator[Shell]:
    """The window on its start page; it is closed, and its style taken off, afterwards."""
    made = Shell(application)
    made.show()
    try:
        yield made
    finally:  # a window that a failed test leaves behind would bring down the next one's
        made.window.close()
        application.processEvents()
        made.window.deleteLater()
        application.setStyleSheet("")
