"""Where an export may not be written: whatever it would replace is still there, byte by byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import ExchangeError
from core.exchange.coco import export_coco
from core.store.edits.sources import hide_source, relocate_source


def refused(place: Any, path: Path) -> str:
    """Exports to a path, which must be refused and change nothing there; gives the sentence."""
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(ExchangeError) as caught:
        export_coco(place.project, path)
    assert (path.read_bytes() if path.exists() else None) == before
    assert caught.value.way_out
    assert not list(path.parent.glob(f".{path.name}.*"))
    return caught.value.problem


def own_footage(place: Any, tmp_path: Path) -> Path:
    """Gives the project's video a file of its own, whose first byte is that of a JSON file."""
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"{ moving pictures")
    relocate_source(place.history, place.video, clip)
    return clip


def own_pictures(place: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "shots"
    (folder / "noon").mkdir(parents=True)
    (folder / "000.jpg").write_bytes(b"{ a picture")
    relocate_source(place.history, place.folder, folder)
    return folder


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_the_project_is_never_replaced(place: Any, ending: str) -> None:
    path = place.project.path
    assert "is the project itself" in refused(place, path.with_name(path.name + ending))


def test_nor_under_another_name(place: Any, tmp_path: Path) -> None:
    soft, hard = tmp_path / "soft.json", tmp_path / "hard.json"
    soft.symlink_to(place.project.path)
    os.link(place.project.path, hard)
    (tmp_path / "door").symlink_to(tmp_path)
    for path in (soft, hard, tmp_path / "door" / place.project.path.name, tmp_path / "door" / "hard.json"):
        assert "is the project itself" in refused(place, path)


def test_the_files_of_the_project_are_its_own(place: Any, tmp_path: Path) -> None:
    folder = place.project.files_dir
    (folder / "media" / "Gate").mkdir(parents=True)
    (tmp_path / "way").symlink_to(folder)
    (folder / "out").symlink_to(tmp_path / "out.json")
    for path in (folder / "o.json", folder / "media" / "Gate" / "o.json", tmp_path / "way" / "o.json"):
        assert "among the project's own files" in refused(place, path)
    assert "among the project's own files" in refused(place, folder / "out")


def test_footage_is_never_replaced(place: Any, tmp_path: Path) -> None:
    clip = own_footage(place, tmp_path)
    soft, hard = tmp_path / "soft.json", tmp_path / "hard.json"
    soft.symlink_to(clip)
    os.link(clip, hard)
    for path in (clip, soft, hard):
        assert "is footage of the project" in refused(place, path)
    hide_source(place.history, place.video)
    assert "is footage of the project" in refused(place, clip)


def test_nor_is_anything_put_among_pictures(place: Any, tmp_path: Path) -> None:
    folder = own_pictures(place, tmp_path)
    (tmp_path / "way").symlink_to(folder)
    for path in (folder / "000.jpg", folder / "o.json", folder / "noon" / "o.json", tmp_path / "way" / "o"):
        assert "is footage of the project" in refused(place, path)


@pytest.mark.parametrize(
    "content", [b"RIFF....AVI ", b"\x00\x01", b"[1, 2]", b"words", b"   \n\t[", b" " * 8000]
)
def test_a_foreign_file_stays(place: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "holiday.avi"
    path.write_bytes(content)
    assert "no JSON file" in refused(place, path)


def test_another_project_stays(place: Any, make_place: Callable[[str], Any]) -> None:
    assert "no JSON file" in refused(place, make_place("there").project.path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_stays_and_is_not_waited_for(place: Any, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ExchangeError):
        export_coco(place.project, pipe)
    assert pipe.is_fifo()


@pytest.mark.parametrize("content", [b"", b"{}", b'\n\t {"images": []}'])
def test_an_older_export_is_replaced(place: Any, tmp_path: Path, content: bytes) -> None:
    own_footage(place, tmp_path)
    own_pictures(place, tmp_path)
    path = tmp_path / "out.json"
    path.write_bytes(content)
    export_coco(place.project, path)
    assert path.read_bytes().startswith(b'{\n"info"')
