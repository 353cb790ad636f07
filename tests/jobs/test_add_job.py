"""Adding footage: what is refused leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import AmodalError, EditRefusedError
from core.store import job_rows
from core.store.edits.sources import hide_source
from core.store.history import History
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from tests.jobs.doing import CAMERA, do_job
from tests.street_clip import StreetClip


def cameras(path: Path) -> list[tuple[str, int]]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return [(row.name, row.source_count) for row in list_cameras(connection)]


def test_the_same_footage_again_makes_no_camera(project_path: Path, street_clip: StreetClip) -> None:
    with pytest.raises(EditRefusedError, match="in the project already"):
        do_job(project_path, "add", path=str(street_clip.path), camera="Another")
    assert cameras(project_path) == [(CAMERA, 1)]


def test_nor_does_a_file_that_is_no_footage(project_path: Path, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("only words")
    with pytest.raises(AmodalError):
        do_job(project_path, "add", path=str(tmp_path / "words.mp4"), camera="Another")
    assert cameras(project_path) == [(CAMERA, 1)]


def test_hidden_footage_comes_back_to_its_own_camera(project_path: Path, street_clip: StreetClip) -> None:
    with Project.open(project_path) as project:
        hide_source(History(project, "Ann"), 1)
    assert cameras(project_path) == [(CAMERA, 0)]
    job = do_job(project_path, "add", path=str(street_clip.path), camera="Another")
    assert cameras(project_path) == [(CAMERA, 1)]
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job)
    assert row is not None
    assert (row.result["camera"], row.result["source"]) == (CAMERA, 1)
