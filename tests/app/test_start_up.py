"""The way in: what the program imports, what it leaves behind, and how it tells of a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import main
from app.crash_log import CrashLog

START = """
import json, sys
from app.start_up import run_window
def shown(shell):
    print(json.dumps(sorted(sys.modules)))
    {then}
    shell.window.close()
sys.exit(run_window(None, shown))
"""


def start(then: str = "pass", **environment: str) -> subprocess.CompletedProcess[str]:
    """Starts the window in a process of its own, does something in it, and closes it."""
    return subprocess.run(
        [sys.executable, "-c", START.format(then=then)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_start_page_imports_nothing_heavy():
    done = start()
    assert done.returncode == 0, done.stderr
    modules = set(json.loads(done.stdout.splitlines()[0]))
    heavy = {"torch", "open3d", "sqlalchemy", "numpy", "pyqtgraph", "cv2", "av", "pydantic", "vispy", "scipy"}
    assert modules & heavy == set()


def test_another_librarys_qt_is_forgotten():
    done = start(QT_QPA_PLATFORM_PLUGIN_PATH="/nowhere/cv2/qt", QT_QPA_FONTDIR="/nowhere/fonts")
    assert done.returncode == 0, done.stderr


def test_a_clean_end_leaves_no_crash_log(own_settings: Path):
    assert start().returncode == 0
    assert list((own_settings / "logs").glob("crash-*.log")) == []


def test_a_crash_leaves_a_log_that_the_next_start_offers_once(own_settings: Path):
    crashed = start(then="import ctypes; ctypes.string_at(0)")
    assert crashed.returncode == -signal.SIGSEGV
    say = "print(json.dumps(shell.window.toasts.texts())) or shell.faults.offer_last_crash()"
    shown = "shell.faults.offer_last_crash() or print(json.dumps(shell.window.toasts.texts()))"
    told = json.loads(start(then=shown).stdout.splitlines()[1])
    assert len(told) == 1
    assert "ended without closing" in told[0]
    kept = list((own_settings / "logs").glob("seen-*.log"))
    assert len(kept) == 1
    assert "Segmentation fault" in kept[0].read_text()
    assert json.loads(start(then=say).stdout.splitlines()[1]) == []


def test_a_killed_window_is_told_of_too(own_settings: Path):
    killed = start(then="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert killed.returncode == -signal.SIGKILL
    crash = CrashLog(own_settings / "logs").last_crash()
    assert crash is not None
    assert crash.text == ""


def test_a_bug_in_a_slot_is_logged_whole_and_the_window_lives(own_settings: Path):
    then = (
        "from PySide6.QtCore import QTimer;"
        " QTimer.singleShot(0, lambda: 1 // 0);"
        " from PySide6.QtWidgets import QApplication;"
        " [QApplication.processEvents() for _ in range(20)];"
        " print(shell.faults.dialog is not None and shell.window.isVisible())"
    )
    done = start(then=then)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1] == "True"
    assert "ZeroDivisionError" in (own_settings / "logs" / "amodal.log").read_text()


def test_a_log_folder_that_cannot_be_written_does_not_stop_the_window(tmp_path: Path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    done = start(AMODAL_CONFIG_DIR=str(blocked))
    assert done.returncode == 0, done.stderr
    assert "no log can be written" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "project"),
    [([], None), (["a.amodal"], "a.amodal"), (["open", "a.amodal"], "a.amodal"), (["open", "b.db"], "b.db")],
)
def test_the_window_starts_with_or_without_a_project(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], project: str | None
):
    asked: list[Path | None] = []
    monkeypatch.setattr("app.start_up.run_window", lambda path=None: asked.append(path) or 0)
    assert main(arguments) == 0
    assert asked == [Path(project) if project else None]


def test_everything_else_goes_to_the_shell(monkeypatch: pytest.MonkeyPatch):
    asked: list[list[str]] = []
    monkeypatch.setattr("core.cli.main", lambda given: asked.append(given) or 0)
    main(["mine", "a.amodal"])
    main(["--help"])
    assert asked == [["mine", "a.amodal"], ["--help"]]
