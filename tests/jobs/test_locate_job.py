"""The job that finds moved footage: in a folder, or as the file that a person points at."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli import main
from core.errors import FootageMissingError
from core.records.jobs import JobState
from core.records.project import SourceRow
from core.store import job_rows
from core.store.history import History
from core.store.project import Project
from core.store.queries.sources import list_sources
from tests.jobs.doing import do_job
from tests.media.painted import Recipe, write_painted


@pytest.fixture
def moved(tmp_path: Path) -> tuple[Path, Path]:
    """A project whose only clip was renamed into another folder; the project's path and the clip's."""
    clip = write_painted(tmp_path, Recipe("clip.mp4", frames=6))
    path = tmp_path / "street.amodal"
    Project.create(path).close()
    do_job(path, "add", path=str(clip))
    (tmp_path / "archive" / "2026").mkdir(parents=True)
    return path, clip.rename(tmp_path / "archive" / "2026" / "gate.mp4")


def source_of(path: Path) -> SourceRow:
    with Project.open(path) as project, project.read() as connection:
        (row,) = list_sources(connection, project, counted=False)
    return row


@pytest.mark.parametrize("pointed_at", ["the file", "a folder above it"])
def test_moved_footage_is_there_again(moved: tuple[Path, Path], pointed_at: str) -> None:
    path, clip = moved
    assert not source_of(path).found
    do_job(path, "locate", place=str(clip if pointed_at == "the file" else clip.parents[1]))
    row = source_of(path)
    assert row.found
    assert Path(row.path) == clip


def test_another_file_is_refused_and_says_why(moved: tuple[Path, Path], tmp_path: Path) -> None:
    path, _ = moved
    other = write_painted(tmp_path, Recipe("other.mp4", frames=6, options={"crf": "40"}))
    with pytest.raises(FootageMissingError) as refused:
        do_job(path, "locate", place=str(other))
    assert "other.mp4 is not clip.mp4: its content is another" in refused.value.problem
    assert refused.value.way_out
    with Project.open(path) as project, project.read() as connection:
        (newest, *_) = job_rows.list_jobs(connection)
    assert newest.state is JobState.FAILED


@pytest.mark.parametrize(("place", "says"), [("nowhere", "There is nothing at"), ("empty", "Neither")])
def test_a_place_without_it_says_so(moved: tuple[Path, Path], tmp_path: Path, place: str, says: str) -> None:
    path, _ = moved
    (tmp_path / "empty").mkdir()
    with pytest.raises(FootageMissingError, match=says):
        do_job(path, "locate", place=str(tmp_path / place))
    assert not source_of(path).found


def last_editor(path: Path) -> str:
    with Project.open(path) as project:
        return History(project, "whoever looks").page(None, 1)[0].annotator


def test_the_annotator_who_looked_is_named(moved: tuple[Path, Path]) -> None:
    path, clip = moved
    assert main(["locate", str(path), str(clip), "--annotator", " Ann "]) == 0
    assert last_editor(path) == "Ann"
    with Project.open(path) as project:
        assert History(project, "Ann").undo_title() == "Find gate.mp4 again"


def test_a_user_without_a_name_finds_it_too(
    moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    path, clip = moved
    monkeypatch.setattr("getpass.getuser", nobody)
    do_job(path, "locate", place=str(clip))
    assert last_editor(path) == "annotator"
