"""Where a project says that its footage lies, and what becomes of paths that are not what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store.edits.sources import relative_to_project
from core.store.project import Project
from core.store.queries.sources import resolve_path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "work").mkdir()
    with Project.create(tmp_path / "work" / "street.amodal") as made:
        yield made


def test_paths_come_without_detours(project: Project, tmp_path: Path) -> None:
    clip = tmp_path / "work" / "clip.mp4"
    clip.touch()
    beside = tmp_path / "footage" / "gate.mp4"
    beside.parent.mkdir()
    beside.touch()
    assert resolve_path(project, "in/../clip.mp4", "") == clip
    assert resolve_path(project, "./clip.mp4", "") == clip
    assert resolve_path(project, "../footage/gate.mp4", "") == beside
    assert resolve_path(project, "", f"{tmp_path}/inside/../footage//gate.mp4") == beside


def test_what_was_written_down_is_found_again(project: Project, tmp_path: Path) -> None:
    for place in (tmp_path / "a.mp4", tmp_path / "work" / "in" / "b.mp4", tmp_path / "else" / "c.mp4"):
        place.parent.mkdir(exist_ok=True)
        place.touch()
        assert resolve_path(project, relative_to_project(project.path, place), "") == place


def test_a_project_behind_a_link_finds_its_footage(project: Project, tmp_path: Path) -> None:
    """The project lies in deep/work, and is opened by a link to that folder that lies elsewhere."""
    beside = tmp_path / "footage" / "gate.mp4"
    beside.parent.mkdir()
    beside.touch()
    (tmp_path / "far" / "away").mkdir(parents=True)
    link = tmp_path / "far" / "away" / "link"
    link.symlink_to(tmp_path / "work", target_is_directory=True)
    with Project.open(link / "street.amodal") as linked:
        assert resolve_path(linked, "../footage/gate.mp4", "") == beside
    near = tmp_path / "far" / "away" / "near.mp4"
    near.touch()
    with Project.open(link / "street.amodal") as linked:
        assert resolve_path(linked, relative_to_project(linked.path, near), "") == near


def test_a_column_holds_only_what_it_says(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No relative path leads to any file of the machine, and none depends on where the program runs."""
    outside = tmp_path / "outside.mp4"
    outside.touch()
    assert resolve_path(project, str(outside), "") is None
    monkeypatch.chdir(tmp_path)
    assert resolve_path(project, "", "outside.mp4") is None


@pytest.mark.parametrize("odd", ["nul\0byte", "x" * 5000, "a/" * 3000, "\udcff", "//", "clip.mp4/in"])
def test_odd_paths_are_footage_that_is_missing(project: Project, tmp_path: Path, odd: str) -> None:
    (tmp_path / "work" / "clip.mp4").touch()
    found = resolve_path(project, odd, f"{tmp_path}/{odd}")
    assert found is None or found.is_dir()


def test_footage_that_may_not_be_looked_at_is_missing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refused)
    assert resolve_path(project, "clip.mp4", "/locked/clip.mp4") is None
