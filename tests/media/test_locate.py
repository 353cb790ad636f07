"""Footage that has moved is found by name, size and content."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from core.media.locate import find_moved, verify
from core.media.source import index_source
from core.records.media import SourceTable
from tests.media.painted import Recipe, write_packed_avi, write_painted


@pytest.fixture(params=["video", "undated video", "folder"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> SourceTable:
    home = tmp_path / "home"
    home.mkdir()
    if request.param == "video":
        return index_source(write_painted(home, Recipe("clip.mp4", frames=30)))
    if request.param == "undated video":
        return index_source(write_packed_avi(home / "clip.avi", 31))
    for name in ("1.png", "2.png", "in/3.png"):
        path = home / "clip" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 20), (len(name) * 20, 9, int(path.stem))).save(path)
    return index_source(home / "clip")


def find(source: SourceTable, *roots: Path, name: str | None = None) -> Path | None:
    return find_moved(
        source.content_hash, source.byte_size, source.kind, name or source.path.name, list(roots)
    )


def test_moved_and_renamed_is_found(source: SourceTable, tmp_path: Path) -> None:
    target = tmp_path / "archive" / "2021" / "north" / "camera seven"
    target.parent.mkdir(parents=True)
    shutil.move(source.path, target)
    assert find(source, tmp_path / "not there", tmp_path / "archive") == target
    assert find(source, tmp_path / "home") is None


def test_a_video_can_be_pointed_at_itself(source: SourceTable, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    shutil.move(source.path, target)
    assert find(source, target) == target
    wrong = tmp_path / "wrong.mp4"
    wrong.write_bytes(b"\0" * source.byte_size)  # as long, but something else
    assert find(source, wrong) is None


def test_same_name_goes_first(source: SourceTable, tmp_path: Path) -> None:
    copy = shutil.copytree if source.path.is_dir() else shutil.copy
    (tmp_path / "new" / "a").mkdir(parents=True)
    copy(source.path, tmp_path / "new" / "a" / "other")
    copy(source.path, tmp_path / "new" / source.path.name)
    assert find(source, tmp_path / "new") == tmp_path / "new" / source.path.name


def test_same_size_with_other_content_is_not_it(source: SourceTable, tmp_path: Path) -> None:
    file = source.path / "2.png" if source.path.is_dir() else source.path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x55
    file.write_bytes(data)
    assert not verify(source.path, source.kind, source.content_hash, source.byte_size)
    assert find(source, tmp_path / "home") is None


def test_too_deep_is_not_looked_at(source: SourceTable, tmp_path: Path) -> None:
    deep = tmp_path / "top" / "/".join("abcdefghij")
    deep.mkdir(parents=True)
    shutil.move(source.path, deep / source.path.name)
    assert find(source, tmp_path / "top") is None
    assert find(source, deep) == deep / source.path.name


def test_loops_of_links_end(source: SourceTable, tmp_path: Path) -> None:
    (tmp_path / "home" / "again").symlink_to(tmp_path)
    assert find(source, tmp_path) == source.path


def test_verify_in_place(source: SourceTable) -> None:
    assert verify(source.path, source.kind, source.content_hash, source.byte_size)
    assert not verify(source.path.with_name("gone"), source.kind, source.content_hash, source.byte_size)
