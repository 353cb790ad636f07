"""A folder of pictures: what is written stays valid, and a second export goes on where the first stopped."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import DiskFullError, ExchangeError
from core.exchange.picture_folder import LIST_NAME, PictureFolder


def never() -> bytes:
    raise AssertionError("this picture is there already")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_there_is_not_made_again(place: Any, tmp_path: Path) -> None:
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        assert folder.put("train/1.png", "a", lambda: b"one")
        assert folder.put("train/2.png", "b", lambda: b"two")
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        assert not folder.put("train/1.png", "a", never)
        assert folder.put("train/2.png", "another recipe", lambda: b"new")
        assert (folder.kept, folder.written) == (1, 1)
    assert (tmp_path / "out/train/2.png").read_bytes() == b"new"
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        assert not folder.has("train/2.png", "b")  # its file is gone
        assert not folder.put("train/2.png", "another recipe", never)


def test_a_picture_that_is_not_whole_is_made_again(place: Any, tmp_path: Path) -> None:
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        folder.put("1.png", "a", lambda: b"one")
        folder.put("2.png", "b", lambda: b"two")
        folder.put("3.png", "c", lambda: b"three")
    (tmp_path / "out/1.png").write_bytes(b"")
    (tmp_path / "out/2.png").unlink()
    (tmp_path / "out/4.png").write_bytes(b"never listed")
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        assert folder.put("1.png", "a", lambda: b"again")
        assert folder.put("2.png", "b", lambda: b"again")
        assert not folder.put("3.png", "c", never)
        assert folder.put("4.png", "d", lambda: b"four")
    assert (tmp_path / "out/1.png").read_bytes() == b"again"


@pytest.mark.parametrize("kept", range(0, 200, 7))
def test_a_list_that_was_cut_short_costs_no_more_than_its_last_line(
    place: Any, tmp_path: Path, kept: int
) -> None:
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        folder.put("1.png", "a", lambda: b"one")
    listed = tmp_path / "out" / LIST_NAME
    whole = listed.read_bytes()
    listed.write_bytes(whole[:kept])
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        assert folder.put("1.png", "a", lambda: b"one") == (kept < len(whole) - 1)
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        assert not folder.put("1.png", "a", never)


def test_a_full_disk_is_said_and_the_next_export_goes_on(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        folder.put("1.png", "a", lambda: b"one")
        write = Path.write_bytes

        def full(self: Path, data: bytes) -> int:
            write(self, data[:1])
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", full)
            with pytest.raises(DiskFullError, match=r"goes on where it stopped"):
                folder.put("2.png", "b", lambda: b"two")
    assert files(tmp_path / "out") == {LIST_NAME, "1.png"}
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        assert not folder.put("1.png", "a", never)
        assert folder.put("2.png", "b", lambda: b"two")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_is_full_when_a_picture_is_noted_is_said(place: Any, tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFullError, match="no room"),
        PictureFolder(place.project, tmp_path / "out", blurred=True) as folder,
    ):
        folder.put("1.png", "a", lambda: b"one")
        assert folder._list is not None
        folder._list.close()
        folder._list = Path("/dev/full").open("a", encoding="utf-8")  # noqa: SIM115
        folder.put("2.png", "b", lambda: b"two")
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        assert not folder.put("1.png", "a", never)
        assert folder.put("2.png", "b", lambda: b"two")


def test_pictures_with_and_without_blur_are_never_mixed(place: Any, tmp_path: Path) -> None:
    with PictureFolder(place.project, tmp_path / "plain", blurred=False) as folder:
        folder.put("1.png", "a", lambda: b"one")
    with pytest.raises(ExchangeError, match="not blurred"):
        PictureFolder(place.project, tmp_path / "plain", blurred=True)
    with PictureFolder(place.project, tmp_path / "blurred", blurred=True) as folder:
        folder.put("1.png", "a", lambda: b"one")
    with pytest.raises(ExchangeError, match="mixed"):
        PictureFolder(place.project, tmp_path / "blurred", blurred=False)


def test_two_exports_are_never_mixed(place: Any, tmp_path: Path) -> None:
    out, first = tmp_path / "out", {"set": "first", "kind of picture": "JPEG"}
    with PictureFolder(place.project, out, blurred=True, export={"set": "ended early"}):
        pass  # before its first picture: it holds nobody
    with PictureFolder(place.project, out, blurred=True, export=first) as folder:
        folder.put("1.jpg", "a", lambda: b"one")
    before = (out / LIST_NAME).read_bytes()
    for other, why in (
        ({**first, "set": "second"}, "its set is first, and not second"),
        ({**first, "kind of picture": "PNG"}, "its kind of picture is JPEG, and not PNG"),
        ({**first, "camera": "Gate"}, "its list names no camera, and not Gate"),
        ({"set": "first"}, "its kind of picture is JPEG\\."),
        (None, "its set is first\\."),
    ):
        with pytest.raises(ExchangeError, match=why) as refused:
            PictureFolder(place.project, out, blurred=True, export=other)
        assert "empty folder" in refused.value.way_out
    assert (out / LIST_NAME).read_bytes() == before
    with PictureFolder(place.project, out, blurred=True, export=first) as folder:
        assert not folder.put("1.jpg", "a", never)


def test_an_older_list_that_does_not_say_what_it_is_of_is_left_alone(place: Any, tmp_path: Path) -> None:
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        folder.put("1.png", "a", lambda: b"one")
    listed = tmp_path / "out" / LIST_NAME
    listed.write_text(listed.read_text().replace(', "export": {}', ""))
    with pytest.raises(ExchangeError, match="its list names no set"):
        PictureFolder(place.project, tmp_path / "out", blurred=True, export={"set": "first"})
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:  # frames never say
        assert not folder.put("1.png", "a", never)


def test_other_folders_are_left_alone(make_place: Callable[[str], Any], tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    with PictureFolder(there.project, tmp_path / "theirs", blurred=True) as folder:
        folder.put("1.png", "a", lambda: b"one")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("dear")
    (tmp_path / "file").write_text("no folder")
    for target in ("theirs", "full", "file", "here.files/inner", "."):
        with pytest.raises(ExchangeError):
            PictureFolder(here.project, tmp_path / target, blurred=True)
    with pytest.raises(ExchangeError, match="footage"):
        PictureFolder(here.project, Path("/footage/shots/out"), blurred=True)


@pytest.mark.parametrize("name", ["../1.png", "/1.png", "a/../../1.png", "", "link/1.png"])
def test_no_name_leads_out_of_the_folder(place: Any, tmp_path: Path, name: str) -> None:
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "out/link").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ExchangeError, match="outside"):
            folder.put(name, "a", lambda: b"one")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_two_pictures_of_one_name_are_refused(place: Any, tmp_path: Path) -> None:
    with PictureFolder(place.project, tmp_path / "out", blurred=True) as folder:
        folder.put("1.png", "a", lambda: b"one")
        with pytest.raises(ExchangeError, match="Two different"):
            folder.put("1.png", "b", lambda: b"two")
