"""The fork server of test_kill_window: a person who marks one object after another in a real window."""

from __future__ import annotations

from pathlib import Path

import app.composition.window
import app.start_up
import app.views.review.review_view
import core.store.project  # noqa: F401
from app.composition.window import Shell
from core.records.history import Touched
from tests.forked import serve

KEYS = ("A", "S", "A", "D")
PRESS_EVERY_MS = 12


def _run(arguments: list[str]) -> None:
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    first = True

    def acknowledged(touched: Touched) -> None:
        nonlocal first
        ids = " ".join(str(one) for one in touched.rows.get("instance", ()))
        print(f"{touched.edit_id}\t{touched.title}\t{ids}", flush=True)
        if first:
            print("LABELLING", flush=True)
            first = False

    def shown(shell: Shell) -> None:
        timer = QTimer(shell.window)
        pressed = 0
        listening = False

        def press() -> None:
            nonlocal pressed, listening
            if shell.opened is None:
                return
            if not listening:
                shell.opened.session.touched.connect(acknowledged)
                shell.opened.go_to("review")
                listening = True
            if not shell.window.isActiveWindow():
                # without a window manager nobody else hands the keys over after a death
                shell.window.raise_()
                shell.window.activateWindow()
                return
            key = getattr(Qt.Key, f"Key_{KEYS[pressed % len(KEYS)]}")
            review = next(one for one in shell.opened.workspaces if one.id == "review")
            QTest.keyClick(QApplication.focusWidget() or review.widget, key)
            pressed += 1

        timer.timeout.connect(press)
        timer.start(PRESS_EVERY_MS)

    app.start_up.run_window(Path(arguments[0]), shown)


if __name__ == "__main__":
    serve(_run)
