"""The tour: a picture of every workspace from a process of its own, as make demo takes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.street_clip import StreetClip

ROOT = Path(__file__).resolve().parents[2]


def amodal(*arguments: str | Path | int) -> subprocess.CompletedProcess[str]:
    given = dict(os.environ)
    if sys.platform.startswith("linux") and not (given.get("DISPLAY") or given.get("WAYLAND_DISPLAY")):
        given["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-m", "app", *(str(argument) for argument in arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def project(tmp_path: Path, street_clip: StreetClip) -> Path:
    path = tmp_path / "street.amodal"
    assert amodal("new", path).returncode == 0
    done = amodal("add", path, street_clip.path)
    assert done.returncode == 0, done.stderr
    return path


def test_every_workspace_leaves_a_picture(project: Path, tmp_path: Path) -> None:
    done = amodal("tour", project, "--out", tmp_path / "pictures", "--looks", 1)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert {"start.png", "sources.png", "review.png"} <= names
    start, sources = (cv2.imread(str(tmp_path / "pictures" / f"{name}.png")) for name in ("start", "sources"))
    assert start is not None
    assert sources is not None
    assert start.std() > 1.0  # not a blank sheet
    assert start.shape != sources.shape or (start != sources).any()


def test_without_a_project_it_looks_at_the_start_page_and_keeps_nothing() -> None:
    done = amodal("tour", "--looks", 1)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
