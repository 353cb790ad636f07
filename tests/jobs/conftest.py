"""A short clip of the drawn street, and projects that hold it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.store.project import Project
from core.synthesis.demo_clip import render_clip
from core.synthesis.street_scene import SceneSettings
from core.synthesis.truth import DemoTruth
from tests.jobs.doing import CAMERA, do_job


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    """A clip of 6 seconds, 320x180, and its truth."""
    path = tmp_path_factory.mktemp("clip") / "street.mp4"
    return path, render_clip(path, SceneSettings(width=320, height=180, fps=12, seconds=6.0, seed=1))


@pytest.fixture
def project_path(tmp_path: Path, street: tuple[Path, DemoTruth]) -> Path:
    """A project to which the clip was added."""
    path = tmp_path / "street.amodal"
    Project.create(path).close()
    do_job(path, "add", path=str(street[0]), camera=CAMERA)
    return path
