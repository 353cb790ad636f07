"""Fixtures that every floor's tests share."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests import own_display
from tests.made_once import made_once

if TYPE_CHECKING:
    from tests.street_clip import StreetClip

# Tests alone have windows and torch in one process, where triton's LLVM crashes beside the one that Mesa
# draws with. Without triton torch does the same on a CPU.
sys.modules.setdefault("triton", None)  # type: ignore[arg-type]

# a busy machine is slow, and slow is not wrong
settings.register_profile("amodal", deadline=None, derandomize=True)
settings.load_profile("amodal")

_display = pytest.StashKey[subprocess.Popen[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Each worker of a parallel run has a display of its own."""
    if own_display.is_wanted():
        config.stash[_display] = own_display.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the worker's display."""
    if _display in config.stash:
        own_display.stop(config.stash[_display])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What fails is played once more: windows, processes and files may be late on a busy machine.

    The closing line tells of each, so that none goes unseen; what is wrong fails twice. Files that take long
    come first, so that workers end together.
    """
    items.sort(key=lambda item: not item.path.as_posix().endswith(_LONG))
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: whoever looks for garbage need not look through all of it each time."""
    gc.collect()
    gc.freeze()


_LONG = (
    "stories/test_kill_window.py",
    "stories/test_training.py",
    "stories/test_evaluate.py",
    "jobs/test_kill_mining.py",
    "jobs/reproduce/test_suite.py",
    "app/training/test_failing.py",
    "networks/amodal_rcnn/test_learns_in_3d.py",
    "store/test_history_machine.py",
    "store/test_kill.py",
    "training/test_together.py",
    "scripts/test_tour.py",
)

PATIENCE_MS = 30_000


class PatientBot(QtBot):
    """Waits longer than pytest-qt's five seconds: a busy machine is slow, and slow is not wrong."""

    def waitUntil(self, callback: Callable[[], Any], *, timeout: int = PATIENCE_MS) -> None:
        """Until the callback is true, or passes its assertions."""
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    """pytest-qt's, with more patience."""
    return PatientBot(request)


_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real footage beside the checkout; skips, saying so, where it is absent."""
    if not (_SHARED_DATA / "README.md").exists():
        pytest.skip("the real footage in ../shared/data is absent here")
    return _SHARED_DATA


@pytest.fixture(scope="session")
def street_clip(tmp_path_factory: pytest.TempPathFactory) -> StreetClip:
    """A clip of 6 seconds of a simulated street, 320x180, and its truth."""
    from tests import street_clip as clips  # with all that renders, which few tests need

    return made_once(tmp_path_factory, "street", clips.render, clips.known)
