"""How soon the window is usable, against an empty PySide6 window in the same run, and what it imports.

    python -m benchmarks.startup [--times 7]

Each start is a process of its own, timed from before it is spawned until it has drawn its window and its
event loop is idle; the empty window and ours take turns, so that other work falls on both alike. The median
counts. Needs a display, or xvfb-run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RATIO_LIMIT = 5.0
OPEN_LIMIT_S = 2.5
NEVER = ("torch", "open3d", "torchvision", "cuda.bindings.runtime")
NOT_YET = ("vispy", "scipy", "alembic", "onnxruntime", "trackers", "supervision")
NOT_AT_START = ("sqlalchemy", "numpy", "pyqtgraph", "cv2", "av", "pydantic")

_EMPTY = """
import time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.resize(1440, 900)
window.show()
QTimer.singleShot(0, lambda: (print(time.time(), flush=True), application.quit()))
application.exec()
"""
_START = """
import json, sys, time
from app.start_up import run_window
def shown(shell):
    print(time.time(), flush=True)
    print(json.dumps(sorted(sys.modules)), flush=True)
    shell.window.close()
run_window(None, shown)
"""
_OPEN = """
import json, sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from app.start_up import run_window
def shown(shell):
    def look():
        if shell.opened is None:
            return
        timer.stop()
        QTimer.singleShot(0, lambda: done(shell))
    timer = QTimer(shell)
    timer.timeout.connect(look)
    timer.start(2)
def done(shell):
    print(time.time(), flush=True)
    shell.opened.go_to("review")
    QTimer.singleShot(700, lambda: leave(shell))
def leave(shell):
    print(json.dumps(sorted(sys.modules)), flush=True)
    shell.window.close()
run_window(Path(sys.argv[1]), shown)
"""


def main(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Measures, prints, and returns the figures; times in seconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup")
    parser.add_argument("--times", type=int, default=7)
    times = parser.parse_args(arguments).times
    with tempfile.TemporaryDirectory() as folder:
        project = _make_project(Path(folder))
        environment = {**os.environ, "AMODAL_CONFIG_DIR": str(Path(folder) / "config")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # no user has it set
        # the first start of each fills the disk's cache and the folders of compiled modules
        for script in (_EMPTY, _START, _OPEN):
            _run(script, environment, str(project))
        empty, start, opened = [], [], []
        start_modules: set[str] = set()
        open_modules: set[str] = set()
        for _ in range(times):
            empty.append(_run(_EMPTY, environment)[0])
            seconds, start_modules = _run(_START, environment)
            start.append(seconds)
            seconds, open_modules = _run(_OPEN, environment, str(project))
            opened.append(seconds)
    figures: dict[str, Any] = {
        "empty_window_s": statistics.median(empty),
        "start_page_s": statistics.median(start),
        "start_page_ratio": statistics.median(start) / statistics.median(empty),
        "start_page_ratio_limit": RATIO_LIMIT,
        "project_s": statistics.median(opened),
        "project_limit_s": OPEN_LIMIT_S,
        "imported_at_start": _named(start_modules, (*NEVER, *NOT_YET, *NOT_AT_START)),
        "imported_with_a_project": _named(open_modules, (*NEVER, *NOT_YET)),
        "modules_at_start": len(start_modules),
        "modules_with_a_project": len(open_modules),
    }
    figures["within_limits"] = (
        figures["start_page_ratio"] <= RATIO_LIMIT
        and figures["project_s"] <= OPEN_LIMIT_S
        and not figures["imported_at_start"]
        and not figures["imported_with_a_project"]
    )
    _report(figures, times)
    return figures


def _make_project(folder: Path) -> Path:
    from core.store.project import Project

    path = folder / "empty.amodal"
    Project.create(path).close()
    return path


def _run(script: str, environment: dict[str, str], *arguments: str) -> tuple[float, set[str]]:
    """Seconds from before the process is spawned until it says that it is usable, and its modules."""
    began = time.time()
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    lines = done.stdout.splitlines()
    modules = set(json.loads(lines[1])) if len(lines) > 1 else set()
    return float(lines[0]) - began, modules


def _named(modules: set[str], names: Sequence[str]) -> list[str]:
    return [name for name in names if name in modules]


def _report(figures: dict[str, Any], times: int) -> None:
    print(f"median of {times} starts, in seconds from spawning the process")
    print(f"  empty QMainWindow     {figures['empty_window_s']:.2f}")
    ratio = figures["start_page_ratio"]
    limit = f"(limit {RATIO_LIMIT:.0f} x)"
    print(f"  start page usable     {figures['start_page_s']:.2f}   {ratio:.1f} x {limit}")
    print(f"  project open          {figures['project_s']:.2f}   (limit {OPEN_LIMIT_S} s)")
    print(f"  modules: {figures['modules_at_start']} at the start page, ", end="")
    print(f"{figures['modules_with_a_project']} with a project in Review")
    for what, names in (
        ("at the start page", figures["imported_at_start"]),
        ("with a project", figures["imported_with_a_project"]),
    ):
        print(f"  imported {what} though not needed: {', '.join(names) or 'none'}")


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:])["within_limits"] else 1)
