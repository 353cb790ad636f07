"""Projects that hold the short clip of a street."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.store.project import Project
from tests.jobs.doing import CAMERA, do_job
from tests.street_clip import StreetClip


@pytest.fixture
def project_path(tmp_path: Path, street_clip: StreetClip) -> Path:
    """A project to which the clip was added."""
    path = tmp_path / "street.amodal"
    Project.create(path).close()
    do_job(path, "add", path=str(street_clip.path), camera=CAMERA)
    return path
